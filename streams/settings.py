"""Every setting, in one place: its name, unit, default and why that default.

Read from a TOML file (`--settings FILE`, or `FILROUGE_SETTINGS`, or `filrouge.toml` in the
current folder) and then from the environment: `FILROUGE_<SECTION>_<FIELD>` overrides a field of
a section (`FILROUGE_KAFKA_BOOTSTRAP`), `FILROUGE_<FIELD>` one at the top (`FILROUGE_KEYSPACE`).
Sources, domains, subscribers and mail domains are lists and stand in the file; a secret may name a
file instead (`secret_files`, `key_file`).  `load` reports every mistake at once, a sentence each.
"""

from __future__ import annotations

import base64
import binascii
import difflib
import ipaddress
import os
import tomllib
import types
import typing
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import msgspec

from streams.channels.base import SourceConfig
from streams.channels.registry import adapters, failures
from streams.identity.mail import RULES, MailRule
from streams.places import broker_fault, file_fault, port_fault, redis_fault

LARGEST_BODY = 3_145_728
"""Topics take records of 4 MiB; a record is a body with its headers."""


_FILES = {
    "gateway": ("tls_cert_file", "tls_key_file"),
    "kafka": ("ssl_ca_file", "ssl_cert_file", "ssl_key_file"),
}

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

PULLABLE = ("chatwoot",)
"""Vendors whose API can be asked for what their webhooks did not bring."""


class SettingsError(Exception):
    """The settings cannot be used; `mistakes` holds one sentence for each reason."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A table of the settings file."""


class Topics(Section, frozen=True, kw_only=True):
    """Names of the topics by role."""

    webhooks: str = "webhooks"
    events: str = "events"
    journeys: str = "journeys"
    context: str = "context"
    notifications: str = "notifications"
    dead_letters: str = "dead-letters"

    def name(self, role: str) -> str:
        return str(getattr(self, role.replace("-", "_")))


class Kafka(Section, frozen=True, kw_only=True):
    bootstrap: str = "localhost:9092"
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    ssl_ca_file: str = ""
    ssl_cert_file: str = ""
    ssl_key_file: str = ""
    sasl_mechanism: str = ""
    """PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512."""
    sasl_username: str = ""
    sasl_password: str = ""
    replication: int = 1
    """For `filrouge topics create`; 3 in production."""
    min_insync: int = 1
    """For `filrouge topics create`; 2 in production: one broker may die and nothing is lost."""
    webhooks_partitions: int = 4
    """A domain lives in one of them; four let a few large tenants run side by side."""
    events_partitions: int = 16
    """Workers scale to this number; fixed for the life of a keyspace."""
    retention_days: int = 30
    """Of topics with personal data; the privacy rule allows no more."""


class Redis(Section, frozen=True, kw_only=True):
    url: str = "redis://localhost:6379/0"
    """`rediss://` for TLS, `redis+cluster://` for a cluster, `redis+sentinel://` for Sentinels;
    user, password and TLS files in the URL: see `streams/engine/redis_client.py`.
    """

    @property
    def shown(self) -> str:
        """The URL without its password, for logs."""
        scheme, _, rest = self.url.partition("://")
        login, at, place = rest.rpartition("@")
        user = login.partition(":")[0]
        return f"{scheme}://{user}{at}{place}"


class Gateway(Section, frozen=True, kw_only=True):
    host: str = "127.0.0.1"
    port: int = 8080
    public_url: str = ""
    """Scheme, host and port by which vendors call; Twilio signs it. Empty: from the request."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses or networks (`10.0.0.0/8`) whose word about scheme and host is taken."""
    proxy_headers: Literal["x-forwarded", "forwarded"] = "x-forwarded"
    """Which of the two your proxies write; the other one is not read."""
    tls_cert_file: str = ""
    """PEM with the chain; with `tls_key_file` the gateway speaks HTTPS itself."""
    tls_key_file: str = ""
    max_body_bytes: int = 1_048_576
    """1 MiB: the largest webhook among our vendors (an inbound mail without files) fits."""
    max_header_bytes: int = 16_384
    """As most servers have it; vendors send less than 3 KB. More gets 431."""
    max_connections: int = 2_000
    """Clients at once; with bodies of 1 MiB half read that is the memory it may take, GiB."""
    max_in_flight: int = 1_000
    """Requests that may wait for Kafka; more get 503 at once instead of a queue."""
    max_rate_per_source: int = 2_000
    """Verified webhooks a second, twice as many at once; more get 429. A tenant that floods
    leaves room for the others."""
    read_timeout_ms: int = 10_000
    """A whole request must come, and an answer be read, in that time; vendors need far less."""
    idle_timeout_ms: int = 75_000
    """A connection kept alive without a request; above the 60 s of most proxies."""
    kafka_timeout_ms: int = 4_000
    """Vendors give up after 5 s (Chatwoot, Aircall, Intercom): 503 must come before."""
    stamp_arrival: bool = False
    """Only for the demo's mock broker, which ignores LogAppendTime."""


class Console(Section, frozen=True, kw_only=True):
    host: str = "127.0.0.1"
    port: int = 8090
    tokens: tuple[str, ...] = ()
    """Bearer tokens; with none the console answers only on a loopback address."""
    refresh_ms: int = 1_000


class Worker(Section, frozen=True, kw_only=True):
    group: str = "filrouge"
    instance: str = ""
    """Static membership: a stable name (a StatefulSet's pod). Empty: none."""
    stages: tuple[Literal["normalise", "journeys", "deliver"], ...] = (
        "normalise",
        "journeys",
        "deliver",
    )
    session_timeout_ms: int = 10_000
    """How long a dead worker's partitions stay idle; Faust's 60 s is too long for notices."""
    batch_records: int = 500
    """Records and timers a commit: about 5 ms of Redis with all effects."""
    commits_in_flight: int = 8
    cache_mb: int = 256
    """Decoded states kept in memory a worker, MiB."""
    outbox_entries: int = 10_000
    """More unpublished effects than this pause the lane."""
    publish_from: Literal["", "beginning"] = ""
    """`beginning`: a keyspace of which neither Redis nor Kafka knows anything publishes all effects
    of the log again. Empty: only in its first life, when its topics are empty.
    """
    metrics_port: int = 9100
    """0 takes a free port; -1 serves no metrics."""
    watchdog_ms: int = 60_000
    """A worker that lags and applies nothing for so long ends, to be started anew."""


class Domain(Section, frozen=True, kw_only=True):
    """An identity domain, usually one organisation; `key` seeds its customer ids for ever."""

    name: str
    key: str = ""
    key_file: str = ""


class Source(Section, frozen=True, kw_only=True):
    name: str
    vendor: str
    domain: str
    secrets: tuple[str, ...] = ()
    """Newest first; several while one is being rotated out."""
    secret_files: tuple[str, ...] = ()
    options: dict[str, str] = {}

    def config(self) -> SourceConfig:
        return SourceConfig(
            name=self.name,
            vendor=self.vendor,
            domain=self.domain,
            secrets=self.secrets,
            options=self.options,
        )


class Reconcile(Section, frozen=True, kw_only=True):
    """A vendor's API that `filrouge reconcile` asks for what its webhooks did not bring."""

    source: str
    """Name of a [[source]]; of its vendors, Chatwoot can be asked."""
    url: str
    """Scheme and host of the installation: `https://app.chatwoot.com`."""
    account: str
    token: str = ""
    """Of an administrator: he sees all inboxes."""
    token_file: str = ""
    every_ms: int = 60_000
    """Between two passes: what was lost is late by this at most."""
    first_ms: int = 3_600_000
    """How far back the first pass asks; later ones go on where the last one ended."""
    requests_per_s: float = 2.0
    """Chatwoot's own limit is about 50 a second for all clients of an address."""


class Subscriber(Section, frozen=True, kw_only=True):
    """Where notifications go, as Standard Webhooks."""

    name: str
    url: str
    domain: str
    secret: str = ""
    """`whsec_` and base64 of 24 to 64 bytes."""
    secret_file: str = ""
    audiences: tuple[str, ...] = ("customer", "agent", "supervisor", "system")
    allow_private: bool = False
    """Lets the URL point to a private or loopback address (SSRF defence is off)."""


class Email(Section, frozen=True, kw_only=True):
    """How a mail domain reads its addresses; the large providers are known without it."""

    domain: str
    plus: bool = False
    """What follows a plus is a label of the owner's: ada+news@ is ada@."""
    dots: bool = False
    """Dots are ignored: ada.byron@ is adabyron@."""
    case: bool = False
    """Capitals matter: Ada@ is somebody else than ada@."""
    same_as: str = ""
    """Another domain with the same mailboxes."""
    team_mailboxes: tuple[str, ...] = ()
    """More mailboxes (the part before the @) of a team; they stand for nobody in particular."""

    def rule(self) -> MailRule:
        return MailRule(
            plus=self.plus,
            dots=self.dots,
            case=self.case,
            same_as=self.same_as.lower(),
            team=frozenset(name.lower() for name in self.team_mailboxes),
        )


class Named(Section, frozen=True, kw_only=True):
    """An agent, a team or a queue: our name, and what each source calls it."""

    name: str
    known_as: dict[str, str | tuple[str, ...]]
    """Source → the id (or several) that stands in its webhooks."""

    def at(self) -> Iterator[tuple[str, str]]:
        """(source, id)"""
        for source, idents in self.known_as.items():
            for ident in (idents,) if isinstance(idents, str) else idents:
                yield source, ident


class Settings(Section, frozen=True, kw_only=True):
    keyspace: str = "main"
    """Names one fold of the log; a rebuild gets another one."""
    topics: Topics = Topics()
    kafka: Kafka = Kafka()
    redis: Redis = Redis()
    gateway: Gateway = Gateway()
    console: Console = Console()
    worker: Worker = Worker()
    domain: tuple[Domain, ...] = ()
    source: tuple[Source, ...] = ()
    reconcile: tuple[Reconcile, ...] = ()
    subscriber: tuple[Subscriber, ...] = ()
    email: tuple[Email, ...] = ()
    agent: tuple[Named, ...] = ()
    team: tuple[Named, ...] = ()
    queue: tuple[Named, ...] = ()

    def mail_rules(self) -> Mapping[str, MailRule]:
        """What mail domains say of their addresses, by domain."""
        return {**RULES, **{email.domain.lower(): email.rule() for email in self.email}}

    def named(self, kind: Literal["agent", "team", "queue"]) -> Mapping[tuple[str, str], str]:
        """(source, what it is called there) → our name."""
        rows: tuple[Named, ...] = getattr(self, kind)
        return {called: row.name for row in rows for called in row.at()}

    def domain_key(self, name: str) -> bytes:
        """The secret that customer ids of this domain are made with."""
        for domain in self.domain:
            if domain.name == name:
                return domain.key.encode()
        raise KeyError(name)

    def source_named(self, name: str) -> Source | None:
        return next((source for source in self.source if source.name == name), None)


_LISTS: dict[str, type[Section]] = {
    "domain": Domain,
    "source": Source,
    "reconcile": Reconcile,
    "subscriber": Subscriber,
    "email": Email,
    "agent": Named,
    "team": Named,
    "queue": Named,
}


def load(path: str | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process. Raises `SettingsError` with every mistake found."""
    env = os.environ if environ is None else environ
    file = (
        path
        or env.get("FILROUGE_SETTINGS")
        or ("filrouge.toml" if Path("filrouge.toml").is_file() else "")
    )
    raw: dict[str, Any] = {}
    if file:
        try:
            raw = tomllib.loads(Path(file).read_text(encoding="utf-8"))
        except OSError as error:
            raise SettingsError(
                [f"The settings file {file} cannot be read: {error.strerror}."]
            ) from error
        except UnicodeDecodeError as error:
            raise SettingsError([f"The settings file {file} is no text in UTF-8."]) from error
        except tomllib.TOMLDecodeError as error:
            raise SettingsError([f"The settings file {file} is not TOML: {error}."]) from error
    return _build(_overridden(raw, env), Path(file).parent if file else Path())


def _overridden(raw: dict[str, Any], env: Mapping[str, str]) -> dict[str, Any]:
    merged = {key: dict(value) if isinstance(value, dict) else value for key, value in raw.items()}
    for name, kind in typing.get_type_hints(Settings).items():
        if name in _LISTS:
            continue
        if not _is_section(kind):
            if (value := env.get(f"FILROUGE_{name.upper()}")) is not None:
                merged[name] = value
            continue
        for field, hint in typing.get_type_hints(kind).items():
            if (value := env.get(f"FILROUGE_{name.upper()}_{field.upper()}")) is not None:
                section = merged.setdefault(name, {})
                if isinstance(section, dict):
                    section[field] = value.split(",") if get_origin(hint) is tuple else value
    return merged


def _is_section(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Section)


def _build(raw: dict[str, Any], folder: Path) -> Settings:
    mistakes: list[str] = []
    values: dict[str, Any] = {}
    hints = typing.get_type_hints(Settings)
    _unknown(raw, hints, "at the top of the settings", mistakes)
    for name, kind in hints.items():
        if name not in raw:
            continue
        value = raw[name]
        if name in _LISTS:
            rows = value if isinstance(value, list) else [value]
            built = [
                _section(_LISTS[name], row, f"[[{name}]] number {number}", mistakes)
                for number, row in enumerate(rows, 1)
            ]
            values[name] = tuple(item for item in built if item is not None)
        elif _is_section(kind):
            if (section := _section(kind, value, f"[{name}]", mistakes)) is not None:
                values[name] = section
        else:
            values[name] = _field(kind, value, name, "at the top", mistakes)
    if mistakes:
        raise SettingsError(mistakes)
    settings = _with_secrets(Settings(**values), folder, mistakes)
    mistakes += _contradictions(settings)
    if mistakes:
        raise SettingsError(mistakes)
    return settings


def _unknown(
    raw: Mapping[str, Any], hints: Mapping[str, Any], where: str, mistakes: list[str]
) -> None:
    for key in raw:
        if key not in hints:
            near = difflib.get_close_matches(key, hints, 1)
            hint = (
                f"; did you mean {near[0]!r}?"
                if near
                else f"; it knows {', '.join(sorted(hints))}."
            )
            mistakes.append(f"There is no setting {key!r} {where}{hint}")


def _section(kind: type[Section], raw: Any, where: str, mistakes: list[str]) -> Any:
    if not isinstance(raw, dict):
        mistakes.append(f"{where} must be a table of settings, not {raw!r}.")
        return None
    hints = typing.get_type_hints(kind)
    before = len(mistakes)
    _unknown(raw, hints, f"in {where}", mistakes)
    values = {
        key: _field(hints[key], value, key, f"in {where}", mistakes)
        for key, value in raw.items()
        if key in hints
    }
    for field in msgspec.structs.fields(kind):
        if field.required and field.name not in values:
            mistakes.append(f"{where} needs {field.name!r}.")
    return kind(**values) if len(mistakes) == before else None


def _field(hint: Any, value: Any, name: str, where: str, mistakes: list[str]) -> Any:
    try:
        return msgspec.convert(value, hint, strict=not isinstance(value, str))
    except msgspec.ValidationError:
        mistakes.append(f"{name!r} {where} must be {_wanted(hint)}, not {value!r}.")
        return None


def _wanted(hint: Any) -> str:
    if get_origin(hint) is Literal:
        return "one of " + ", ".join(map(str, get_args(hint)))
    if get_origin(hint) is tuple:
        return "a list, each " + _wanted(get_args(hint)[0])
    if get_origin(hint) in (dict, types.GenericAlias):
        return "a table of texts"
    return {int: "a whole number", str: "a text", bool: "true or false"}.get(hint, str(hint))


def _read_secret(file: str, folder: Path, what: str, mistakes: list[str]) -> str:
    try:
        return (folder / file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        mistakes.append(f"The secret file {file} of {what} cannot be read: {error}.")
        return ""


def _with_secrets(settings: Settings, folder: Path, mistakes: list[str]) -> Settings:
    replace = msgspec.structs.replace
    domains = tuple(
        replace(d, key=_read_secret(d.key_file, folder, f"domain {d.name}", mistakes))
        if d.key_file
        else d
        for d in settings.domain
    )
    sources = tuple(
        replace(
            s,
            secrets=s.secrets
            + tuple(_read_secret(f, folder, f"source {s.name}", mistakes) for f in s.secret_files),
        )
        for s in settings.source
    )
    subscribers = tuple(
        replace(s, secret=_read_secret(s.secret_file, folder, f"subscriber {s.name}", mistakes))
        if s.secret_file
        else s
        for s in settings.subscriber
    )
    pulls = tuple(
        replace(r, token=_read_secret(r.token_file, folder, f"reconcile {r.source}", mistakes))
        if r.token_file
        else r
        for r in settings.reconcile
    )
    return replace(
        settings, domain=domains, source=sources, subscriber=subscribers, reconcile=pulls
    )


def _contradictions(settings: Settings) -> list[str]:
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
    ):
        found += [
            f"{count} of [[{kind}]] have the name {name!r}; names must differ."
            for name, count in Counter(names).items()
            if count > 1
        ]
    owned = [(source.name, source.domain) for source in settings.source]
    owned += [(subscriber.name, subscriber.domain) for subscriber in settings.subscriber]
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
    found += _carriers(settings)
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
