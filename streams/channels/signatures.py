"""What the vendors' signature schemes share. Every comparison takes constant time."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterable
from urllib.parse import parse_qs, urlsplit

from streams.channels.base import Rejected, Request, SourceConfig

WINDOW_MS = 300_000
"""A signed time may differ from ours by five minutes: older ones are replays."""

NO_SECRET = Rejected(
    "no_signature", "This source has no secret configured, so nothing can be verified."
)


def hex_hmac(secret: str, message: bytes, algorithm: str = "sha256") -> str:
    return hmac.new(secret.encode(), message, algorithm).hexdigest()


def base64_hmac(secret: str, message: bytes, algorithm: str = "sha256") -> str:
    return base64.b64encode(hmac.new(secret.encode(), message, algorithm).digest()).decode()


def same(a: str, b: str) -> bool:
    """Constant time, for any characters."""
    return hmac.compare_digest(
        a.encode("utf-8", "surrogatepass"), b.encode("utf-8", "surrogatepass")
    )


def any_secret(
    source: SourceConfig, given: str | None, expected: Callable[[str], str], where: str
) -> Rejected | None:
    """`given` must be what one of the source's secrets makes. `where` names it for people."""
    if not source.secrets:
        return NO_SECRET
    if not given:
        return Rejected("no_signature", f"The request has no signature in {where}.")
    found = False
    for secret in source.secrets:
        found |= same(given, expected(secret))
    if found:
        return None
    return Rejected(
        "bad_signature",
        f"The signature in {where} does not fit: another secret, or a body changed on its way.",
    )


def fresh(
    request: Request, signed_ms: int | None, where: str, past_ms: int = WINDOW_MS
) -> Rejected | None:
    """The signed time must be within the window of the arrival.  `past_ms` is wider for vendors
    whose retries carry the signature of the first try.
    """
    if signed_ms is None:
        return Rejected("malformed", f"{where} holds no time.")
    if not -WINDOW_MS <= request.received_ms - signed_ms <= past_ms:
        allowed_ms = past_ms if signed_ms < request.received_ms else WINDOW_MS
        return Rejected(
            "stale",
            f"{where} differs from our clock by more than {allowed_ms // 60_000} minutes: "
            "a replay, or a wrong clock.",
        )
    return None


def bearer(request: Request, source: SourceConfig) -> Rejected | None:
    """`Authorization: Bearer <secret>`, basic auth with the secret as password, or `?token=`:
    for vendors that sign nothing.
    """
    if not source.secrets:
        return NO_SECRET
    given = list(_tokens(request))
    if not given:
        return Rejected("no_signature", "The request carries no token.")
    found = False
    for token in given:
        for secret in source.secrets:
            found |= same(token, secret)
    return None if found else Rejected("bad_signature", "The token is not one of this source's.")


def _tokens(request: Request) -> Iterable[str]:
    scheme, _, rest = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        yield rest.strip()
    elif scheme.lower() == "basic":
        try:
            yield base64.b64decode(rest, validate=True).decode("utf-8", "replace").partition(":")[2]
        except ValueError:
            yield ""
    yield from query_values(request.url, "token")


def query_values(url: str, name: str) -> list[str]:
    return parse_qs(urlsplit(url).query).get(name, [])


def digest_hex(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def standard_webhook(secret: str, message: bytes) -> str:
    """Base64 of HMAC-SHA256 with the bytes of a `whsec_` secret (padding may be missing); a secret
    that is no base64 is taken as it is.
    """
    try:
        key = base64.b64decode(secret.removeprefix("whsec_") + "==", validate=False)
    except ValueError:
        key = secret.encode()
    return base64.b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode()
