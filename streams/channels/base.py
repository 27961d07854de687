"""The contract of a vendor: one file, one `Adapter`, no I/O.

The gateway calls `handshake` and `verify` on the raw request and answers with `reply`; the
normalise fold calls `parse` on what was kept.  `parse` never raises: what it cannot
understand it explains in `Parsed.reason`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import ClassVar

import msgspec

from schemas.cloudevents import flaw
from schemas.events import EventBase
from streams.channels.about import About

COMMON_OPTIONS = ("carried_by", "region")
"""Of any source: who carries its messages, where numbers without country code are from."""


class Request(msgspec.Struct, frozen=True):
    """A webhook as it came.

    Header names are lower case.  `url` is the public URL that the vendor called (scheme, host,
    port, path and query): some vendors sign it.  `received_ms` is the arrival, ms.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    received_ms: int

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "")


class SourceConfig(msgspec.Struct, frozen=True):
    """One configured source: which vendor, whose domain, with which secrets (newest first).

    `options` are the vendor's own settings, all text, named in the adapter's `options`.
    """

    name: str
    vendor: str
    domain: str
    secrets: tuple[str, ...] = ()
    options: Mapping[str, str] = {}

    @property
    def carriers(self) -> tuple[str, ...]:
        """Sources that carry what this one tells (option `carried_by`, separated by commas)."""
        names = self.options.get("carried_by", "").split(",")
        return tuple(name.strip() for name in names if name.strip())


class Reply(msgspec.Struct, frozen=True):
    status: int
    body: bytes = b""
    content_type: str = "text/plain"
    headers: Mapping[str, str] = {}


class Rejected(msgspec.Struct, frozen=True):
    """Why `verify` refuses: `code` is a metric label from a small set, `sentence` is for people.

    Codes: `no_signature`, `bad_signature`, `stale`, `malformed`.
    """

    code: str
    sentence: str


class Parsed(msgspec.Struct, frozen=True):
    """Events in the order of the body, or why there are none.

    With events and no `code`, `reason` says what of the body they do without.  `code` groups
    reasons for metrics and says what happens next: `ignored` (nothing of ours in it: test calls,
    typing, pings) is counted; `unknown_type` and `malformed` become dead letters, so that nothing
    is lost.  A body can give events and still have a part that could not be read: then `reason`
    says so and `code` is `partial`.
    """

    events: tuple[EventBase, ...] = ()
    reason: str = ""
    code: str = ""


def ignored(reason: str) -> Parsed:
    """Nothing of ours is in it; it is counted."""
    return Parsed(reason=reason, code="ignored")


def unknown(reason: str) -> Parsed:
    """A type that we do not know: kept as a dead letter."""
    return Parsed(reason=reason, code="unknown_type")


def malformed(reason: str) -> Parsed:
    """It cannot be read: kept as a dead letter."""
    return Parsed(reason=reason, code="malformed")


def together(parts: Iterable[Parsed], empty: str) -> Parsed:
    """One answer for a body of several parts.  A part that is not understood does not hide the
    others: they give their events, and its reason goes along.  `empty` is said when no part is.
    """
    found = list(parts)
    events = tuple(event for part in found for event in part.events)
    strange = [part for part in found if part.code not in {"", "ignored"}]
    told = [part for part in found if part.events] + strange if events else strange or found
    reason = " ".join(dict.fromkeys(part.reason for part in told if part.reason))
    if not strange:
        return Parsed(events, reason) if events else ignored(reason or empty)
    return Parsed(events, reason, "partial" if events else strange[0].code)


class Adapter(ABC):
    """One vendor.  Stateless: one instance serves every source of its vendor."""

    vendor: ClassVar[str]
    """Also the folder name of its fixtures and the value of `--vendor`."""
    title: ClassVar[str]
    about: ClassVar[About] = About()
    """What it tells and what not.  Every vendor states it; the conformance suite proves it."""
    options: ClassVar[tuple[str, ...] | None] = None
    """Names of the options that it knows, beside `COMMON_OPTIONS`; None: it does not say, and any
    is taken.
    """
    keep_headers: ClassVar[tuple[str, ...]] = ()
    """Lower-case request headers that travel with the body into Kafka (delivery ids…)."""
    lateness_ms: ClassVar[int] = 5_000
    """How late this vendor may tell; conclusions from silence wait that much longer."""

    @abstractmethod
    def verify(self, request: Request, source: SourceConfig) -> Rejected | None:
        """None when authentic. On raw bytes, constant-time, any of the source's secrets."""

    @abstractmethod
    def read(self, request: Request, source: SourceConfig) -> Parsed:
        """Canonical events (customer empty, ids from `event_id`), or a reason.  A body of an
        impossible shape may raise `ValueError`, `TypeError`, `LookupError`, `AttributeError`.
        """

    def parse(self, request: Request, source: SourceConfig) -> Parsed:
        """`read`, but it never raises: a body of an impossible shape is `malformed`.  What one
        body tells twice is one event.
        """
        try:
            return _sound(self.read(request, source))
        except (ValueError, TypeError, LookupError, AttributeError, OverflowError) as error:
            sentence = str(error) if isinstance(error, ValueError) and str(error) else ""
            return malformed(
                sentence or f"This is not the shape of a {self.title} webhook: {error!r}."
            )
        except Exception as error:  # noqa: BLE001 - a plug-in's own: the body is kept, and says why
            return malformed(f"The adapter of {self.title} fails on this body: {error!r}.")

    def handshake(self, request: Request, source: SourceConfig) -> Reply | None:
        """The answer to a challenge or validation request, or None if it is an ordinary one."""
        return None

    def reply(self, request: Request, source: SourceConfig) -> Reply:
        """What this vendor wants to hear once the body is safe in Kafka."""
        return Reply(200)


def _sound(found: Parsed) -> Parsed:
    """Each event once, and without those that could not be written or read again: a lane would
    stand before them for good.  Their body becomes a dead letter that says why.
    """
    once: dict[str, EventBase] = {}
    flaws: list[str] = []
    for event in found.events:
        if why := flaw(event):
            flaws.append(why)
        else:
            once.setdefault(event.id, event)
    if len(once) == len(found.events):
        return found
    events = tuple(once.values())
    if not flaws:
        return msgspec.structs.replace(found, events=events)
    told = " ".join(f"An event cannot be written, {why}." for why in dict.fromkeys(flaws))
    return Parsed(events, f"{found.reason} {told}".strip(), "partial" if events else "malformed")
