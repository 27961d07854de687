"""One attempt: a signed POST (Standard Webhooks 1.0.0), and what the answer means."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlsplit

import aiohttp
import msgspec
import orjson
from standardwebhooks.webhooks import Webhook

from schemas.cloudevents import rfc3339
from schemas.notification import Notification
from streams.delivery.addresses import ForbiddenAddressError, is_literal, require_public
from streams.settings import Subscriber

TIMEOUT_S = 15
"""Standard Webhooks asks for 15 to 30 s."""


class Answer(msgspec.Struct, frozen=True):
    """`outcome`: delivered; retry; refused (a 4xx that says never); gone (410: disable)."""

    outcome: str
    reason: str = ""
    retry_after_s: int | None = None


def payload(notice: Notification) -> bytes:
    """The body: `{type, timestamp, data}`; `data` is the notification as `schemas/json` has it."""
    return orjson.dumps(
        {
            "type": f"filrouge.notification.{notice.op}",
            "timestamp": rfc3339(notice.created_ms),
            "data": msgspec.to_builtins(notice),
        }
    )


def signed_headers(notice: Notification, body: bytes, secret: str, now_ms: int) -> dict[str, str]:
    """`webhook-id` stays the same over all attempts; the timestamp is the attempt's."""
    ident = f"{notice.id}_{notice.op}"
    stamp = datetime.fromtimestamp(now_ms // 1_000, UTC)
    signature = Webhook(secret).sign(msg_id=ident, timestamp=stamp, data=body.decode())
    return {
        "webhook-id": ident,
        "webhook-timestamp": str(now_ms // 1_000),
        "webhook-signature": signature,
        "content-type": "application/json",
        "user-agent": "filrouge",
    }


async def post(
    session: aiohttp.ClientSession, subscriber: Subscriber, notice: Notification, now_ms: int
) -> Answer:
    """Sends once. Never raises for what the network or the subscriber does."""
    body = payload(notice)
    headers = signed_headers(notice, body, subscriber.secret, now_ms)
    try:
        host = urlsplit(subscriber.url).hostname or ""
        if is_literal(host) and not subscriber.allow_private:
            require_public(host)
        async with session.post(
            subscriber.url,
            data=body,
            headers=headers,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
        ) as response:
            return _meaning(response.status, response.headers.get("retry-after"))
    except ForbiddenAddressError as error:
        return Answer("refused", str(error))
    except TimeoutError:
        return Answer("retry", f"no answer within {TIMEOUT_S} s")
    except (aiohttp.ClientError, OSError) as error:
        cause = error.__cause__
        if isinstance(cause, ForbiddenAddressError):
            return Answer("refused", str(cause))
        return Answer("retry", f"{type(error).__name__}: {error}")


def _meaning(status: int, retry_after: str | None) -> Answer:
    if 200 <= status < 300:
        return Answer("delivered")
    if status == 410:
        return Answer("gone", "410 Gone")
    if 300 <= status < 400:
        return Answer("refused", f"{status}: redirects are not followed")
    wait = int(retry_after) if retry_after and retry_after.isdigit() else None
    return Answer("retry", f"answered {status}", wait)
