"""Reads event logs in XES (IEEE 1849), the form of process mining: traces of events.

A row is an event.  Its columns are named as everybody names them who flattens such logs: the
event's keys as they are (`concept:name`, `time:timestamp`, `org:resource`), the trace's with
`case:` before them (`case:concept:name`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from xml.etree import ElementTree as ET

from streams.backtest.errors import MappingError
from streams.backtest.sparse import SparseLog, SparseRow, opened

SUFFIX = ".xes"
_VALUES = {"string", "date", "int", "float", "boolean", "id"}


class XesLog(SparseLog):
    """One file of XES; a trace at a time in memory."""

    def _found(self, refuse: Callable[[str], None] | None) -> Iterator[SparseRow]:
        with opened(self.path) as stream:
            try:
                parsing = ET.iterparse(stream, events=("start", "end"))  # noqa: S314 - below
                _, log = next(parsing)
                for when, element in parsing:
                    if when == "end" and _plain(element.tag) == "trace":
                        yield from _rows(element)
                        log.clear()  # what was read need not stay
            except ET.ParseError as error:
                # expat itself refuses entities that swell, and files outside are never read
                raise MappingError(f"{self.path} is no XES: {error}.") from error


def _rows(trace: ET.Element) -> Iterator[SparseRow]:
    of_case = {f"case:{key}": value for key, value in _attributes(trace)}
    for event in trace:
        if _plain(event.tag) == "event":
            yield SparseRow(of_case | dict(_attributes(event)))


def _attributes(element: ET.Element) -> Iterator[tuple[str, str]]:
    for child in element:
        key, value = child.get("key"), child.get("value")
        if _plain(child.tag) in _VALUES and key and value is not None:
            yield key, value.strip()


def _plain(tag: str) -> str:
    """Without its namespace."""
    return tag.rpartition("}")[2]
