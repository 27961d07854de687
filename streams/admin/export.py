"""Cycles as rows of a CSV file, from the facts in topic `journeys`, or in a backtest's file.

A fact may be revised long after it was first said, so the last revision of each is kept until all
has been read: in a temporary file, since there are more of them than memory should hold.
"""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec

from schemas.cloudevents import decode_fact
from schemas.facts import Fact
from streams.admin.reading import read
from streams.admin.topics import AdminError
from streams.kpis.rows import COLUMNS, rows
from streams.settings import Settings

_PORTION = 10_000
_SCHEMA = """
CREATE TABLE facts (subject TEXT PRIMARY KEY, revision INT, journey TEXT, raw BLOB) WITHOUT ROWID
"""
_KEEP = """
INSERT INTO facts VALUES (?, ?, ?, ?) ON CONFLICT (subject) DO UPDATE
SET revision = excluded.revision, journey = excluded.journey, raw = excluded.raw
WHERE excluded.revision >= revision
"""
_decode = msgspec.json.Decoder(Fact).decode
_encode = msgspec.json.Encoder().encode


def from_topic(settings: Settings) -> Iterator[Fact]:
    """All that was ever said.  Raises `AdminError`."""
    for message in read(settings, settings.topics.journeys):
        if message.value() is not None:
            yield decode_fact(message.value())


def from_file(path: Path) -> Iterator[Fact]:
    """Facts as `filrouge backtest --facts` writes them.  Raises `AdminError`."""
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    yield _decode(line)
                except msgspec.DecodeError as error:
                    raise AdminError(
                        f"Line {number} of {path} is no fact as `filrouge backtest --facts` writes "
                        f"them: {error}."
                    ) from error
    except OSError as error:
        raise AdminError(f"{path} cannot be read: {error.strerror}.") from error


def cycles(
    facts: Iterable[Fact], since_ms: int, until_ms: int, domain: str = ""
) -> Iterator[dict[str, Any]]:
    """A row for each cycle that began from `since_ms` up to (without) `until_ms`, of one domain or
    of all, those of a journey together.
    """
    with closing(sqlite3.connect("")) as disk:  # a file of its own that goes with the connection
        disk.execute("PRAGMA journal_mode = OFF")
        disk.execute(_SCHEMA)
        portion: list[tuple[str, int, str, bytes]] = []
        for fact in facts:
            portion.append((fact.subject_id, fact.revision, fact.journey, _encode(fact)))
            if len(portion) >= _PORTION:
                disk.executemany(_KEEP, portion)
                portion.clear()
        disk.executemany(_KEEP, portion)
        kept = disk.execute("SELECT journey, raw FROM facts ORDER BY journey")
        for _, mine in groupby(kept, key=lambda row: row[0]):
            for begun_ms, row in rows(_decode(raw) for _, raw in mine):
                if since_ms <= begun_ms < until_ms and domain in {"", row["domain"]}:
                    yield row


def write(found: Iterable[dict[str, Any]], path: Path) -> int:
    """A CSV in UTF-8 with a head, there once it is whole; returns how many rows.  Raises
    `AdminError`.
    """
    begun = path.with_name(f"{path.name}.part")
    count = 0
    try:
        with begun.open("w", encoding="utf-8", newline="") as out:
            table = csv.DictWriter(out, COLUMNS)
            table.writeheader()
            for row in found:
                table.writerow(row)
                count += 1
        begun.replace(path)
    except OSError as error:
        raise AdminError(f"{path} cannot be written: {error.strerror}.") from error
    finally:
        begun.unlink(missing_ok=True)
    return count
