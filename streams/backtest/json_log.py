"""Reads JSON as systems export it: a line an object, an array, or a document with an array in it.

Tables within tables are columns with dots (`contact.email`).  Of a list, texts and numbers are one
text with commas; of a list of objects the first and the last are `items.first.…` and
`items.last.…`, or each of them is a row (`[json]` `rows`).
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


class JsonForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[json]`: which list of an object is its rows, `messages` or `result.chats.messages`."""

    rows: str = ""


class JsonLog(SparseLog):
    """One file of JSON."""

    def __init__(self, path: Path, form: JsonForm, prefix: str = "") -> None:
        self._way = tuple(filter(None, form.rows.split(".")))
        self._met = not self._way
        super().__init__(path, prefix)
        if not self._met and self.columns:
            raise MappingError(f"[json]: no object in {path.name} has a list {form.rows!r}.")

    def _found(self, refuse: Callable[[str], None] | None) -> Iterator[SparseRow]:
        for where, item in _items(self.path, refuse):
            if not isinstance(item, dict):
                if refuse:
                    refuse(f"{self.path.name}, {where}: it is no object.")
                continue
            yield from self._rows(item, self._way, "", SparseRow())

    def _rows(
        self, item: Mapping[str, Any], way: Sequence[str], prefix: str, above: SparseRow
    ) -> Iterator[SparseRow]:
        """The rows of an object, each with what stands above it; one if it has no such list."""
        row = SparseRow(above)
        step = way[0] if way else None
        for name, value in item.items():
            if name != step:
                _flatten(f"{prefix}{name}", value, row, 0)
        below = item.get(step) if step is not None else None
        if isinstance(below, dict):
            below = [below]
        inner = [one for one in below if isinstance(one, dict)] if isinstance(below, list) else []
        self._met |= len(way) == 1 and isinstance(below, list)
        if not inner and row:
            yield row
        for one in inner:
            yield from self._rows(one, way[1:], f"{prefix}{step}.", row)


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
                _flatten(f"{name}.first", objects[0], row, depth + 1)
                _flatten(f"{name}.last", objects[-1], row, depth + 1)
        case _:
            row[name] = _text(value)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    return str(value).strip()
