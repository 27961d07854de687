"""The headers that travel with a body into Kafka (docs/architecture.md, "Records on the wire")."""

from __future__ import annotations

from streams.channels.base import Adapter, Request, SourceConfig


def record_headers(
    source: SourceConfig, adapter: Adapter, request: Request
) -> list[tuple[str, bytes]]:
    return [
        ("source", source.name.encode()),
        ("vendor", source.vendor.encode()),
        ("method", request.method.encode()),
        ("url", request.url.encode("utf-8", "replace")),
        ("content-type", request.content_type.encode("utf-8", "replace")),
        ("received", str(request.received_ms).encode()),
        *(
            (f"h-{name}", request.headers[name].encode("utf-8", "replace"))
            for name in adapter.keep_headers
            if name in request.headers
        ),
    ]
