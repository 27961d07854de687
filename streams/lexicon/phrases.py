"""Finds phrases in a text: an index by the beginning of their first word."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

import msgspec

CHARACTERS = 2_000
"""Of a long text only the beginning is read."""

_WORD = re.compile(r"[a-z0-9]+")
_APOSTROPHES = re.compile(r"(?<=n)['’](?=t\b)")
_STEM = 4


def words_of(text: str) -> list[str]:
    """Lower case, no accents, `don't` as one word."""
    lower = _APOSTROPHES.sub("", text[:CHARACTERS].lower())
    if not lower.isascii():
        lower = unicodedata.normalize("NFKD", lower).encode("ascii", "ignore").decode()
    return _WORD.findall(lower)


class _Phrase(msgspec.Struct, frozen=True):
    words: tuple[tuple[str, bool], ...]
    kind: str
    value: Any

    def stands_at(self, words: list[str], place: int) -> bool:
        if place + len(self.words) > len(words):
            return False
        return all(
            words[place + n].startswith(text) if stem else words[place + n] == text
            for n, (text, stem) in enumerate(self.words)
        )


class Phrases:
    """Words in a row, each exact or (with a star at its end) a stem, and what they mean."""

    def __init__(self) -> None:
        self._by_start: dict[str, list[_Phrase]] = {}

    def add(self, text: str, kind: str, value: Any) -> None:
        words = tuple((word.rstrip("*"), word.endswith("*")) for word in text.split())
        if any(stem and len(word) < _STEM for word, stem in words):
            raise ValueError(f"{text!r}: a stem has {_STEM} letters or more")
        phrases = self._by_start.setdefault(words[0][0][:_STEM], [])
        phrases.append(_Phrase(words, kind, value))
        phrases.sort(key=lambda phrase: -len(phrase.words))

    def found(self, words: list[str]) -> Iterator[tuple[int, str, Any]]:
        """(place, kind, value) from left to right; the longest at each place of each kind."""
        for place, word in enumerate(words):
            told: set[str] = set()
            for phrase in self._by_start.get(word[:_STEM], ()):
                if phrase.kind not in told and phrase.stands_at(words, place):
                    told.add(phrase.kind)
                    yield place, phrase.kind, phrase.value
