"""Reads JSON as systems export it: a line an object, an array, or a document with an array in it.

Tables within tables are columns with dots (`contact.email`).  Of a list, texts and numbers are one
text with commas; of a list of objects the first and the last are `items.first.…` and
`items.last.…`, or each of them is a row (`[json]` `rows`).  Those that are a name and a `value`
are columns by their names, wherever in the list they stand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import msgspec

from streams.backtest.errors import MappingError
from streams.backtest.sparse import BROKEN, SparseLog, SparseRow, opened

SUFFIXES = (".json", ".jsonl", ".ndjson")
LINES = (".jsonl", ".ndjson")

_decode = msgspec.json.decode
_DEPTH = 40
_NAMES = ("key", "name", "id")


class JsonForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[json]`: which list of an object is its rows, `messages` or `result.chats.messages`; or
    several, one after the other.
    """

    rows: str | list[str] = ""


class JsonLog(SparseLog):
    """One file of JSON."""

    def __init__(self, path: Path, form: JsonForm, prefix: str = "") -> None:
        lists = form.rows if isinstance(form.rows, list) else [form.rows]
        self._ways = [tuple(filter(None, one.split("."))) for one in lists] or [()]
        self._unmet = set(self._ways) - {()}
        super().__init__(path, prefix)
        for way in self._unmet:
            raise MappingError(f"[json]: no object in {path.name} has a list {'.'.join(way)!r}.")

    def _found(self, refuse: Callable[[str], None] | None) -> Iterator[SparseRow]:
        for where, item in _items(self.path, refuse):
            if not isinstance(item, dict):
                if refuse:
                    refuse(f"{self.path.name}, {where}: it is no object.")
                continue
            found = [row for way in self._ways for row in self._rows(item, way, 0, SparseRow())]
            if found:
                yield from found
            else:  # it has no such lists, or empty ones
                yield from self._rows(item, (), 0, SparseRow())

    def _rows(
        self, item: Mapping[str, Any], way: Sequence[str], depth: int, above: SparseRow
    ) -> Iterator[SparseRow]:
        """The rows at the end of the way, each with what stands above it."""
        row = SparseRow(above)
        prefix = "".join(f"{step}." for step in way[:depth])
        step = way[depth] if depth < len(way) else None
        for name, value in item.items():
            if name != step:
                _flatten(f"{prefix}{name}", value, row, 0)
        if step is None:
            if row:
                yield row
            return
        below = item.get(step)
        if isinstance(below, dict):
            below = [below]
        if not isinstance(below, list):
            return
        if depth + 1 == len(way):
            self._unmet.discard(tuple(way))
        for one in below:
            if isinstance(one, dict):
                yield from self._rows(one, way, depth + 1, row)


def _items(path: Path, refuse: Callable[[str], None] | None) -> Iterator[tuple[str, Any]]:
    """What the file holds, one after the other, with the place where it stands."""
    with opened(path) as stream:
        if path.name.removesuffix(".gz").endswith(LINES):
            yield from _lines(path, stream, refuse)
            return
        text = stream.read().removeprefix(b"\xef\xbb\xbf")
        try:
            whole = _decode(text)
        except BROKEN as error:
            # Lines of objects are often called .json too.
            if b"\n" not in text.strip() or b"trailing" not in str(error).encode():
                raise MappingError(f"{path} is no JSON in UTF-8: {error}.") from error
            yield from _lines(path, text.split(b"\n"), refuse)
            return
    items = whole if isinstance(whole, list) else [whole]
    yield from ((f"item {number}", item) for number, item in enumerate(items, 1))


def _lines(
    path: Path, lines: IO[bytes] | list[bytes], refuse: Callable[[str], None] | None
) -> Iterator[tuple[str, Any]]:
    for number, line in enumerate(lines, 1):
        if not (plain := line.removeprefix(b"\xef\xbb\xbf").strip()):
            continue
        try:
            yield f"line {number}", _decode(plain)
        except BROKEN as error:
            if refuse:
                refuse(f"{path.name}, line {number}: {str(error).rstrip('.')}.")


def _flatten(name: str, value: Any, row: SparseRow, depth: int) -> None:
    """`value` as columns of `row`; what is too deep is none."""
    if depth > _DEPTH:
        return
    match value:
        case dict():
            for key, part in value.items():
                _flatten(f"{name}.{key}", part, row, depth + 1)
        case list():
            plain = [_text(one) for one in value if not isinstance(one, (dict, list))]
            if plain:
                row[name] = ", ".join(plain)
            if objects := [one for one in value if isinstance(one, dict)]:
                for one in objects:
                    if "value" in one and (key := _named(one)):
                        _flatten(f"{name}.{key}", one["value"], row, depth + 1)
                _flatten(f"{name}.first", objects[0], row, depth + 1)
                _flatten(f"{name}.last", objects[-1], row, depth + 1)
        case _:
            row[name] = _text(value)


def _named(item: Mapping[str, Any]) -> str:
    """What a parameter, custom field or attribute is called; nothing if it is none."""
    for part in _NAMES:
        if isinstance(found := item.get(part), (str, int)) and not isinstance(found, bool):
            return str(found)
    return ""


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    return str(value).strip()
