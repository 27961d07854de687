"""Amazon EventBridge as the way in: an API destination posts each event of a bus.

The envelope: `id`, `detail-type`, `source`, `time` (whole seconds), `detail`.  Nothing is signed:
the connection carries a key, as `x-api-key`, as bearer, or as the password of basic authorization.
Deliveries are retried for up to 24 hours, may come twice, and keep no order.
Source: Amazon EventBridge user guide, "API destinations as targets" and "Connections".
"""

from __future__ import annotations

from abc import ABC

from streams.channels.base import Adapter, Rejected, Request, SourceConfig
from streams.channels.signatures import any_secret, bearer


class EventBridge(Adapter, ABC):
    def verify(self, request: Request, source: SourceConfig) -> Rejected | None:
        if (key := request.headers.get("x-api-key")) is not None:
            return any_secret(source, key, lambda secret: secret, "X-API-Key")
        return bearer(request, source)
