"""The envelope of the events of one body, so that an adapter says only what is its vendor's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from schemas.common import Actor, Channel, ConversationRef, Identifier, IdentifierKind, Trust
from schemas.events import EventBase, MessagePosted
from streams.channels.base import Request, SourceConfig
from streams.channels.ids import event_id
from streams.channels.mail_text import own

E = TypeVar("E", bound=EventBase)

CUSTOMER = Actor("customer")
SYSTEM = Actor("system")
BOT = Actor("bot")


class Draft:
    """Makes events that share a source, a native type, a channel and a conversation."""

    def __init__(
        self,
        request: Request,
        source: SourceConfig,
        native_type: str,
        channel: Channel = "messaging",
        conversation: str = "",
        identifiers: tuple[Identifier, ...] = (),
    ) -> None:
        self._request = request
        self._source = source
        self.native_type = native_type
        self.channel: Channel = channel
        self.conversation = conversation
        self.identifiers = identifiers

    def event(
        self,
        cls: type[E],
        key: str,
        time_ms: int | None,
        /,
        *,
        actor: Actor = SYSTEM,
        channel: Channel | None = None,
        conversation: str | None = None,
        identifiers: tuple[Identifier, ...] | None = None,
        personal: Mapping[str, str] | None = None,
        **fields: Any,
    ) -> E:
        """`key` makes the event unique in its source; without a time it is the arrival's,
        marked as estimated. `personal` values that are empty are left out. Of a mail's text
        the writer's own words stay: what he quotes was said before, by somebody else.
        """
        source, received_ms = self._source, self._request.received_ms
        where = self.conversation if conversation is None else conversation
        medium = channel or self.channel
        said = {name: text for name, text in personal.items() if text} if personal else {}
        if medium == "email" and cls is MessagePosted and "text" in said:
            said["text"] = own(said["text"])
        return cls(
            id=event_id(source.name, key),
            source=source.name,
            domain=source.domain,
            time_ms=received_ms if time_ms is None else time_ms,
            recorded_ms=received_ms,
            estimated=time_ms is None,
            channel=medium,
            actor=actor,
            conversation=ConversationRef(source.name, where) if where else None,
            identifiers=self.identifiers if identifiers is None else identifiers,
            native_type=self.native_type,
            personal=said,
            **fields,
        )

    @property
    def source_name(self) -> str:
        return self._source.name

    def vendor_id(self, value: str, trust: Trust = "asserted") -> tuple[Identifier, ...]:
        """A contact id of this vendor's, as an identifier; nothing when it is empty."""
        return identifier("vendor", f"{self._source.name}:{value}" if value else "", trust)


def identifier(kind: IdentifierKind, value: str, trust: Trust) -> tuple[Identifier, ...]:
    """One identifier, or none when there is no value."""
    return (Identifier(kind, value, trust),) if value else ()
