"""Chatwoot's API to the webhooks that it would have sent (4.2 sends each once and forgets it).

Conversations come newest activity first, 25 a page; messages 20 a page, `before` an id; the
token is `api_access_token` (`app/finders/conversation_finder.rb`, `message_finder.rb`, the views
beside them).  What is made has the shape of a webhook, so the adapter gives it the ids of the
webhook: what did arrive is known already.  A status or an assignee is told as it stands now; what
happened to it in between, the API does not tell.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec

from streams.channels.body import dig, rows, table, text
from streams.channels.times import any_form
from streams.reconcile.api import Api, ApiError


class Found(msgspec.Struct, frozen=True):
    """One webhook that would have come; `activity_ms` is the vendor's clock of its conversation."""

    body: dict[str, Any]
    activity_ms: int


def headers(token: str) -> dict[str, str]:
    return {"api_access_token": token}


async def changed(api: Api, account: str, since_ms: int) -> AsyncIterator[Found]:
    """What happened at or after `since_ms`.  Raises `ApiError`."""
    root = f"/api/v1/accounts/{account}/conversations"
    seen: set[str] = set()
    number = 1
    while True:
        answer = await api.get(
            root,
            status="all",
            assignee_type="all",
            sort_by="last_activity_at_desc",
            page=str(number),
        )
        page = rows(answer, "data", "payload")
        fresh = [one for one in page if _activity_ms(one) >= since_ms]
        for conversation in fresh:
            ident = text(conversation, "id")
            if ident in seen:
                continue  # it moved down while we turned the page
            seen.add(ident)
            async for body in _of(api, f"{root}/{ident}/messages", conversation, since_ms):
                yield Found(body, _activity_ms(conversation))
        # Pinned conversations may stand first, out of order: a page without any fresh one ends it.
        if not fresh:
            return
        number += 1


async def _of(
    api: Api, path: str, listed: dict[str, Any], since_ms: int
) -> AsyncIterator[dict[str, Any]]:
    conversation = _as_in_webhooks(listed)
    if (any_form(conversation.get("created_at")) or 0) >= since_ms:
        # Who has it now need not have had it then.
        meta = {k: v for k, v in table(conversation, "meta").items() if k in _LASTING}
        first = {**conversation, "status": "open", "meta": meta, "messages": []}
        yield {**first, "event": "conversation_created"}
    for message in await _messages(api, path, since_ms):
        whole = {**message, "conversation": conversation}
        yield {**whole, "event": "message_created"}
        if table(message, "content_attributes").get("submitted_values"):
            yield {**whole, "event": "message_updated"}
    yield {**conversation, "event": "conversation_updated"}


async def _messages(api: Api, path: str, since_ms: int) -> list[dict[str, Any]]:
    """Those at or after `since_ms`, oldest first."""
    found: list[dict[str, Any]] = []
    before: dict[str, str] = {}
    while True:
        page = rows(await api.get(path, **before), "payload")
        fresh = [one for one in page if (any_form(one.get("created_at")) or 0) >= since_ms]
        found = fresh + found
        if len(fresh) < len(page) or not page:
            return found
        earlier = {"before": text(page[0], "id")}
        if earlier == before:
            raise ApiError(f"{path} gives the same page again.")
        before = earlier


_LASTING = {"sender", "channel", "hmac_verified"}


def _as_in_webhooks(listed: dict[str, Any]) -> dict[str, Any]:
    """The list keeps the channel and the contact in `meta` only."""
    meta = table(listed, "meta")
    inbox = {"contact_id": dig(meta, "sender", "id"), "hmac_verified": meta.get("hmac_verified")}
    channel = text(meta, "channel") or text(listed, "channel")
    return {"contact_inbox": inbox, **listed, "channel": channel}


def _activity_ms(listed: dict[str, Any]) -> int:
    return any_form(listed.get("last_activity_at")) or any_form(listed.get("timestamp")) or 0
