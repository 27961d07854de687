"""docs/events.md from the types: `python -m schemas.page [--check]`."""

from __future__ import annotations

import sys
import types
import typing
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import msgspec

from schemas.common import Actor, ConversationRef, Identifier, Party, Ref
from schemas.events import Event, EventBase
from schemas.facts import Fact, FactBase
from schemas.kept import kept
from schemas.notification import DeliveryAttempted, Notification

PAGE = Path(__file__).parents[1] / "docs" / "events.md"

_HEAD = """# Events, facts, notifications: the contract

Made from the types in `schemas/` by `make schemas`; a test fails when it differs. The same as JSON Schema 2020-12:
`schemas/json/`.

On the wire each is one CloudEvent 1.0 in structured JSON (`content-type: application/cloudevents+json`); the attribute
`type` has the prefix `filrouge.`; `data` is complete by itself. Times are milliseconds since the epoch (`*_ms`). All
personal data of an event stand in `personal` (`text`, `name`, `note`, `comment`, `subject`) and `identifiers`, nowhere else; facts hold
none.

| topic | key | what |
|---|---|---|
| `webhooks` | domain | raw signed bodies |
| `events` | customer | canonical events |
| `journeys` | customer | facts |
| `context` | customer | what an agent must see, with excerpts |
| `notifications` | collapse key | notices, and what became of attempts to deliver them |
| `dead-letters` | as it came | what could not be used, with the reason in its headers |

An example, as you would send it through the [open door](vendors/cloudevents.md):

    {"specversion": "1.0", "type": "filrouge.message.posted", "source": "shop", "id": "m1", "time": "2026-01-05T10:00:00Z",
     "data": {"channel": "chat", "conversation": "c1", "actor": {"kind": "customer"}, "message_id": "m1",
              "direction": "inbound", "identifiers": [{"kind": "user", "value": "ada", "trust": "curated"}],
              "personal": {"text": "Where is my parcel?"}}}

"""


_IDENTIFIERS = """
`phone` is E.164 with a plus, `user` your own account id, `crm` your CRM's key of the contact. `vendor` is a contact's id that means
something in one system only: write it `system:id`, so that two systems' ids never meet. `asserted` is what a platform itself knows or a
signed login says, `curated` what a colleague wrote, `network` what the network shows, `claimed` what somebody typed;
[which of them joins two customers](journeys.md#who-it-is).
"""


def rendered() -> str:
    """The whole page."""
    parts = [_HEAD, "## What every event has\n\n", _fields(EventBase, set())]
    for kind in (Actor, ConversationRef, Identifier, Ref, Party):
        parts += [f"\n**{kind.__name__}**: {_first(kind)}\n\n", _fields(kind, set())]
        if kind is Identifier:
            parts.append(_IDENTIFIERS)
    common = set(EventBase.__struct_fields__)
    parts.append("\n## Event types\n")
    parts += [_section(kind, common) for kind in get_args(Event)]
    parts += ["\n## What every fact has\n\n", f"{_doc(FactBase)}\n\n", _fields(FactBase, set())]
    parts.append("\n## Facts\n")
    parts += [_section(kind, set(FactBase.__struct_fields__)) for kind in get_args(Fact)]
    parts += ["\n## Notification\n\n", f"{_doc(Notification)}\n\n", _fields(Notification, set())]
    parts += [_section(DeliveryAttempted, set())]
    return "".join(parts)


def _section(kind: Any, common: set[str]) -> str:
    text = f"\n### {kind.__struct_config__.tag}\n\n"
    if kind.__doc__ and not kind.__doc__.startswith(kind.__name__):
        text += f"{_doc(kind)}\n\n"
    return text + _fields(kind, common)


def _doc(kind: Any) -> str:
    return " ".join((kind.__doc__ or "").split())


def _first(kind: Any) -> str:
    return _doc(kind).partition(". ")[0].rstrip(".") + "."


def _fields(kind: Any, common: set[str]) -> str:
    hints = typing.get_type_hints(kind)
    rows = ["| field | type | |", "|---|---|---|"]
    for field in msgspec.structs.fields(kind):
        if field.name not in common:
            need = "required" if field.required else ""
            rows.append(f"| `{field.encode_name}` | {_type(hints[field.name])} | {need} |")
    return "\n".join(rows) + "\n" if len(rows) > 2 else "No further fields.\n"


def _type(hint: Any) -> str:
    origin = get_origin(hint)
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in get_args(hint))
    if origin in (types.UnionType, typing.Union):
        return " or ".join(_type(part) for part in get_args(hint) if part is not type(None))
    if origin is tuple:
        return f"list of {_type(get_args(hint)[0])}"
    if origin is dict:
        return "table"
    names = {str: "text", int: "integer", float: "number", bool: "true or false", bytes: "base64"}
    return str(names.get(hint, getattr(hint, "__name__", str(hint))))


if __name__ == "__main__":
    sys.exit(kept(PAGE, rendered(), "the types"))
