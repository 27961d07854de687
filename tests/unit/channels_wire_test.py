"""What is one vendor's only: vectors of signature schemes, challenges, a message told twice."""

from __future__ import annotations

import hashlib
import hmac
import json

from streams.channels.base import Request, SourceConfig
from streams.channels.registry import adapters
from streams.demo.cast import AGENTS
from streams.demo.traffic.chatwoot import Desk
from tests.conformance.vendors import NOW_MS, SECRET, URL, WHO, meta_whatsapp


def source(vendor: str, *secrets: str) -> SourceConfig:
    return SourceConfig("source", vendor, "acme", secrets)


def request(body: bytes) -> Request:
    return Request("POST", URL, {"content-type": "application/json"}, body, NOW_MS)


def test_the_known_vectors_of_public_signature_schemes_fit() -> None:
    form = b"CallSid=CA1234567890ABCDE&Digits=1234&From=%2B14158675309&To=%2B18005551212&Caller=%2B14158675309"
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    headers = {
        "x-twilio-signature": "RSOYDt4T1cUTdK1PDd93/VVr8B8=",
        "content-type": "application/x-www-form-urlencoded",
    }
    call = Request("POST", url, headers, form, NOW_MS)
    assert adapters()["twilio"].verify(call, source("twilio", "12345")) is None
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    hook = Request("POST", URL, headers, b'{"test": 2432232314}', 1_614_265_330_000)
    assert adapters()["cloudevents"].verify(hook, source("cloudevents", SECRET)) is None


def test_metas_challenge_is_answered_only_with_the_right_token() -> None:
    adapter = adapters()["meta_whatsapp"]
    for token, status in (("right", 200), ("wrong", 403)):
        url = f"{URL}?hub.mode=subscribe&hub.verify_token={token}&hub.challenge=42"
        reply = adapter.handshake(
            Request("GET", url, {}, b"", NOW_MS), source("meta_whatsapp", "right")
        )
        assert reply is not None and reply.status == status
        assert (reply.body == b"42") is (status == 200)


def test_the_same_message_twice_in_one_body_is_one_event() -> None:
    body = json.loads(meta_whatsapp.CALL.body)
    messages = body["entry"][0]["changes"][0]["value"]["messages"]
    messages.append(messages[0])
    parsed = adapters()["meta_whatsapp"].parse(
        request(json.dumps(body).encode()), source("meta_whatsapp")
    )
    assert len(parsed.events) == 1


def test_first_party_types_cannot_come_through_the_open_door() -> None:
    body = json.dumps(
        {"specversion": "1.0", "type": "filrouge.clock.tick", "source": "x", "id": "1", "data": {}}
    ).encode()
    parsed = adapters()["cloudevents"].parse(request(body), source("cloudevents"))
    assert parsed.events == () and "Only Filrouge" in parsed.reason


def test_chatwoots_agent_takes_over_and_a_new_agent_is_an_assignment() -> None:
    desk = Desk("source", SECRET)
    call = desk.assigned(1, WHO, AGENTS[0], AGENTS[1], NOW_MS)
    [event] = adapters()["chatwoot"].parse(request(call.body), source("chatwoot")).events
    assert event.to.agent == str(AGENTS[1].number)  # type: ignore[attr-defined]
    assert event.from_.agent == str(AGENTS[0].number)  # type: ignore[attr-defined]


def test_the_signature_is_made_of_raw_bytes() -> None:
    body = b'  {"object": "whatsapp_business_account", "entry": []}\r\n'
    digest = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    raw = Request("POST", URL, {"x-hub-signature-256": f"sha256={digest}"}, body, NOW_MS)
    adapter = adapters()["meta_whatsapp"]
    assert adapter.verify(raw, source("meta_whatsapp", SECRET)) is None
    stripped = Request("POST", URL, raw.headers, body.strip(), NOW_MS)
    assert adapter.verify(stripped, source("meta_whatsapp", SECRET)) is not None
