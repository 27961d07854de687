"""What an agent promised in his own words: a call, an answer, a refund, and by when.

A hint for the next agent's screen, no more: a vendor or a tool that knows better says so by
`conversation.updated` with a `commitment`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

from schemas.events import Commitment
from streams.lexicon.phrases import Phrases, words_of

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SECONDS = {"minutes": 60, "hours": 3_600, "days": 86_400}
_LARGEST = 365
"""A larger number before a unit is no time that anybody waits for."""


class Promises:
    """The words of one version of the list."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self.version = str(raw["version"])
        self._not_before = frozenset(raw["not_before"]["words"])
        self._phrases = Phrases()
        for kind in ("what", "unit", "day"):
            for name, texts in raw[kind].items():
                for text in texts:
                    self._phrases.add(text, kind, (name, len(text.split())))

    def read(self, text: str, at_ms: int) -> Commitment | None:
        """The first thing promised in the text, and the first time named in it; None when nothing
        is.  A day means its end, in UTC.
        """
        words = words_of(text)
        what, due_ms = "", None
        for place, kind, (name, length) in self._phrases.found(words):
            if kind == "what" and not what:
                after = words[place + length : place + length + 1]
                if not self._not_before & set(after):
                    what = name
            elif kind == "unit" and due_ms is None and place and words[place - 1].isdecimal():
                if (number := int(words[place - 1])) <= _LARGEST:
                    due_ms = at_ms + number * _SECONDS[name] * 1_000
            elif kind == "day" and due_ms is None:
                due_ms = _end_of(name, at_ms)
        return Commitment(what, due_ms) if what else None  # type: ignore[arg-type]


def _end_of(day: str, at_ms: int) -> int:
    here = datetime.fromtimestamp(at_ms / 1_000, UTC)
    ahead = {"today": 0, "tomorrow": 1}.get(day)
    if ahead is None:
        ahead = (_DAYS.index(day) - here.weekday() - 1) % 7 + 1
    midnight = datetime(here.year, here.month, here.day, tzinfo=UTC)
    return round((midnight + timedelta(days=ahead + 1)).timestamp() * 1_000) - 1


@cache
def promises() -> Promises:
    """The list that comes with this version."""
    return Promises(tomllib.loads((files(__package__) / "promises.toml").read_text("utf-8")))
