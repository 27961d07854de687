"""The mapping file: its tables, and what is wrong with them.

TOML; `docs/backtest.md` is its manual and `examples/` has worked ones.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec

from streams.backtest.errors import MappingError, unknown_key
from streams.backtest.join import JoinSpec
from streams.backtest.json_log import JsonForm
from streams.backtest.rows import CsvForm
from streams.backtest.sessions import SessionSpec
from streams.backtest.template import Named, Row
from streams.backtest.tree import TreeSpec


class MappingFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file's tables. `event` and `figure` are lists of tables."""

    source: str
    files: list[str] = []
    """Patterns of the names of the files that it is for; needed when there are several mappings."""
    common: dict[str, Any] = {}
    """What every `[[event]]` has that does not say otherwise."""
    event: list[dict[str, Any]] = []
    figure: list[dict[str, Any]] = []
    skip: list[dict[str, Any]] = []
    csv: CsvForm = CsvForm()
    missing: list[str] = []
    drop_repeated: bool = False
    """Rows that equal an earlier one in every column are left out."""
    tree: TreeSpec | None = None
    sessions: SessionSpec | None = None
    time: dict[str, Any] = {}
    maps: dict[str, dict[str, str]] = {}
    patterns: dict[str, str] = {}
    """Name → what a filter of that name takes out of a text: a regex."""
    join: dict[str, JoinSpec] = {}
    region: str = ""
    """Where phone numbers without country code are from (ISO 3166, such as FR)."""
    json: JsonForm = JsonForm()
    policy: dict[str, Any] = {}
    domain: str = "history"

    @property
    def named(self) -> Named:
        """The filters that it defines."""
        found: dict[str, Row | re.Pattern[str]] = dict(self.maps)
        for name, text in self.patterns.items():
            try:
                found[name] = re.compile(text)
            except re.error as error:
                raise MappingError(f"[patterns]: the regex {name!r} is wrong: {error}.") from error
        return found


def load(path: Path) -> MappingFile:
    """Raises `MappingError` with what is wrong and where."""
    try:
        return msgspec.toml.decode(path.read_bytes(), type=MappingFile)
    except OSError as error:
        raise MappingError(f"The mapping {path} cannot be read: {error.strerror}.") from error
    except msgspec.ValidationError as error:
        raise MappingError(f"The mapping {path}: {_wrong_key(error)}.") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MappingError(f"The mapping {path} is not TOML: {error}.") from error


_KEY = re.compile(r"unknown field `(.+?)`(?: - at `\$\.(\w+)(?:\[\.\.\.\])?(?:\.(\w+))?`)?")


def _wrong_key(error: msgspec.ValidationError) -> str:
    """A key that is none, with those that there are; other mistakes as msgspec tells them."""
    if (found := _KEY.search(str(error))) is None:
        return str(error).replace("`$.", "`")
    key, *tables = found.groups()
    place = next((name for name in reversed(tables) if name), "")
    fields = {"": MappingFile, "csv": CsvForm, "tree": TreeSpec, "sessions": SessionSpec}
    fields |= {"join": JoinSpec, "json": JsonForm}
    where = f"key in [{place}]" if place else "such table or key"
    return unknown_key(where, key, fields.get(place, MappingFile).__struct_fields__)
