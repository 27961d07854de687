"""Settings that are well formed and cannot work: a sentence for each."""

from __future__ import annotations

import base64
import binascii
import difflib
import ipaddress
from collections import Counter
from collections.abc import Iterator

from streams.channels.base import COMMON_OPTIONS
from streams.channels.registry import adapters, failures
from streams.places import broker_fault, file_fault, port_fault, redis_fault
from streams.settings import LARGEST_BODY, PULLABLE, Named, Settings
from streams.settings_names import names as legal_names
from streams.settings_names import receivers, secrets

_FILES = {
    "gateway": ("tls_cert_file", "tls_key_file"),
    "kafka": ("ssl_ca_file", "ssl_cert_file", "ssl_key_file"),
}

_MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")

_POSITIVE = {
    "kafka": (
        "replication", "min_insync", "webhooks_partitions", "events_partitions", "retention_days",
    ),
    "gateway": (
        "max_header_bytes", "max_connections", "read_timeout_ms", "idle_timeout_ms",
        "kafka_timeout_ms", "max_rate_per_source",
    ),
    "console": ("refresh_ms",),
    "worker": (
        "session_timeout_ms", "batch_records", "commits_in_flight", "cache_mb", "outbox_entries",
        "watchdog_ms",
    ),
}  # fmt: skip
"""Nothing would ever be done with less."""


def contradictions(settings: Settings) -> list[str]:
    """What is well formed and cannot work."""
    domains = [domain.name for domain in settings.domain]
    found = [
        f"Domain {domain.name!r} needs a key of 16 characters or more: its customer ids are made "
        "with it and must not be guessable."
        for domain in settings.domain
        if len(domain.key) < 16
    ]
    found += [
        f"Source {source.name!r} has the unknown vendor {source.vendor!r}; there are "
        f"{', '.join(adapters())}."
        for source in settings.source
        if source.vendor not in adapters() and source.vendor not in failures()
    ]
    found += [
        failures()[source.vendor] for source in settings.source if source.vendor in failures()
    ]
    for kind, names in (
        ("domain", domains),
        ("source", [source.name for source in settings.source]),
        ("subscriber", [subscriber.name for subscriber in settings.subscriber]),
        ("reconcile", [pull.source for pull in settings.reconcile]),
        ("token", [token.name for token in settings.token]),
    ):
        found += [
            f"{count} of [[{kind}]] have the name {name!r}; names must differ."
            for name, count in Counter(names).items()
            if count > 1
        ]
    owned = [(source.name, source.domain) for source in settings.source]
    owned += [(subscriber.name, subscriber.domain) for subscriber in settings.subscriber]
    owned += [(token.name, token.domain) for token in settings.token if token.domain]
    found += [
        f"{name!r} belongs to domain {domain!r}, which has no [[domain]]."
        for name, domain in owned
        if domain not in domains
    ]
    found += [
        f"Subscriber {subscriber.name!r} needs a secret: `whsec_` and the base64 of 24 to 64 bytes."
        for subscriber in settings.subscriber
        if not _is_webhook_secret(subscriber.secret)
    ]
    found += [
        f"gateway.trusted_proxies: {text!r} is neither an address nor a network."
        for text in settings.gateway.trusted_proxies
        if not _is_network(text)
    ]
    found += [*legal_names(settings), *secrets(settings), *receivers(settings), *_sasl(settings)]
    found += filter(None, _places(settings))
    found += _too_small(settings)
    if bool(settings.gateway.tls_cert_file) != bool(settings.gateway.tls_key_file):
        found.append("gateway.tls_cert_file and gateway.tls_key_file belong together.")
    if not 0 < settings.gateway.max_body_bytes <= LARGEST_BODY:
        found.append(f"gateway.max_body_bytes must be between 1 and {LARGEST_BODY}.")
    found += _reconcile(settings)
    for kind, rows in (
        ("agent", settings.agent), ("team", settings.team), ("queue", settings.queue),
    ):  # fmt: skip
        found += _named(kind, rows, settings)
    found += [*_options(settings), *_carriers(settings)]
    if settings.kafka.min_insync > settings.kafka.replication:
        found.append("kafka.min_insync is above kafka.replication: no write could ever succeed.")
    return found


def _places(settings: Settings) -> Iterator[str]:
    yield broker_fault(settings.kafka.bootstrap)
    yield redis_fault(settings.redis.url, settings.redis.shown)
    yield port_fault("gateway.port", settings.gateway.port)
    yield port_fault("console.port", settings.console.port)
    if settings.worker.metrics_port != -1:
        yield port_fault("worker.metrics_port", settings.worker.metrics_port)
    for section, fields in _FILES.items():
        for field in fields:
            if file := getattr(getattr(settings, section), field):
                yield file_fault(f"{section}.{field}", file)


def _sasl(settings: Settings) -> Iterator[str]:
    kafka = settings.kafka
    if not kafka.security_protocol.startswith("SASL"):
        return
    needs = f"kafka.security_protocol {kafka.security_protocol} needs"
    if kafka.sasl_mechanism not in _MECHANISMS:
        yield (
            f"{needs} kafka.sasl_mechanism: one of {', '.join(_MECHANISMS)}, not "
            f"{kafka.sasl_mechanism!r}."
        )
    if not kafka.sasl_username:
        yield f"{needs} kafka.sasl_username."


def _too_small(settings: Settings) -> Iterator[str]:
    for section, fields in _POSITIVE.items():
        for field in fields:
            if (value := getattr(getattr(settings, section), field)) < 1:
                yield f"{section}.{field} must be 1 or more, not {value}."


def _named(kind: str, rows: tuple[Named, ...], settings: Settings) -> list[str]:
    found = []
    owners: dict[tuple[str, str], str] = {}
    for row in rows:
        for source, ident in row.at():
            if settings.source_named(source) is None and source != "filrouge":
                found.append(
                    f"[[{kind}]] {row.name!r} is known as {ident!r} at {source!r}, which is no "
                    "[[source]]."
                )
            owner = owners.setdefault((source, ident), row.name)
            if owner != row.name:
                found.append(
                    f"{ident!r} of {source!r} stands at two of [[{kind}]]: {owner!r} and "
                    f"{row.name!r}."
                )
    return found


def _options(settings: Settings) -> Iterator[str]:
    for source in settings.source:
        adapter = adapters().get(source.vendor)
        if adapter is None or adapter.options is None:
            continue
        known = (*adapter.options, *COMMON_OPTIONS)
        for name in source.options:
            if name not in known:
                near = difflib.get_close_matches(name, known, 1)
                hint = f"did you mean {near[0]!r}?" if near else f"it knows {', '.join(known)}."
                yield f"Source {source.name!r} ({source.vendor}) has no option {name!r}; {hint}"


def _carriers(settings: Settings) -> list[str]:
    found = []
    for source in settings.source:
        for name in source.config().carriers:
            carrier = settings.source_named(name)
            if carrier is None or carrier is source:
                what = "itself" if carrier is source else f"{name!r}, which is no [[source]]"
                found.append(f"Source {source.name!r} is carried_by {what}.")
            elif carrier.domain != source.domain:
                found.append(
                    f"Source {source.name!r} is carried_by {name!r}, which belongs to another "
                    "domain."
                )
    return found


def _reconcile(settings: Settings) -> list[str]:
    found = []
    for pull in settings.reconcile:
        source = settings.source_named(pull.source)
        if source is None:
            found.append(f"[[reconcile]] names {pull.source!r}, which is no [[source]].")
        elif source.vendor not in PULLABLE:
            found.append(
                f"[[reconcile]] of {pull.source!r}: {source.vendor} cannot be asked for what was "
                f"lost; {', '.join(PULLABLE)} can."
            )
        if not pull.token:
            found.append(f"[[reconcile]] of {pull.source!r} needs a token.")
        if not pull.url.startswith(("https://", "http://")):
            found.append(f"[[reconcile]] of {pull.source!r}: url must begin with https://.")
        if pull.requests_per_s <= 0 or pull.every_ms <= 0:
            found.append(
                f"[[reconcile]] of {pull.source!r}: requests_per_s and every_ms must be above 0."
            )
    return found


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _is_webhook_secret(secret: str) -> bool:
    """The form that Standard Webhooks 1.0.0 asks for (padding may be missing)."""
    text = secret.removeprefix("whsec_")
    try:
        return secret != text and 24 <= len(base64.b64decode(text + "==", validate=False)) <= 64
    except binascii.Error:
        return False
