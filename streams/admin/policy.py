"""A domain's policy: what holds, and changes of it as records of the log."""

from __future__ import annotations

import hashlib
import time
import tomllib
from pathlib import Path
from typing import Any

import msgspec

from schemas.common import Actor
from schemas.events import PolicyChanged
from streams.admin.identity import DONE_WITHIN_S, asking
from streams.admin.identity import send as send_events
from streams.admin.topics import AdminError
from streams.console.people import People
from streams.engine.first_party import own_event
from streams.policy import Policy, changed
from streams.settings import Settings


class Change(msgspec.Struct, frozen=True):
    """What a file asks for. `told` has a line for each field that would be different."""

    version: str
    fields: dict[str, Any]
    told: tuple[str, ...]


def current(settings: Settings, domain: str) -> Policy:
    """The policy that the journeys stage goes by now. Raises `AdminError`."""

    async def ask(people: People) -> Policy:
        return await people.policy(domain)

    return asking(settings, ask)


def read(settings: Settings, domain: str, file: Path) -> Change:
    """The change that a TOML file asks for: its table `policy`, or the whole file. Raises
    `AdminError` with what is wrong in it.
    """
    try:
        raw = file.read_bytes()
        table = tomllib.loads(raw.decode())
    except OSError as error:
        raise AdminError(f"{file} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise AdminError(f"{file} is not TOML: {error}.") from error
    fields = table.get("policy", table)
    version = str(fields.pop("version", "")) or hashlib.sha256(raw).hexdigest()[:12]
    before = current(settings, domain)
    try:
        after = changed(before, version, fields)
    except msgspec.ValidationError as error:
        raise AdminError(f"{file}: {error}.") from error
    return Change(version, fields, tuple(_differences(before, after)))


def _differences(before: Policy, after: Policy) -> list[str]:
    old, new = msgspec.to_builtins(before), msgspec.to_builtins(after)
    return [
        f"{name}: {old[name]!r} → {new[name]!r}"
        for name in Policy.__struct_fields__
        if name != "version" and old[name] != new[name]
    ]


def send(settings: Settings, domain: str, by: str, change: Change) -> bool:
    """Puts the change into the log and watches whether it holds within `DONE_WITHIN_S`. Raises
    `AdminError`.
    """
    event = own_event(
        PolicyChanged, domain, time.time_ns() // 1_000_000, Actor("agent", by),
        version=change.version, policy=change.fields,
    )  # fmt: skip
    send_events(settings, [event])
    until = time.monotonic() + DONE_WITHIN_S
    while time.monotonic() < until:
        if current(settings, domain).version == change.version:
            return True
        time.sleep(0.2)
    return False


def told(policy: Policy) -> list[tuple[str, str, bool]]:
    """(field, value as JSON, is it the default?) for a person to read."""
    values, defaults = msgspec.to_builtins(policy), msgspec.to_builtins(Policy())
    return [
        (name, msgspec.json.encode(value).decode(), value == defaults[name])
        for name, value in values.items()
    ]
