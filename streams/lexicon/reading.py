"""Reads a customer's words by the lexicon.

Small on purpose: it is there so that a very bad message is seen at once and a request has a topic
before anybody has sorted it.  What a vendor or an outside model says (`conversation.updated`) is
believed rather than this.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import msgspec

from streams.lexicon.phrases import Phrases, words_of

GUESS = "lexicon:"
"""Stands before a topic that the lexicon found: its names are ours, not those of any vendor's tags,
so it says nothing against one of theirs.
"""

_NEGATION_REACH = 2


class Reading(msgspec.Struct, frozen=True):
    """What a text says.  `sentiment` from -1 (very bad) to 1, None when no word of it speaks;
    `topic` is empty when no topic's words, or those of several, stand in it.
    """

    topic: str = ""
    urgency: Literal["", "low", "high"] = ""
    sentiment: float | None = None

    def __bool__(self) -> bool:
        return bool(self.topic or self.urgency or self.sentiment is not None)


_NOTHING = Reading()


class Lexicon:
    """The words of one version of the list."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self.version = str(raw["version"])
        self._phrases = Phrases()
        for text in raw["negations"]:
            self._phrases.add(text, "negation", None)
        for side, sign in (("good", 1), ("bad", -1)):
            for weight, texts in raw[side].items():
                for text in texts:
                    self._phrases.add(text, "tone", sign * int(weight))
        for group, table in (("urgency", raw["urgency"]), *raw["topic"].items()):
            for name, texts in table.items():
                for text in texts:
                    self._phrases.add(text, group, name)

    def read(self, text: str) -> Reading:
        """Never raises. What is said twice counts twice."""
        told = list(self._phrases.found(words_of(text)))
        if not told:
            return _NOTHING
        found: dict[str, set[str]] = {"reason": set(), "thing": set(), "urgency": set()}
        good = bad = 0
        denied_until = -1
        for place, kind, value in told:
            if kind == "negation":
                denied_until = place + _NEGATION_REACH
            elif kind in found:
                found[kind].add(value)
            else:
                weight = -value if place <= denied_until else value
                good += max(weight, 0)
                bad += max(-weight, 0)
        return Reading(
            topic=_only(found["reason"] or found["thing"]),
            urgency="low" if "low" in found["urgency"] else _only(found["urgency"]),
            sentiment=_sentiment(good, bad),
        )


def _only(names: set[str]) -> Any:
    return next(iter(names)) if len(names) == 1 else ""


def _sentiment(good: int, bad: int) -> float | None:
    """From -1 to 1; one mild word alone is no extreme."""
    if not good and not bad:
        return None
    return round((good - bad) / (max(good, bad) + 1.5), 2)


@cache
def lexicon() -> Lexicon:
    """The one that comes with this version."""
    return Lexicon(tomllib.loads((files(__package__) / "words.toml").read_text("utf-8")))
