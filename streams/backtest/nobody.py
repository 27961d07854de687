"""Identifiers of a log that name nobody: told, because each costs a person his history."""

from __future__ import annotations

from schemas.events import EventBase
from streams.identity.identifiers import Writing, normalise


class Nobody:
    """Counts values that identity cannot use."""

    def __init__(self, region: str) -> None:
        self._writing = Writing(region)
        self._help = {"email": "take the address out of a longer text with [patterns]"}
        if not region:
            self._help["phone"] = (
                'numbers without country code need `region`, for instance region = "FR"'
            )
        self._found: dict[str, tuple[int, str]] = {}

    def hear(self, event: EventBase) -> None:
        for one in event.identifiers:
            if normalise(one, self._writing) is None:
                count, first = self._found.get(one.kind, (0, one.value))
                self._found[one.kind] = count + 1, first

    def hints(self) -> list[str]:
        """A sentence for each kind."""
        return [
            f"{count} times an identifier of kind {kind} names nobody, the first is {first!r}"
            + (f": {self._help[kind]}." if kind in self._help else ".")
            for kind, (count, first) in self._found.items()
        ]
