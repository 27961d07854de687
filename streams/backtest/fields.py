"""Checks an `[[event]]` table against its event type, before the first row is read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, get_args

import msgspec
from msgspec import inspect

from schemas.events import Event, EventBase
from streams.backtest.errors import MappingError, unknown, unknown_key

EVENT_TYPES: Mapping[str, type[EventBase]] = {
    str(kind.__struct_config__.tag): kind for kind in get_args(Event)
}
_OURS = {"id", "domain", "time_ms", "recorded_ms", "customer", "probable", "members"}
"""Fields that the backtest or identity fills."""

_SHORT = {"conversation", "actor"}
"""Fields that may be written as one text."""

CONTROL = {"when", "time", "after_s", "key", "first_of", "last_of"}
"""Keys that say of which rows an event is made and how, and are none of its fields."""

PERSONAL = {"text", "note", "comment", "name", "subject"}


def check(spec: Mapping[str, Any]) -> None:
    """`spec` without its control keys. Raises `MappingError` for an unknown type, an unknown or a
    missing field, and a constant that the field does not allow.
    """
    name = str(spec["type"])
    if name not in EVENT_TYPES:
        raise MappingError(unknown("event type", name, EVENT_TYPES))
    info = inspect.type_info(EVENT_TYPES[name])
    assert isinstance(info, inspect.StructType)
    fields = {field.encode_name: field for field in info.fields if field.name not in _OURS}
    given = {key: value for key, value in spec.items() if key != "type"}
    for key, value in given.items():
        # A note that was written (`note = true`) and its text (`note = "…"`) have one name.
        if key in PERSONAL and isinstance(value, str):
            continue
        if key not in fields:
            known = {*fields, *PERSONAL, *CONTROL}
            raise MappingError(unknown_key(f"{name} field", key, known))
        if key not in _SHORT or not isinstance(value, str):
            _check(key, value, fields[key].type)
    if "actor" in given and isinstance(given["actor"], str):
        _check("actor", given["actor"].partition(":")[0], _kind_of_actor(fields["actor"].type))
    for key, field in fields.items():
        if field.required and key not in given and key not in {"source", "actor"}:
            raise MappingError(f"{name} needs `{key}`{_choices(field.type)}")


def _check(where: str, value: Any, wanted: inspect.Type) -> None:
    """Names of tables and constants; what templates give is known row by row only."""
    if isinstance(wanted, inspect.UnionType):
        wanted = next(one for one in wanted.types if not isinstance(one, inspect.NoneType))
    if isinstance(wanted, inspect.StructType) and isinstance(value, Mapping):
        parts = {field.encode_name: field.type for field in wanted.fields}
        for key, part in value.items():
            if key not in parts:
                raise MappingError(unknown(f"{where} field", key, parts))
            _check(f"{where}.{key}", part, parts[key])
    elif isinstance(wanted, (inspect.ListType, inspect.VarTupleType)) and isinstance(value, list):
        for item in value:
            _check(where, item, wanted.item_type)
    elif isinstance(wanted, inspect.LiteralType):
        constant = isinstance(value, str) and value and "{" not in value
        if constant and value not in wanted.values:
            raise MappingError(f"{where} cannot be {value!r}{_choices(wanted)}")


def _kind_of_actor(actor: inspect.Type) -> inspect.Type:
    assert isinstance(actor, inspect.StructType)
    return next(field.type for field in actor.fields if field.name == "kind")


def _choices(wanted: inspect.Type) -> str:
    if isinstance(wanted, inspect.UnionType):
        wanted = next(one for one in wanted.types if not isinstance(one, inspect.NoneType))
    if not isinstance(wanted, inspect.LiteralType):
        return ""
    return f"; it is one of {', '.join(map(str, wanted.values))}"


_PATH = re.compile(r"`\$\.(\w+)(?:\[\.\.\.\])?(?:\.(\w+))?`")
_MISSING = re.compile(r"missing required field `(\w+)`")


def explained(error: msgspec.ValidationError, kind: str) -> str:
    """A row's mistake, with what the field may be."""
    text = str(error)
    if found := _MISSING.search(text):
        return (
            f"{found.group(1)} came out empty, and {kind} needs it; what a map does not name is "
            'empty, unless it has "*"'
        )
    found = _PATH.search(text)
    wanted: inspect.Type | None = inspect.type_info(EVENT_TYPES[kind])
    for name in filter(None, found.groups() if found else ()):
        wanted = _part(wanted, name)
    return text + ("" if wanted is None else _choices(wanted))


def _part(wanted: inspect.Type | None, name: str) -> inspect.Type | None:
    if isinstance(wanted, inspect.UnionType):
        wanted = next(one for one in wanted.types if not isinstance(one, inspect.NoneType))
    if isinstance(wanted, (inspect.ListType, inspect.VarTupleType)):
        wanted = wanted.item_type
    if not isinstance(wanted, inspect.StructType):
        return None
    return next((field.type for field in wanted.fields if field.encode_name == name), None)
