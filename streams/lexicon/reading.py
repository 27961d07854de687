"""Reads a customer's words by the lexicon.

Small on purpose: it is there so that a very bad message is seen at once and a request has a topic
before anybody has sorted it.  What a vendor or an outside model says (`conversation.updated`) is
believed rather than this.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import msgspec

CHARACTERS = 2_000
"""Of a long text only the beginning is read."""

GUESS = "lexicon:"
"""Stands before a topic that the lexicon found: its names are ours, not those of any vendor's tags,
so it says nothing against one of theirs.
"""

_NEGATION_REACH = 2
_WORD = re.compile(r"[a-z0-9]+")
_APOSTROPHES = re.compile(r"(?<=n)['’](?=t\b)")
_STEM = 4


class Reading(msgspec.Struct, frozen=True):
    """What a text says.  `sentiment` from -1 (very bad) to 1, None when no word of it speaks;
    `topic` is empty when no topic's words, or those of several, stand in it.
    """

    topic: str = ""
    urgency: Literal["", "low", "high"] = ""
    sentiment: float | None = None

    def __bool__(self) -> bool:
        return bool(self.topic or self.urgency or self.sentiment is not None)


class _Phrase(msgspec.Struct, frozen=True):
    """Words in a row, each exact or a stem, and what they mean."""

    words: tuple[tuple[str, bool], ...]
    meaning: tuple[str, Any]

    def stands_at(self, words: list[str], place: int) -> bool:
        if place + len(self.words) > len(words):
            return False
        return all(
            words[place + n].startswith(text) if stem else words[place + n] == text
            for n, (text, stem) in enumerate(self.words)
        )


class Lexicon:
    """Phrases found by the beginning of their first word."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self.version = str(raw["version"])
        self._by_start: dict[str, list[_Phrase]] = {}
        for text in raw["negations"]:
            self._add(text, ("negation", None))
        for side, sign in (("good", 1), ("bad", -1)):
            for weight, texts in raw[side].items():
                for text in texts:
                    self._add(text, ("tone", sign * int(weight)))
        for group, table in (("urgency", raw["urgency"]), *raw["topic"].items()):
            for name, texts in table.items():
                for text in texts:
                    self._add(text, (group, name))
        for phrases in self._by_start.values():
            phrases.sort(key=lambda phrase: -len(phrase.words))

    def _add(self, text: str, meaning: tuple[str, Any]) -> None:
        words = tuple((word.rstrip("*"), word.endswith("*")) for word in text.split())
        if any(stem and len(word) < _STEM for word, stem in words):
            raise ValueError(f"{text!r}: a stem has {_STEM} letters or more")
        self._by_start.setdefault(words[0][0][:_STEM], []).append(_Phrase(words, meaning))

    def read(self, text: str) -> Reading:
        """Never raises. What is said twice counts twice."""
        words = _WORD.findall(_plain(text[:CHARACTERS]))
        found: dict[str, set[str]] = {"reason": set(), "thing": set(), "urgency": set()}
        good = bad = 0
        denied_until = -1
        for place, phrase in self._phrases(words):
            kind, value = phrase.meaning
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

    def _phrases(self, words: list[str]) -> Iterator[tuple[int, _Phrase]]:
        """From left to right, the longest at each place of each kind of meaning."""
        for place, word in enumerate(words):
            told: set[str] = set()
            for phrase in self._by_start.get(word[:_STEM], ()):
                if phrase.meaning[0] not in told and phrase.stands_at(words, place):
                    told.add(phrase.meaning[0])
                    yield place, phrase


def _only(names: set[str]) -> Any:
    return next(iter(names)) if len(names) == 1 else ""


def _sentiment(good: int, bad: int) -> float | None:
    """From -1 to 1; one mild word alone is no extreme."""
    if not good and not bad:
        return None
    return round((good - bad) / (max(good, bad) + 1.5), 2)


def _plain(text: str) -> str:
    """Lower case, no accents, `don't` as one word."""
    lower = _APOSTROPHES.sub("", text.lower())
    if lower.isascii():
        return lower
    return unicodedata.normalize("NFKD", lower).encode("ascii", "ignore").decode()


@cache
def lexicon() -> Lexicon:
    """The one that comes with this version."""
    return Lexicon(tomllib.loads((files(__package__) / "words.toml").read_text("utf-8")))
