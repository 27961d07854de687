"""Contacts from a CSV file, as a CRM's word about who is who: through the log like everything else.

A column is an identifier when its heading is a kind (`phone`, `email`, `crm`, …) or is named so by
the caller; others are passed over.  Several values in a cell are separated by `|`.  With a `crm` or
`user` column a row is all that this contact has: what he had in an earlier file and has no more is
set free.  Without one, or with a value that cannot be read, a row only says that its identifiers
are one person's.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import get_args

import msgspec

from schemas.common import Actor, Identifier, IdentifierKind
from schemas.events import IdentityLinked
from streams.admin.topics import AdminError
from streams.engine.first_party import own_event
from streams.identity.found import MAX_IDENTIFIERS, OWN
from streams.identity.identifiers import Writing, normalise

KINDS: tuple[str, ...] = get_args(IdentifierKind)
_AGAIN = {"telephone": "phone", "mobile": "phone", "e-mail": "email", "mail": "email"}


class Row(msgspec.Struct, frozen=True):
    """`event` is None when the row says nothing of use; `problems` are sentences."""

    event: IdentityLinked | None
    problems: tuple[str, ...] = ()


def rows(
    path: Path, domain: str, now_ms: int, writing: Writing, columns: Mapping[str, str]
) -> Iterator[Row]:
    """Raises `AdminError` when the file is no table of contacts."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            head = file.readline()
            if not head.strip():
                raise AdminError(f"{path} is empty.")
            delimiter = max(",;\t", key=head.count)
            file.seek(0)
            table = csv.reader(file, delimiter=delimiter)
            headings = [heading.strip() for heading in next(table)]
            if strange := [name for name in columns if name not in headings]:
                raise AdminError(f"{path} has no column {strange[0]!r}; it has {headings}.")
            kinds = [_kind(name, columns) for name in headings]
            if not any(kinds):
                raise AdminError(
                    f"{path} has no column of identifiers. Its first row must name some of "
                    f"{', '.join(KINDS)}; or say which is which with --column NAME=KIND."
                )
            for cells in table:
                if any(cell.strip() for cell in cells):
                    yield _row(table.line_num, kinds, cells, domain, now_ms, writing)
    except OSError as error:
        raise AdminError(f"{path} cannot be read: {error.strerror}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise AdminError(f"{path} cannot be read as CSV in UTF-8: {error}.") from error


def _kind(name: str, columns: Mapping[str, str]) -> str:
    if name in columns:
        return columns[name]
    plain = name.lower()
    return plain if plain in KINDS else _AGAIN.get(plain, "")


def _row(
    line: int, kinds: list[str], cells: list[str], domain: str, now_ms: int, writing: Writing
) -> Row:
    found: list[Identifier] = []
    problems = []
    for kind, cell in zip(kinds, cells, strict=False):
        for value in filter(None, (part.strip() for part in cell.split("|"))) if kind else ():
            one = normalise(Identifier(kind, value, "curated"), writing)  # type: ignore[arg-type]
            if one is None:
                hint = _hint(kind, value, writing)
                problems.append(f"Line {line}: {value!r} is no {kind}{hint}.")
            else:
                found.append(one)
    found.sort(key=lambda one: one.kind not in OWN)
    if len(found) > MAX_IDENTIFIERS:
        problems.append(f"Line {line}: more than {MAX_IDENTIFIERS} identifiers is no person.")
        return Row(None, tuple(problems))
    # A slip of the pen in a row must not take away what the contact had.
    contact = bool(found) and found[0].kind in OWN and not problems
    if not contact and len(found) < 2:
        problems.append(f"Line {line}: fewer than two identifiers, which links nothing.")
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
