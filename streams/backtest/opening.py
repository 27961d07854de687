"""What stands behind a figure: the entries that it is the sum of, down to the log's own threads."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec

from schemas.facts import ConversationAttached, FactBase
from streams.backtest.errors import MappingError, unknown
from streams.fold import Ledger
from streams.kpis.cells import DIMENSIONS
from streams.kpis.definitions import BY_NAME

_decode = msgspec.json.decode


class Opening:
    """The entries of some KPIs, and which conversations each journey holds.  In memory.
    Raises `MappingError` for a KPI that does not exist.
    """

    def __init__(self, kpis: Collection[str]) -> None:
        for name in kpis:
            if name not in BY_NAME:
                raise MappingError(f"{unknown('KPI', name, BY_NAME)}.")
        self._entries: dict[str, dict[str, tuple[int, bytes]]] = {name: {} for name in kpis}
        self._threads: dict[str, tuple[str, str]] = {}
        """Subject → the journey and its conversation."""

    def entry(self, ledger: Ledger) -> None:
        """What a fact adds to a figure, or takes out of it."""
        _, kpi, subject = ledger.entry.split("|", 2)
        if (entries := self._entries.get(kpi)) is None:
            return
        if ledger.value is None:
            entries.pop(subject, None)
        else:
            entries[subject] = ledger.at_ms, ledger.value

    def fact(self, fact: FactBase) -> None:
        """Which conversation belongs to which journey."""
        if not isinstance(fact, ConversationAttached):
            return
        if fact.state == "retracted":
            self._threads.pop(fact.subject_id, None)
        else:
            self._threads[fact.subject_id] = fact.journey, fact.conversation.id

    def entries(self) -> dict[str, list[dict[str, Any]]]:
        """By KPI, in order of time: `subject_id`, `at_ms`, `journey`, `cycle`, `conversations` (the
        ids that the log has), `dims`, and `parts`: `n`, `hit`, `sum`, `pending`, as far as it has
        them. Each part's sum over all entries is the figure's.
        """
        threads: dict[str, list[str]] = {}
        for journey, conversation in self._threads.values():
            threads.setdefault(journey, []).append(conversation)
        return {
            kpi: [
                _told(subject, at_ms, _decode(line), threads)
                for subject, (at_ms, line) in sorted(found.items(), key=lambda item: item[1][0])
            ]
            for kpi, found in self._entries.items()
        }


def _told(
    subject: str, at_ms: int, line: dict[str, Any], threads: dict[str, list[str]]
) -> dict[str, Any]:
    dims = {name: value for name, value in zip(DIMENSIONS, line["dims"], strict=True) if value}
    parts = {part: amount for part, amount in line["parts"] if not part.startswith("b")}
    return {
        "subject_id": subject,
        "at_ms": at_ms,
        "journey": line["journey"],
        "cycle": line["cycle"],
        "conversations": threads.get(line["journey"], []),
        "dims": dims,
        "parts": parts,
    }
