"""The door that all of Meta's products share: the subscription's handshake and the signature.

Source: Meta's Graph API documentation, "Webhooks, Getting started" (verification requests, event
notifications, validating payloads).
"""

from __future__ import annotations

from abc import ABC

from streams.channels.base import Adapter, Rejected, Reply, Request, SourceConfig
from streams.channels.signatures import any_secret, hex_hmac, query_values, same


class MetaWebhook(Adapter, ABC):
    """Options: `verify_token`, which Meta shows at the handshake; without it a secret will do."""

    def handshake(self, request: Request, source: SourceConfig) -> Reply | None:
        """The subscription's GET: the challenge goes back if the verify token is the option
        `verify_token` (or one of the secrets).
        """
        if request.method != "GET":
            return None
        challenge = query_values(request.url, "hub.challenge")
        token = "".join(query_values(request.url, "hub.verify_token")[:1])
        known = [source.options["verify_token"]] if "verify_token" in source.options else []
        known += source.secrets
        if challenge and sum(same(token, one) for one in known):
            return Reply(200, challenge[0].encode())
        return Reply(403, b"The verify token is not the one that this source is configured with.")

    def verify(self, request: Request, source: SourceConfig) -> Rejected | None:
        """`sha256=` and HMAC-SHA256 of the body with the app's secret."""
        return any_secret(
            source,
            request.headers.get("x-hub-signature-256"),
            lambda key: f"sha256={hex_hmac(key, request.body)}",
            "X-Hub-Signature-256",
        )
