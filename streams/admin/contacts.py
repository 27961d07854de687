"""Contacts from a CSV file, as a CRM's word about who is who: through the log like everything else.

A column is an identifier when its heading is a kind (`phone`, `email`, `crm`, …) or is named so by
the caller; others are passed over.  Several values in a cell are separated by `|`.  With a `crm` or
`user` column a contact's rows are all that he has: what he had in an earlier file and has no more
is set free.  Without one, or with a value that cannot be read, a row only says that its identifiers
are one person's.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, get_args

import msgspec

from schemas.common import Actor, Identifier, IdentifierKind
from schemas.events import IdentityLinked
from streams.admin.topics import AdminError
from streams.engine.first_party import own_event
from streams.identity.found import MAX_IDENTIFIERS, OWN
from streams.identity.identifiers import Writing, normalise

KINDS: tuple[str, ...] = get_args(IdentifierKind)
_AGAIN = {"telephone": "phone", "mobile": "phone", "e-mail": "email", "mail": "email"}
_TOLD = re.compile(r"sep=(.)\r?\n")


class Row(msgspec.Struct, frozen=True):
    """What one contact's rows say.  `event` is None when that is nothing of use; `problems` are
    sentences.
    """

    event: IdentityLinked | None
    problems: tuple[str, ...] = ()


class _Line(NamedTuple):
    number: int
    found: tuple[Identifier, ...]
    problems: tuple[str, ...]


def rows(
    path: Path,
    domain: str,
    now_ms: int,
    writing: Writing,
    columns: Mapping[str, str],
    encoding: str = "",
) -> Iterator[Row]:
    """The whole file is read before the first is given: of one that breaks off nothing is sent.
    Raises `AdminError` when the file is no table of contacts.
    """
    lines = _lines(_text(path, encoding), path, writing, columns)
    return (_row(same, domain, now_ms) for same in _by_contact(lines))


def _text(path: Path, encoding: str) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise AdminError(f"{path} cannot be read: {error.strerror}.") from error
    marked = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    used = encoding or ("utf-16" if marked else "utf-8-sig")
    try:
        return raw.decode(used)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise AdminError(
            f"{path} cannot be read as CSV in {encoding or 'UTF-8'} (line {line}). Say which "
            "encoding it has: --encoding cp1252 is what Excel saves in Western Europe."
        ) from error
    except LookupError as error:
        raise AdminError(
            f"There is no encoding {encoding!r}; usual ones are utf-8, utf-16, cp1252."
        ) from error


def _lines(text: str, path: Path, writing: Writing, columns: Mapping[str, str]) -> list[_Line]:
    if not text.strip():
        raise AdminError(f"{path} is empty.")
    told = _TOLD.match(text)  # Excel's own word for its separator
    skipped = 1 if told else 0
    text = text[told.end() :] if told else text
    try:
        separators = told[1] if told else ",;\t"
        tables = [
            (one, next(csv.reader(io.StringIO(text), delimiter=one), [])) for one in separators
        ]
        delimiter, named = max(
            tables, key=lambda table: (sum(map(bool, _kinds(table[1], columns))), len(table[1]))
        )
        kinds = _kinds(named, columns)
        headings = [heading.strip() for heading in named]
        if strange := [name for name in columns if name not in headings]:
            raise AdminError(f"{path} has no column {strange[0]!r}; it has {headings}.")
        if not any(kinds):
            raise AdminError(
                f"{path} has no column of identifiers. Its first row must name some of "
                f"{', '.join(KINDS)}; or say which is which with --column NAME=KIND."
            )
        table = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        next(table)
        return [
            _line(table.line_num + skipped, kinds, cells, writing)
            for cells in table
            if any(cell.strip() for cell in cells)
        ]
    except csv.Error as error:
        raise AdminError(f"{path} cannot be read as CSV: {error}.") from error


def _kinds(headings: list[str], columns: Mapping[str, str]) -> list[str]:
    return [_kind(heading.strip(), columns) for heading in headings]


def _kind(name: str, columns: Mapping[str, str]) -> str:
    if name in columns:
        return columns[name]
    plain = name.lower()
    return plain if plain in KINDS else _AGAIN.get(plain, "")


def _line(number: int, kinds: list[str], cells: list[str], writing: Writing) -> _Line:
    if any(cell.strip() for cell in cells[len(kinds) :]):
        # Whatever stands behind a separator too many would be taken for something else.
        problem = f"Line {number}: {len(cells)} cells under {len(kinds)} headings; quote those "
        return _Line(number, (), (problem + "that hold a separator.",))
    found = []
    problems = []
    for kind, cell in zip(kinds, cells, strict=False):
        for value in filter(None, (part.strip() for part in cell.split("|"))) if kind else ():
            one = normalise(Identifier(kind, value, "curated"), writing)  # type: ignore[arg-type]
            if one is None:
                hint = _hint(kind, value, writing)
                problems.append(f"Line {number}: {value!r} is no {kind}{hint}.")
            else:
                found.append(one)
    found.sort(key=lambda one: one.kind not in OWN)
    return _Line(number, tuple(found), tuple(problems))


def _by_contact(lines: Iterable[_Line]) -> Iterable[list[_Line]]:
    """Rows with the same contact's id say together what he has: many a CRM has a row a number."""
    groups: dict[Identifier | int, list[_Line]] = {}
    for line in lines:
        own = line.found[0] if line.found and line.found[0].kind in OWN else None
        groups.setdefault(own or line.number, []).append(line)
    return groups.values()


def _row(lines: list[_Line], domain: str, now_ms: int) -> Row:
    found = sorted(
        dict.fromkeys(one for line in lines for one in line.found),
        key=lambda one: one.kind not in OWN,
    )
    problems = [problem for line in lines for problem in line.problems]
    where = "Line" if len(lines) == 1 else "Lines"
    where += f" {', '.join(str(line.number) for line in lines)}"
    if len(found) > MAX_IDENTIFIERS:
        problems.append(f"{where}: more than {MAX_IDENTIFIERS} identifiers is no person.")
        return Row(None, tuple(problems))
    # A slip of the pen in a row must not take away what the contact had.
    contact = bool(found) and found[0].kind in OWN and not problems
    if not contact and len(found) < 2:
        problems.append(f"{where}: fewer than two identifiers, which links nothing.")
        return Row(None, tuple(problems))
    said = "\x00".join(f"{one.kind}={one.value}" for one in found)
    event = own_event(
        IdentityLinked, domain, now_ms, Actor("system"),
        id=hashlib.sha256(f"{domain}\x00{said}".encode()).hexdigest()[:22],
        identifiers=tuple(found), rel="contact" if contact else "same", by="crm",
    )  # fmt: skip
    return Row(event, tuple(problems))


def _hint(kind: str, value: str, writing: Writing) -> str:
    bare = kind == "phone" and not value.startswith(("+", "00")) and not writing.region
    return " with a country code; say --region" if bare else ""


def columns_of(pairs: Iterable[str]) -> dict[str, str]:
    """`NAME=KIND` each. Raises `AdminError`."""
    found = {}
    for pair in pairs:
        name, _, kind = pair.rpartition("=")
        if not name or kind not in KINDS:
            raise AdminError(f"--column {pair!r} must be NAME=KIND, a kind of {', '.join(KINDS)}.")
        found[name.strip()] = kind
    return found
