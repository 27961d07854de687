"""The demo's settings, secrets and policy: real durations would be too long to watch."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import msgspec

from streams.demo.embedded import Embedded, free_port

DOMAIN = "acme"

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


def settings_file(folder: Path, servers: Embedded, where: Addresses) -> Path:
    """Writes the TOML that all of the demo's processes read."""
    sources = {
        "whatsapp": "meta_whatsapp",
        "chatwoot": "chatwoot",
        "aircall": "aircall",
        "zendesk": "zendesk",
        "twilio": "twilio",
        "company": "cloudevents",
    }
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
    for name, vendor in sources.items():
        lines += [
            "[[source]]",
            f'name = "{name}"',
            f'vendor = "{vendor}"',
            f'domain = "{DOMAIN}"',
            f'secrets = ["{secret(name)}"]',
        ]
    path = folder / "filrouge.toml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
