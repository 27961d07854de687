"""Every setting, in one place: its name, unit, default and why that default.

`settings_file` reads them from a TOML file and the environment, `settings_check` says what of them
cannot work.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

from streams.channels.base import SourceConfig
from streams.identity.mail import RULES, MailRule

LARGEST_BODY = 3_145_728
"""Topics take records of 4 MiB; a record is a body with its headers."""

PULLABLE = ("chatwoot",)
"""Vendors whose API can be asked for what their webhooks did not bring."""

Right = Literal["figures", "customers", "commands"]
"""What a token of the console may do."""


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
    user, password and TLS files in the URL: see `docs/operations.md`.
    """

    @property
    def shown(self) -> str:
        """The URL without its password, for logs."""
        scheme, slashes, rest = self.url.rpartition("://")
        login, at, place = rest.rpartition("@")
        user = login.partition(":")[0]
        return f"{scheme}{slashes}{user}{at}{place}"


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
    """Bearer tokens that may do everything; with none, and no [[token]], the console answers only
    on a loopback address.
    """
    refresh_ms: int = 1_000


class Worker(Section, frozen=True, kw_only=True):
    group: str = "filrouge"
    instance: str = ""
    """Static membership: a stable name of its own (a StatefulSet's pod). Started anew within the
    session timeout it has its partitions back at once. Empty: all workers wait for that timeout.
    """
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


class Token(Section, frozen=True, kw_only=True):
    """Somebody who may ask the console, and for what."""

    name: str
    """Whose it is: a wall board, the agents' screens, a tenant."""
    secret: str = ""
    secret_file: str = ""
    domain: str = ""
    """He hears of this domain only. Empty: of all."""
    may: tuple[Right, ...] = ("figures", "customers", "commands")
    """`figures`: scorecard, lists, what opens a figure (no names, no words); `customers`: a
    customer's context, journeys and identity; `commands`: join, split, attach."""


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
    token: tuple[Token, ...] = ()

    def tokens(self) -> tuple[Token, ...]:
        """All who may ask the console; nobody means: whoever is on this machine."""
        return (*(Token(name="console", secret=one) for one in self.console.tokens), *self.token)

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
