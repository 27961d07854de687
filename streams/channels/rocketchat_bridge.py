"""The bridge of Rocket.Chat's name (Courier, RapidPro): `{user: {urn, …}, text, attachments}`.

It has neither id nor time: two equal messages of one visitor look like a retry.
Source: github.com/nyaruka/courier, `handlers/rocketchat`.
"""

from __future__ import annotations

from typing import Any

from schemas.events import MessagePosted
from streams.channels.base import Parsed, malformed
from streams.channels.body import plain, rows, table, text
from streams.channels.draft import CUSTOMER, Draft
from streams.channels.ids import digest


def read_bridge(body: dict[str, Any], draft: Draft) -> Parsed:
    """A message of a visitor; the visitor's thread is the conversation."""
    user = table(body, "user")
    urn = text(user, "urn")
    said = plain(text(body, "text"))
    kinds = [text(one, "type").partition("/")[0] or "file" for one in rows(body, "attachments")]
    if not urn:
        return malformed("The bridge names nobody who wrote.")
    if not said and not kinds:
        return malformed("The bridge's message has neither text nor attachment.")
    draft.native_type = "bridge"
    draft.conversation = urn
    scheme, _, path = urn.partition(":")
    draft.identifiers = draft.vendor_id(f"visitor/{path}" if scheme == "livechat" else urn)
    ident = digest([urn, text(body, "text"), rows(body, "attachments")])
    posted = draft.event(
        MessagePosted,
        f"bridge/{ident}",
        None,
        actor=CUSTOMER,
        message_id=ident,
        direction="inbound",
        personal={
            "text": said or f"[{', '.join(kinds)}]",
            "name": text(user, "full_name") or text(user, "username"),
        },
    )
    return Parsed((posted,))
