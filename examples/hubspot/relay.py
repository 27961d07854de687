"""Between HubSpot and the gateway: asks HubSpot for the messages that a body names, sends it on.

    export HUBSPOT_SECRET=… HUBSPOT_TOKEN=… RELAY_URL=https://relay.example.com/
    export GATEWAY_URL=https://gateway.example.com/v1/in/hubspot
    python relay.py

It keeps nothing.  While HubSpot's API or the gateway does not answer it says 503, and HubSpot
sends the body again: ids stay the same, so nothing counts twice.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import Request, urlopen

from filrouge_hubspot import HubSpot, signed

from streams.channels.base import Request as Webhook
from streams.channels.base import SourceConfig
from streams.channels.signatures import base64_hmac

API = "https://api.hubapi.com"
LARGEST = 1_000_000
Ask = Callable[[str], dict[str, Any] | None]


def complete(body: bytes, ask: Ask) -> bytes:
    """The body with `message` in each event that names one.  What HubSpot no longer has stays as it
    came, and the plug-in says so.
    """
    events = json.loads(body)
    for event in events if isinstance(events, list) else []:
        if isinstance(event, dict) and event.get("subscriptionType") == "conversation.newMessage":
            thread, message = (quote(str(event.get(k)), "") for k in ("objectId", "messageId"))
            found = ask(f"/conversations/v3/conversations/threads/{thread}/messages/{message}")
            if found is not None:
                event["message"] = found
    return json.dumps(events).encode()


def asker(token: str, api: str = API) -> Ask:
    """Asks HubSpot's API; None for what is not there. Raises `URLError`."""

    def ask(path: str) -> dict[str, Any] | None:
        request = Request(api + path, headers={"Authorization": f"Bearer {token}"})  # noqa: S310 - ours
        try:
            with urlopen(request, timeout=5) as answer:  # noqa: S310
                found: dict[str, Any] = json.load(answer)
                return found
        except HTTPError as error:
            if error.code in {404, 410}:
                return None
            raise

    return ask


def send(body: bytes, secret: str, gateway: str) -> None:
    """Signed as HubSpot signs, for the gateway's URL. Raises `URLError`."""
    stamp = str(time.time_ns() // 1_000_000)
    headers = {
        "Content-Type": "application/json",
        "X-HubSpot-Request-Timestamp": stamp,
        "X-HubSpot-Signature-v3": base64_hmac(secret, signed("POST", gateway, body, stamp)),
    }
    urlopen(Request(gateway, body, headers), timeout=5).close()  # noqa: S310


class Relay(BaseHTTPRequestHandler):
    settings: Mapping[str, str] = os.environ

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > LARGEST:
            self.send_error(413)
            return
        body, now_ms, env = self.rfile.read(length), time.time_ns() // 1_000_000, self.settings
        headers = {name.lower(): value for name, value in self.headers.items()}
        webhook = Webhook("POST", env["RELAY_URL"], headers, body, now_ms)
        source = SourceConfig("hubspot", "hubspot", "", (env["HUBSPOT_SECRET"],))
        if refused := HubSpot().verify(webhook, source):
            self.send_error(401, refused.sentence)
            return
        try:
            whole = complete(body, asker(env["HUBSPOT_TOKEN"], env.get("HUBSPOT_API", API)))
            send(whole, env["HUBSPOT_SECRET"], env["GATEWAY_URL"])
        except (URLError, TimeoutError, ValueError):
            self.send_error(503)
            return
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Nothing: a log would hold who wrote when."""


if __name__ == "__main__":
    ThreadingHTTPServer(("", int(os.environ.get("PORT", "8070"))), Relay).serve_forever()
