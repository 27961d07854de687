"""Is it nothing but a thank-you? Then it asks for nothing (policy `courtesy`)."""

from __future__ import annotations

from streams.lexicon.phrases import words_of

_THANKS = frozenset({"thanks", "thank", "thx", "ty", "cheers", "merci", "remercie"})
_BESIDE = frozenset(
    {
        "a", "again", "all", "and", "bye", "day", "everything", "for", "good", "goodbye", "great",
        "have", "help", "is", "it", "lot", "many", "much", "nice", "ok", "okay", "perfect", "so",
        "super", "that", "the", "too", "very", "was", "works", "you", "your",
        "aide", "au", "beaucoup", "bien", "bon", "bonne", "c", "cordialement", "est", "et", "fin",
        "d", "de", "accord", "encore", "infiniment", "je", "journee", "l", "mille", "parfait",
        "pour", "revoir", "soiree", "te", "tous", "tout", "toi", "ton", "votre", "vous",
    }
)  # fmt: skip
_LONGEST = 100
"""Characters; more is more than a thank-you."""


def is_thanks(text: str) -> bool:
    """A short text in which a thank-you stands, and no word that says anything else."""
    if not text or len(text) > _LONGEST or "?" in text:
        return False
    words = set(words_of(text))
    return not words.isdisjoint(_THANKS) and words <= _THANKS | _BESIDE
