"""Three ids of one person, for stories that are still on their way between partitions."""

from __future__ import annotations

from typing import Any

from schemas.common import Actor, ConversationRef, Identifier
from schemas.events import EventBase, IdentityLinked, MessagePosted
from schemas.facts import ChannelSwitched, JourneyOpened
from streams.engine.partition import partition_for
from streams.identity.index import customer_base
from tests.lanes import PARTITIONS, Lanes
from tests.world import DOMAIN, MINUTE, START


class Three:
    """Three ids of one person, each on its channel and in a partition of its own."""

    def __init__(self) -> None:
        self.lanes = Lanes(None)
        self.now = START
        self.ids: list[Identifier] = []
        self.homes: list[int] = []
        for number in range(100):
            one = Identifier("vendor", f"x:{number}", "asserted")
            home = partition_for(customer_base(b"k" * 16, one) + "-0", PARTITIONS)
            if home not in self.homes and len(self.ids) < 3:
                self.ids.append(one)
                self.homes.append(home)

    def put(self, cls: type[EventBase], **fields: Any) -> None:
        self.now += MINUTE
        fields.setdefault("channel", "web")
        self.lanes.put(
            cls(
                id=f"e{self.now}", source="s", domain=DOMAIN, time_ms=self.now,
                recorded_ms=self.now, **fields,
            )
        )  # fmt: skip

    def writes(self, which: int) -> None:
        channel: Any = ("chat", "whatsapp", "email")[which]
        self.put(
            MessagePosted, channel=channel, actor=Actor("customer"), message_id=f"m{self.now}",
            direction="inbound", identifiers=(self.ids[which],),
            conversation=ConversationRef("s", channel),
        )  # fmt: skip

    def are_one(self, one: int, other: int) -> None:
        ids = (self.ids[one], self.ids[other])
        self.put(IdentityLinked, actor=Actor("system"), rel="same", by="crm", identifiers=ids)

    def switches(self) -> list[tuple[str, str]]:
        found = [
            (f.from_, f.to)
            for f in self.lanes.facts.values()
            if isinstance(f, ChannelSwitched) and f.state == "asserted"
        ]
        return sorted(found)

    def opened(self) -> int:
        return sum(
            isinstance(f, JourneyOpened) and f.state == "asserted"
            for f in self.lanes.facts.values()
        )
