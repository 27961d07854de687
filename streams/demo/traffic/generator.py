"""The contract of a vendor in play: what it tells of one customer's visit, and what is then so.

Each file of this folder has the classes that make and sign its vendor's bodies, and one
`Generator` that puts a visit together from them.  The demo, the load of the chaos tests and the
conformance suite play them all alike.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import ClassVar

import msgspec

from schemas.common import Channel
from streams.demo.traffic.call import Agent, Call, Person


class Told(msgspec.Struct, frozen=True):
    """A webhook, and the events that it tells: their types, in order."""

    call: Call
    events: tuple[str, ...]


def told(call: Call, *events: str) -> Told:
    return Told(call, events)


class Visit(msgspec.Struct, frozen=True):
    """One customer's business with one vendor: `thread` is its number, unique like all that
    `number` gives; `agent` serves him, and `second` once it was passed on.
    """

    who: Person
    thread: int
    number: Callable[[], int]
    agent: Agent
    second: Agent
    passed: bool = False

    @property
    def holder(self) -> Agent:
        return self.second if self.passed else self.agent


class Generator(ABC):
    """One vendor, as the source `source` with the secret that `secret` says.

    A visit is `asks`, `answers`, then maybe `passes`, and `ends`.  Each gives the webhooks of that
    moment; `at_ms` is the vendor's clock.
    """

    vendor: ClassVar[str]
    channel: ClassVar[Channel]
    options: ClassVar[Mapping[str, str]] = {}
    """What the source needs in the settings."""
    transfer: ClassVar[str] = ""
    """The kind of transfer that `passes` is; empty: this vendor knows none."""
    resolves: ClassVar[bool] = False
    """Does `ends` say that the need is met?  Else the conversation just ends."""

    def __init__(self, source: str, secret: str, url: str) -> None:
        """`url` is the source's public URL: some vendors sign it."""
        self.source = source
        self.secret = secret
        self.url = url

    def identifiers(self, who: Person) -> tuple[tuple[str, str], ...]:
        """(kind, value) by which this vendor alone knows the customer."""
        return ()

    @abstractmethod
    def asks(self, visit: Visit, text: str, at_ms: int) -> list[Told]:
        """The customer gets in touch; on the phone he waits in a queue."""

    @abstractmethod
    def answers(self, visit: Visit, text: str, at_ms: int) -> list[Told]:
        """A human answers."""

    def passes(self, visit: Visit, at_ms: int) -> list[Told]:
        """The agent gives it to the second, who goes on."""
        return []

    def ends(self, visit: Visit, at_ms: int) -> list[Told]:
        """The customer is gone, or the need is met; `visit.passed` says who had it then."""
        return []
