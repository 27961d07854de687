"""A check-up: is everything there and set right, and if not, what to do."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import msgspec

from streams.admin import topics
from streams.admin.lag import rows
from streams.admin.topics import AdminError
from streams.engine.eviction import eviction_advice
from streams.engine.redis_client import UNREACHABLE, away, connect_sync
from streams.settings import Settings


class Finding(msgspec.Struct, frozen=True):
    ok: bool
    what: str
    advice: str = ""


def examine(settings: Settings) -> Iterator[Finding]:
    """One finding for each thing that is looked at."""
    yield from _settings(settings)
    yield from _kafka(settings)
    yield from _redis(settings)


def _settings(settings: Settings) -> Iterator[Finding]:
    if not settings.domain:
        yield Finding(False, "No domain is configured.", "Add a [[domain]] with a name and a key.")
    if not settings.source:
        yield Finding(False, "No source is configured.", "Add a [[source]]: see docs/vendors.")
    for source in settings.source:
        has = bool(source.secrets)
        advice = "" if has else "Without a secret every webhook of it is refused."
        yield Finding(has, f"Source {source.name} ({source.vendor}) has a secret.", advice)
    if example := [*_of_the_example(settings)]:
        what = f"Still as in the example: {', '.join(example)}."
        yield Finding(True, what, "Everybody knows these: change them before others can call.")
    if not settings.worker.instance:
        yield Finding(
            True, "No name of a worker (worker.instance) is set here.",
            f"If one is killed all wait {settings.worker.session_timeout_ms / 1_000:g} s: "
            "give each a name of its own.",
        )  # fmt: skip
    if not settings.tokens():
        yield Finding(True, "The console has no tokens: it answers on a loopback address only.")


def _of_the_example(settings: Settings) -> Iterator[str]:
    known = re.compile(r"change.me|whsec_Y2hhbmdlLW1lLW", re.IGNORECASE)  # the base64 of change-me-
    for domain in settings.domain:
        if known.match(domain.key):
            yield f"the key of domain {domain.name}"
    for source in settings.source:
        if any(known.match(secret) for secret in (*source.secrets, *source.options.values())):
            yield f"a secret of source {source.name}"
    if any(known.match(token.secret) for token in settings.tokens()):
        yield "a token of the console"


def _kafka(settings: Settings) -> Iterator[Finding]:
    try:
        with topics.admin_client(settings) as client:
            brokers = len(client.describe_cluster()["brokers"])
        yield Finding(True, f"Kafka answers: {brokers} broker(s).")
        wrong = topics.check(settings)
    except AdminError as error:
        yield Finding(False, "Kafka answers.", str(error))
        return
    for sentence in wrong:
        yield Finding(False, sentence)
    if not wrong:
        yield Finding(True, "The topics are as the settings say.")
        yield _lag(settings)


def _lag(settings: Settings) -> Finding:
    what = "No stage is far behind."
    try:
        behind = [row for row in rows(settings) if row.lag > 10_000]
    except AdminError as error:
        return Finding(False, what, str(error))
    advice = "See `filrouge lag`; are enough workers running?" if behind else ""
    return Finding(not behind, what, advice)


def _redis(settings: Settings) -> Iterator[Finding]:
    try:
        # A cluster's client speaks to it already when it is made.
        with connect_sync(settings.redis.url) as client:
            info = client.info()
            seconds, microseconds = client.time()
            config = client.config_get("appendonly")
    except UNREACHABLE as error:
        yield Finding(False, "Redis answers.", away(settings.redis.shown, error))
        return
    version = str(info["redis_version"])
    new = tuple(int(part) for part in version.split(".")[:2]) >= (6, 2)
    yield Finding(new, f"Redis {version} answers.", "" if new else "6.2 or newer is needed.")
    advice = eviction_advice(info)
    yield Finding(not advice, "Redis throws nothing out when it is full.", advice)
    durable = config.get("appendonly") == "yes"
    yield Finding(
        True,
        f"Redis' append-only file is {'on' if durable else 'off'}.",
        ""
        if durable
        else "After a crash of Redis all is rebuilt from Kafka; `appendonly yes` spares it.",
    )
    skew_ms = abs(time.time() - (seconds + microseconds / 1e6)) * 1_000
    yield Finding(
        skew_ms < 2_000,
        f"This clock and Redis' differ by {skew_ms:.0f} ms.",
        "" if skew_ms < 2_000 else "Set the clocks by NTP: signatures and ticks depend on them.",
    )
