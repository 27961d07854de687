"""The example that must ask its vendor: what comes out behind the relay, and when it cannot."""

from __future__ import annotations

import importlib
import json
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from streams.channels.base import Request, SourceConfig
from streams.channels.signatures import base64_hmac

HUBSPOT = Path(__file__).resolve().parents[2] / "examples" / "hubspot"
SECRET, PUBLIC = "a-client-secret", "https://relay.example.com/"
ASKED = "/conversations/v3/conversations/threads/77/messages/m%2F1"
TOLD = {
    "id": "m/1",
    "type": "MESSAGE",
    "direction": "INCOMING",
    "createdAt": "2026-09-21T14:13:20Z",
    "createdBy": "V-105",
    "channelId": "1000",
    "senders": [{"actorId": "V-105"}],
    "text": "Where is my parcel?",
}
EVENTS = [
    {"eventId": 1, "subscriptionType": "conversation.newMessage", "objectId": 77, "messageId": "m/1"},
    {"eventId": 2, "subscriptionType": "conversation.newMessage", "objectId": 77, "messageId": "m2"},
]  # fmt: skip


@pytest.fixture
def relay(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(HUBSPOT))
    yield importlib.import_module("relay")
    for name in ("relay", "filrouge_hubspot"):
        sys.modules.pop(name, None)


class World(BaseHTTPRequestHandler):
    """HubSpot's API and the gateway in one server."""

    seen: list[tuple[str, dict[str, str], bytes]]
    answers: dict[str, int]

    def do_GET(self) -> None:
        status = self.answers.get(self.path, 404)
        self.send_response(status)
        self.end_headers()
        if status == 200:
            self.wfile.write(json.dumps(TOLD).encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.seen.append((self.path, headers, body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


def serve(handler: type[BaseHTTPRequestHandler]) -> tuple[ThreadingHTTPServer, str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_address[1]}"


def post(url: str, secret: str, body: bytes) -> int:
    stamp = str(time.time_ns() // 1_000_000)
    signature = base64_hmac(secret, f"POST{PUBLIC}".encode() + body + stamp.encode())
    headers = {"X-HubSpot-Request-Timestamp": stamp, "X-HubSpot-Signature-v3": signature}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=10) as done:
            return int(done.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_what_the_webhook_only_names_comes_out_whole_behind_the_relay(relay: ModuleType) -> None:
    world = type("Here", (World,), {"seen": [], "answers": {ASKED: 200}})
    outside, at = serve(world)
    gateway = f"{at}/v1/in/hubspot"
    settings = {"RELAY_URL": PUBLIC, "HUBSPOT_SECRET": SECRET, "HUBSPOT_TOKEN": "t",
                "HUBSPOT_API": at, "GATEWAY_URL": gateway}  # fmt: skip
    door, url = serve(type("Relay", (relay.Relay,), {"settings": settings}))
    body = json.dumps(EVENTS).encode()
    try:
        assert post(url, "another secret", body) == 401
        assert world.seen == []
        assert post(url, SECRET, body) == 200
        [(path, headers, sent)] = world.seen
        assert path == "/v1/in/hubspot"
        request = Request("POST", gateway, headers, sent, time.time_ns() // 1_000_000)
        source = SourceConfig("hubspot", "hubspot", "acme", (SECRET,))
        adapter: Any = relay.HubSpot()
        assert adapter.verify(request, source) is None
        found = adapter.parse(request, source)
        [message] = found.events
        assert (message.direction, message.personal["text"]) == ("inbound", TOLD["text"])
        assert found.code == "partial" and "relay" in found.reason, "the one that is gone"
        world.answers[ASKED] = 500
        assert post(url, SECRET, body) == 503, "HubSpot sends it again"
        assert len(world.seen) == 1
    finally:
        for server in (door, outside):
            server.shutdown()
            server.server_close()
