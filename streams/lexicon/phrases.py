"""Finds phrases in a text: an index by the beginning of their first word."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import msgspec

CHARACTERS = 2_000
"""Of a long text only the beginning is read."""

_WORD = re.compile(r"[a-z0-9]+")
_APOSTROPHES = re.compile(r"(?<=n)['’](?=t\b)")
_STEM = 4
_WORDS_KEPT = 16_384
"""Two languages' everyday words, and what people mistype."""


def words_of(text: str) -> list[str]:
    """Lower case, no accents, `don't` as one word."""
    lower = text[:CHARACTERS].lower()
    if "'" in lower or "’" in lower:
        lower = _APOSTROPHES.sub("", lower)
    if not lower.isascii():
        lower = unicodedata.normalize("NFKD", lower).encode("ascii", "ignore").decode()
    return _WORD.findall(lower)


class _Phrase(msgspec.Struct, frozen=True):
    words: tuple[tuple[str, bool], ...]
    kind: str
    value: Any

    def goes_on(self, words: list[str], place: int) -> bool:
        """Its first word stands at `place`: do the others follow?"""
        if place + len(self.words) > len(words):
            return False
        for n, (text, stem) in enumerate(self.words):
            if n and not _is(words[place + n], text, stem):
                return False
        return True


def _is(word: str, text: str, stem: bool) -> bool:
    return word.startswith(text) if stem else word == text


class Phrases:
    """Words in a row, each exact or (with a star at its end) a stem, and what they mean."""

    def __init__(self) -> None:
        self._by_start: dict[str, list[_Phrase]] = {}
        self._beginning_with = lru_cache(maxsize=_WORDS_KEPT)(self._beginnings)

    def add(self, text: str, kind: str, value: Any) -> None:
        words = tuple((word.rstrip("*"), word.endswith("*")) for word in text.split())
        if any(stem and len(word) < _STEM for word, stem in words):
            raise ValueError(f"{text!r}: a stem has {_STEM} letters or more")
        phrases = self._by_start.setdefault(words[0][0][:_STEM], [])
        phrases.append(_Phrase(words, kind, value))
        phrases.sort(key=lambda phrase: -len(phrase.words))
        self._beginning_with.cache_clear()

    def _beginnings(self, word: str) -> tuple[_Phrase, ...]:
        """Whose first word this is.  Most words begin none, and people use the same ones."""
        phrases = self._by_start.get(word[:_STEM], ())
        return tuple(phrase for phrase in phrases if _is(word, *phrase.words[0]))

    def found(self, words: list[str]) -> Iterator[tuple[int, str, Any]]:
        """(place, kind, value) from left to right; the longest at each place of each kind."""
        for place, phrases in enumerate(map(self._beginning_with, words)):
            if not phrases:
                continue
            told: list[str] = []
            for phrase in phrases:
                if phrase.kind not in told and phrase.goes_on(words, place):
                    told.append(phrase.kind)
                    yield place, phrase.kind, phrase.value
