"""Signatures that others have computed, and some from the schemes themselves."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from streams.channels.base import Rejected, Request, SourceConfig
from streams.channels.registry import adapters
from streams.channels.signatures import digest_hex

NOW_MS = 1_790_000_000_000
NOW = str(NOW_MS // 1_000)
BODY = b' {"n": 9007199254740993, "t": "\xc3\xa9"}\r\n'
KEY = "secret of the scheme"


def verify(
    vendor: str, secret: str, headers: dict[str, str], body: bytes, at_ms: int = NOW_MS,
    url: str = "https://hooks.example.com/v1/in/x",
) -> Rejected | None:  # fmt: skip
    if vendor not in adapters():
        pytest.skip(f"there is no adapter for {vendor}")
    lower = {name.lower(): value for name, value in headers.items()}
    request = Request("POST", url, lower, body, at_ms)
    return adapters()[vendor].verify(request, SourceConfig("x", vendor, "acme", (secret,)))


def vector(shared: Path, scheme: str) -> dict[str, Any]:
    vectors = json.loads((shared / "reference" / "vectors.json").read_text())
    [found] = [one for one in vectors if one["scheme"].startswith(scheme)]
    return dict(found)


@pytest.mark.shared
def test_standard_webhooks(shared: Path) -> None:
    one = vector(shared, "standard-webhooks")
    headers = {**one["headers"], "webhook-signature": one["expected"]}
    at_ms = int(one["headers"]["webhook-timestamp"]) * 1_000
    body = one["body"].encode()
    assert verify("cloudevents", one["secret"], headers, body, at_ms) is None
    assert verify("cloudevents", one["secret"], headers, body + b" ", at_ms) is not None
    several = {**headers, "webhook-signature": f"v1a,x v1,AAAA {one['expected']}"}
    assert verify("cloudevents", one["secret"], several, body, at_ms) is None


@pytest.mark.shared
def test_slack(shared: Path) -> None:
    one = vector(shared, "slack")
    headers = {**one["headers"], "X-Slack-Signature": one["expected"]}
    at_ms = int(one["headers"]["X-Slack-Request-Timestamp"]) * 1_000
    assert verify("slack", one["secret"], headers, one["body"].encode(), at_ms) is None
    assert verify("slack", one["secret"], headers, one["body"].encode() + b"&", at_ms) is not None


@pytest.mark.shared
@pytest.mark.parametrize("scheme", ["twilio X-Twilio-Signature", "twilio duplicate"])
def test_twilio_forms(shared: Path, scheme: str) -> None:
    one = vector(shared, scheme)
    form = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Twilio-Signature": one["expected"],
    }
    body = urlencode(one["params"], doseq=True).encode()
    assert verify("twilio", one["secret"], form, body, url=one["url"]) is None
    assert verify("twilio", one["secret"], form, body + b"&x=1", url=one["url"]) is not None
    with_port = one["url"].replace(".com/", ".com:443/")
    assert verify("twilio", one["secret"], form, body, url=with_port) is None
    assert (
        verify("twilio", one["secret"], form, body, url=one["url"].replace("https", "http"))
        is not None
    )


@pytest.mark.shared
def test_twilio_json(shared: Path) -> None:
    """The body's hash is published; the signature over the URL is made from the scheme."""
    one = vector(shared, "twilio JSON")
    assert digest_hex(one["body"].encode()) == one["expected_bodySHA256"]
    url = f"https://hooks.example.com/v1/in/x?a=1&bodySHA256={one['expected_bodySHA256']}"
    given = base64.b64encode(hmac.new(b"12345", url.encode(), hashlib.sha1).digest()).decode()
    headers = {"Content-Type": "application/json", "X-Twilio-Signature": given}
    assert verify("twilio", "12345", headers, one["body"].encode(), url=url) is None
    assert verify("twilio", "12345", headers, one["body"].encode() + b" ", url=url) is not None


@pytest.mark.shared
def test_sendgrid(shared: Path) -> None:
    one = vector(shared, "sendgrid")
    body = (shared / one["body_file"]).read_bytes()
    at_ms = int(one["headers"]["X-Twilio-Email-Event-Webhook-Timestamp"]) * 1_000
    assert verify("sendgrid", one["public_key"], one["headers"], body, at_ms) is None
    for changed in (body.strip(), body + b" "):
        assert verify("sendgrid", one["public_key"], one["headers"], changed, at_ms) is not None


@pytest.mark.shared
def test_freshchat(shared: Path) -> None:
    files = [shared / name for name in vector(shared, "freshchat")["files"]]
    if absent := [file.name for file in files if not file.is_file()]:
        pytest.skip(f"{', '.join(absent)} of the vector is absent")
    key, body, signature = (file.read_bytes() for file in files)
    headers = {"X-FreshChat-Signature": signature.decode().strip()}
    assert verify("freshchat", key.decode(), headers, body) is None
    assert verify("freshchat", key.decode(), headers, body + b"\n") is not None


def mac(message: bytes, algorithm: str = "sha256") -> bytes:
    return hmac.new(KEY.encode(), message, algorithm).digest()


SCHEMES: dict[str, tuple[dict[str, str], bool]] = {
    "zendesk": (
        {"X-Zendesk-Webhook-Signature": base64.b64encode(mac(NOW.encode() + BODY)).decode(),
         "X-Zendesk-Webhook-Signature-Timestamp": NOW},
        True,
    ),
    "meta_whatsapp": ({"X-Hub-Signature-256": f"sha256={mac(BODY).hex()}"}, False),
    "meta_messenger": ({"X-Hub-Signature-256": f"sha256={mac(BODY).hex()}"}, False),
    "meta_instagram": ({"X-Hub-Signature-256": f"sha256={mac(BODY).hex()}"}, False),
    "chatwoot": (
        {"X-Chatwoot-Signature": f"sha256={mac(NOW.encode() + b'.' + BODY).hex()}", "X-Chatwoot-Timestamp": NOW},
        True,
    ),
    "intercom": ({"X-Hub-Signature": f"sha1={mac(BODY, 'sha1').hex()}"}, False),
    "zammad": ({"X-Hub-Signature": f"sha1={mac(BODY, 'sha1').hex()}"}, False),
    "slack": (
        {"X-Slack-Signature": f"v0={mac(b'v0:' + NOW.encode() + b':' + BODY).hex()}", "X-Slack-Request-Timestamp": NOW},
        True,
    ),
    "telegram": ({"X-Telegram-Bot-Api-Secret-Token": KEY}, False),
}  # fmt: skip
"""Vendors that publish no fixed vector: from the scheme, over a body with spaces, CRLF and UTF-8."""

BARE = {"telegram"}
"""A password: the body is not signed."""


@pytest.mark.parametrize("vendor", SCHEMES)
def test_what_the_scheme_makes_is_accepted_over_raw_bytes(vendor: str) -> None:
    headers, timed = SCHEMES[vendor]
    assert verify(vendor, KEY, headers, BODY) is None
    assert verify(vendor, KEY + "x", headers, BODY) is not None
    if vendor not in BARE:
        assert verify(vendor, KEY, headers, BODY.strip()) is not None
    if timed:
        refused = verify(vendor, KEY, headers, BODY, NOW_MS + 600_000)
        assert refused is not None and refused.code == "stale"
        refused = verify(vendor, KEY, headers, BODY, NOW_MS - 600_000)
        assert refused is not None and refused.code == "stale"
