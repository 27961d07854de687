"""The demo's settings, secrets and policy: real durations would be too long to watch."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

import msgspec

from streams.demo.embedded import Embedded, free_port
from streams.demo.traffic import generators
from streams.demo.traffic.generator import Generator

DOMAIN = "acme"

_SOURCES = {"meta_whatsapp": "whatsapp", "cloudevents": "company"}
"""Sources that are not called like their vendor."""

POLICY: dict[str, int | float | str | bool] = {
    # Ten minutes become four seconds, a reply is due after ten.
    "bounce_ms": 4_000,
    "parallel_ms": 1_500,
    "late_ms": 1_000,
    "reply_target_live_ms": 10_000,
    "reply_target_messaging_ms": 10_000,
    "reply_target_mail_ms": 10_000,
    "next_reply_target_live_ms": 10_000,
    "next_reply_target_messaging_ms": 10_000,
    "next_reply_target_mail_ms": 10_000,
    "short_abandon_ms": 1_000,
    "notice_cooldown_ms": 5_000,
}


class Addresses(msgspec.Struct, frozen=True):
    """Where the demo's processes listen, all on 127.0.0.1."""

    gateway: int
    console: int
    metrics: int
    subscriber: int


def secret(name: str) -> str:
    """A secret for `name`: fixed, so that a demo can be repeated by hand; nobody else can call."""
    digest = hashlib.sha256(f"filrouge demo {name}".encode()).digest()
    return "whsec_" + base64.b64encode(digest).decode()


def addresses() -> Addresses:
    return Addresses(free_port(), free_port(), free_port(), free_port())


def sources(gateway: str, prefix: str = "") -> dict[str, Generator]:
    """Source → the vendor in play there: one of each.  `gateway` is the gateway's URL."""
    found = {prefix + _SOURCES.get(name, name): kind for name, kind in generators().items()}
    return {
        name: kind(name, secret(name), f"{gateway}/v1/in/{name}") for name, kind in found.items()
    }


def source_lines(source: Generator, domain: str) -> list[str]:
    """The source's part of the settings file."""
    lines = [
        "[[source]]",
        f'name = "{source.source}"',
        f'vendor = "{source.vendor}"',
        f'domain = "{domain}"',
        f"secrets = [{json.dumps(source.secret)}]",
    ]
    options = ", ".join(f"{name} = {json.dumps(value)}" for name, value in source.options.items())
    return [*lines, f"options = {{ {options} }}"] if options else lines


def settings_file(
    folder: Path, servers: Embedded, where: Addresses, sources: Iterable[Generator]
) -> Path:
    """Writes the TOML that all of the demo's processes read."""
    lines = [
        'keyspace = "demo"',
        "[kafka]",
        f'bootstrap = "{servers.bootstrap}"',
        "webhooks_partitions = 4",
        "events_partitions = 4",
        "[redis]",
        f'url = "{servers.redis_url}"',
        "[gateway]",
        f"port = {where.gateway}",
        f'public_url = "http://127.0.0.1:{where.gateway}"',
        "stamp_arrival = true",
        "[console]",
        f"port = {where.console}",
        "[worker]",
        f"metrics_port = {where.metrics}",
        "[[domain]]",
        f'name = "{DOMAIN}"',
        'key = "demo domain key, not a secret"',
        "[[subscriber]]",
        'name = "demo"',
        f'url = "http://127.0.0.1:{where.subscriber}/notices"',
        f'domain = "{DOMAIN}"',
        f'secret = "{secret("subscriber")}"',
        "allow_private = true",
    ]
    for source in sources:
        lines += source_lines(source, DOMAIN)
    path = folder / "filrouge.toml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
