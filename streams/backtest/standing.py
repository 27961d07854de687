"""How many conclusions of each type stand at the end: neither retracted nor counted twice."""

from __future__ import annotations

from collections import Counter

from schemas.facts import FactBase

_GENERATION_MS = 45 * 86_400_000
"""No subject is said again so long after it was retracted: journeys are sealed by then."""


class Standing:
    """Counts subjects, of which only the retracted ones are remembered, for one or two
    generations of the log's time.
    """

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._retracted: set[int] = set()
        self._older: set[int] = set()
        self._since_ms = 0

    def hear(self, fact: FactBase) -> None:
        """Facts in the order of their publication."""
        kind = str(fact.__struct_config__.tag)
        if fact.state == "retracted":
            self.counts[kind] -= 1
            if fact.at_ms - self._since_ms > _GENERATION_MS:
                self._older, self._retracted = self._retracted, set()
                self._since_ms = fact.at_ms
            self._retracted.add(hash(fact.subject_id))
        elif fact.revision == 1 or self._again(hash(fact.subject_id)):
            self.counts[kind] += 1

    def _again(self, subject: int) -> bool:
        """Said again after it was retracted; a revision of what stands adds nothing."""
        for generation in (self._retracted, self._older):
            if subject in generation:
                generation.remove(subject)
                return True
        return False
