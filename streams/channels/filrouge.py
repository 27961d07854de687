"""Filrouge's own events: clock ticks, policy changes, commands, look-ups, delivery outcomes.

They enter by the same topic as any vendor's webhook and never over HTTP.
"""

from __future__ import annotations

import msgspec

from schemas.cloudevents import decode_event
from streams.channels.base import Adapter, Parsed, Rejected, Request, SourceConfig, malformed


class Filrouge(Adapter):
    vendor = "filrouge"
    title = "Filrouge"
    options = ()

    def verify(self, request: Request, source: SourceConfig) -> Rejected | None:
        return Rejected("no_signature", "Filrouge's own events do not come over HTTP.")

    def read(self, request: Request, source: SourceConfig) -> Parsed:
        try:
            event = decode_event(request.body)
        except msgspec.DecodeError as error:
            return malformed(f"This is no event of Filrouge's own: {error}.")
        return Parsed((event,))
