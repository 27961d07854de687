"""What of a sender's table fits no field of its type, and which words a field takes.

A decoder passes over what it does not know: a misspelt field would be lost without a word.
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Literal, get_args, get_origin

import msgspec

_STEP = re.compile(r"[\w-]+")
_NO_FIELD: Mapping[str, Any] = {}


def strangers(value: Any, kind: type[msgspec.Struct]) -> list[str]:
    """Places of fields that the type does not have, each once: `text`, `to.agents`, `refs.why`."""
    found: dict[str, None] = {}
    _walk(value, _shape(kind), "", found)
    return list(found)


def _walk(value: Any, shape: Mapping[str, Any], place: str, found: dict[str, None]) -> None:
    for name, part in value.items():
        within = shape.get(name, _NO_FIELD)
        if within is None:
            continue
        if within is _NO_FIELD:
            found[f"{place}{name}"] = None
        elif type(part) is dict:
            _walk(part, within, f"{place}{name}.", found)
        elif type(part) is list:
            for item in part:
                if type(item) is dict:
                    _walk(item, within, f"{place}{name}.", found)


def misfits(value: Any, kind: Any, place: str = "") -> Iterator[str]:
    """Places of objects of whose fields the type has none: `to` of `{"to": {"agents": "7"}}`."""
    if isinstance(value, list):
        for item in value:
            yield from misfits(item, kind, place)
    elif isinstance(value, dict) and isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        known = _hints(kind)
        if value and known.keys().isdisjoint(value):
            yield place
        for name in known.keys() & value.keys():
            yield from misfits(value[name], known[name], f"{place}.{name}" if place else name)


@cache
def _shape(kind: type[msgspec.Struct]) -> Mapping[str, Mapping[str, Any] | None]:
    """Name on the wire → the shape of the table that stands there, None for all else."""
    tag = kind.__struct_config__.tag_field
    shape: dict[str, Mapping[str, Any] | None] = {tag: None} if tag else {}
    for name, hint in _hints(kind).items():
        is_table = isinstance(hint, type) and issubclass(hint, msgspec.Struct)
        shape[name] = _shape(hint) if is_table else None
    return shape


@cache
def _hints(kind: type[msgspec.Struct]) -> Mapping[str, Any]:
    """Name on the wire → type, without `None` and without limits of a number."""
    hints = typing.get_type_hints(kind)
    return {f.encode_name: _bare(hints[f.name]) for f in msgspec.structs.fields(kind)}


def _bare(hint: Any) -> Any:
    """The one type that counts: of `X | None`, of a tuple's items."""
    if get_origin(hint) in (types.UnionType, typing.Union):
        return _bare(next(part for part in get_args(hint) if part is not types.NoneType))
    return _bare(get_args(hint)[0]) if get_origin(hint) is tuple else hint


def words(kind: type[msgspec.Struct], place: str) -> tuple[str, ...]:
    """What may stand at `$.identifiers[0].kind` and the like; empty where anything may."""
    found: Any = kind
    for step in _STEP.findall(re.sub(r"\[[^\]]*\]", "", place)):
        known = isinstance(found, type) and issubclass(found, msgspec.Struct)
        found = _hints(found).get(step) if known else None
    return get_args(found) if get_origin(found) is Literal else ()
