"""Messenger and Instagram: batches signed with `X-Hub-Signature-256`; times in milliseconds."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any, ClassVar, Literal

import orjson

from streams.demo.traffic.call import Call, Person
from streams.demo.traffic.generator import Generator, Told, Visit, told

OURS = "100200300"
BOT_APP = "7001"
INBOX_APP = "263902037430900"
"""Meta's own: the page's inbox, where people answer."""


class Page:
    """A page (Messenger), or an Instagram account."""

    def __init__(
        self, source: str, secret: str, kind: Literal["page", "instagram"] = "page"
    ) -> None:
        self._source = source
        self._secret = secret
        self._kind = kind

    def message(self, who: Person, ident: str, text: str, at_ms: int) -> Call:
        """By the customer."""
        return self._told(who, at_ms, {"message": {"mid": f"m_{ident}", "text": text}})

    def echo(self, who: Person, ident: str, text: str, at_ms: int, app: str = INBOX_APP) -> Call:
        """An answer, written in the inbox or sent by an app."""
        message = {"mid": f"m_{ident}", "text": text, "is_echo": True, "app_id": int(app)}
        return self._told(who, at_ms, {"message": message}, ours=True)

    def read(self, who: Person, at_ms: int) -> Call:
        return self._told(who, at_ms, {"read": {"watermark": at_ms}})

    def passed(self, who: Person, old: str, new: str, at_ms: int) -> Call:
        """The thread goes from one app to another: from the bot to people."""
        control = {"previous_owner_app_id": old, "new_owner_app_id": new, "metadata": "asked"}
        return self._told(who, at_ms, {"pass_thread_control": control})

    def _told(self, who: Person, at_ms: int, what: dict[str, Any], *, ours: bool = False) -> Call:
        customer, business = {"id": scoped_id(who)}, {"id": OURS}
        sender, recipient = (business, customer) if ours else (customer, business)
        item = {"sender": sender, "recipient": recipient, "timestamp": at_ms, **what}
        entry = {"id": OURS, "time": at_ms, "messaging": [item]}
        body = orjson.dumps({"object": self._kind, "entry": [entry]})
        digest = hmac.new(self._secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={digest}"}
        return Call(self._source, body, headers)


def scoped_id(who: Person) -> str:
    """The customer's id, valid on this page only."""
    return f"24{who.number:014d}"


class _Traffic(Generator):
    kind: ClassVar[Literal["page", "instagram"]]

    def __init__(self, source: str, secret: str, url: str) -> None:
        super().__init__(source, secret, url)
        self._page = Page(source, secret, self.kind)

    def identifiers(self, who: Person) -> tuple[tuple[str, str], ...]:
        return ((self.channel, scoped_id(who)),)

    def asks(self, visit: Visit, text: str, at_ms: int) -> list[Told]:
        ident = str(visit.number())
        return [told(self._page.message(visit.who, ident, text, at_ms), "message.posted")]

    def answers(self, visit: Visit, text: str, at_ms: int) -> list[Told]:
        ident = str(visit.number())
        return [told(self._page.echo(visit.who, ident, text, at_ms), "message.posted")]


class Messenger(_Traffic):
    vendor = "meta_messenger"
    channel = "messenger"
    kind = "page"


class Instagram(_Traffic):
    vendor = "meta_instagram"
    channel = "instagram"
    kind = "instagram"
