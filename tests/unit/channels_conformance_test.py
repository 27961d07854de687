"""What every vendor's adapter must do, whichever it is."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.channels.base import Request, SourceConfig
from streams.channels.cloudevents import known_types
from streams.channels.registry import adapters
from streams.channels.twilio import signed_parameters
from streams.demo.cast import AGENTS, person
from streams.demo.traffic import meta_whatsapp
from streams.demo.traffic.aircall import Line
from streams.demo.traffic.call import Call
from streams.demo.traffic.chatwoot import Desk
from streams.demo.traffic.cloudevents import Company
from streams.demo.traffic.twilio import Messages
from streams.demo.traffic.zendesk import Tickets

NOW_MS = 1_790_000_000_000
URL = "https://hooks.example.com/v1/in/source"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
WHO = person(5)

CALLS: dict[str, Call] = {
    "aircall": Line("source", SECRET).event("call.created", 1, WHO, NOW_MS),
    "chatwoot": Desk("source", SECRET).message(1, 2, WHO, "hello", NOW_MS),
    "cloudevents": Company("source", SECRET).contact(WHO, NOW_MS),
    "meta_whatsapp": meta_whatsapp.message("source", SECRET, WHO, "x", "hello", NOW_MS),
    "twilio": Messages("source", SECRET, URL).sms(WHO, "x", "hello"),
    "zendesk": Tickets("source", SECRET).created(3, WHO, "hello", NOW_MS),
}
VENDORS = [name for name in adapters() if name != "filrouge"]


def request(call: Call, body: bytes | None = None, **headers: str) -> Request:
    found = {name.lower(): value for name, value in {**call.headers, **headers}.items()}
    return Request("POST", URL, found, call.body if body is None else body, NOW_MS)


def source(vendor: str, *secrets: str) -> SourceConfig:
    return SourceConfig("source", vendor, "acme", secrets)


def test_every_vendor_has_traffic_to_be_tested_with() -> None:
    assert set(CALLS) == set(VENDORS)


@pytest.mark.parametrize("vendor", VENDORS)
def test_what_the_vendor_signs_is_accepted_with_any_of_the_secrets(vendor: str) -> None:
    adapter = adapters()[vendor]
    assert adapter.verify(request(CALLS[vendor]), source(vendor, SECRET)) is None
    both = source(vendor, "whsec_" + "b" * 32, SECRET)
    assert adapter.verify(request(CALLS[vendor]), both) is None


@pytest.mark.parametrize("vendor", VENDORS)
def test_without_a_secret_nothing_is_accepted(vendor: str) -> None:
    assert adapters()[vendor].verify(request(CALLS[vendor]), source(vendor)) is not None
    bare = Request("POST", URL, {}, CALLS[vendor].body.replace(SECRET.encode(), b""), NOW_MS)
    assert adapters()[vendor].verify(bare, source(vendor, SECRET)) is not None


@pytest.mark.parametrize("vendor", VENDORS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_byte_of_the_body_changed_and_it_is_refused(vendor: str, data: st.DataObject) -> None:
    body = bytearray(CALLS[vendor].body)
    if vendor == "aircall":  # nothing but the token is signed
        at = data.draw(st.integers(0, len(SECRET) - 1)) + body.index(SECRET.encode())
    else:
        at = data.draw(st.integers(0, len(body) - 1))
    body[at] ^= data.draw(st.integers(1, 127))
    changed = request(CALLS[vendor], bytes(body))
    if vendor == "twilio" and signed_parameters(bytes(body)) == signed_parameters(
        CALLS[vendor].body
    ):
        return  # another spelling of the same parameters (%2B and %2b)
    assert adapters()[vendor].verify(changed, source(vendor, SECRET)) is not None


@pytest.mark.parametrize("vendor", ["chatwoot", "cloudevents", "zendesk"])
def test_an_old_signed_time_is_a_replay(vendor: str) -> None:
    late = request(CALLS[vendor])
    late = Request("POST", URL, late.headers, late.body, NOW_MS + 301_000)
    refused = adapters()[vendor].verify(late, source(vendor, SECRET))
    assert refused is not None and refused.code == "stale"


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_retry_gives_the_same_events_and_another_source_others(vendor: str) -> None:
    adapter = adapters()[vendor]
    first = adapter.parse(request(CALLS[vendor]), source(vendor, SECRET)).events
    retry = request(CALLS[vendor])
    retry = Request("POST", URL, retry.headers, retry.body, NOW_MS + 60_000)
    again = adapter.parse(retry, source(vendor, SECRET)).events
    assert first and [e.id for e in first] == [e.id for e in again]
    other = adapter.parse(request(CALLS[vendor]), SourceConfig("other", vendor, "acme")).events
    assert not {e.id for e in first} & {e.id for e in other}


@pytest.mark.parametrize("vendor", VENDORS)
def test_every_event_has_a_time_somebody_and_a_known_type(vendor: str) -> None:
    for event in adapters()[vendor].parse(request(CALLS[vendor]), source(vendor)).events:
        assert event.time_ms > 0 and event.recorded_ms == NOW_MS
        assert event.identifiers or event.conversation
        assert str(event.__struct_config__.tag) in known_types()
        assert "hello" not in str(event).replace(str(event.personal), "")


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"1", b'"text"', b"\xff\xfe", b"{}", b"=", b"a" * 1_000]
)
def test_nonsense_is_explained(vendor: str, body: bytes) -> None:
    parsed = adapters()[vendor].parse(request(CALLS[vendor], body), source(vendor))
    assert parsed.events == () and parsed.code and parsed.reason


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


def mutated(value: object, draw: st.DrawFn) -> object:
    """The value with some part replaced by anything."""
    if draw(st.integers(0, 12)) == 0:
        return draw(JSON)
    if isinstance(value, dict):
        return {key: mutated(part, draw) for key, part in value.items() if draw(st.integers(0, 20))}
    if isinstance(value, list):
        return [mutated(part, draw) for part in value]
    return value


@pytest.mark.parametrize("vendor", VENDORS)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_shape_of_a_body_raises(vendor: str, data: st.DataObject) -> None:
    call = CALLS[vendor]
    try:
        whole = json.loads(call.body)
    except ValueError:
        body = data.draw(st.binary(max_size=200))
    else:
        body = json.dumps(data.draw(st.composite(lambda draw: mutated(whole, draw))())).encode()
    adapters()[vendor].parse(request(call, body), source(vendor))


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
    body = json.loads(CALLS["meta_whatsapp"].body)
    messages = body["entry"][0]["changes"][0]["value"]["messages"]
    messages.append(messages[0])
    parsed = adapters()["meta_whatsapp"].parse(
        request(CALLS["meta_whatsapp"], json.dumps(body).encode()), source("meta_whatsapp")
    )
    assert len(parsed.events) == 1


def test_first_party_types_cannot_come_through_the_open_door() -> None:
    body = json.dumps(
        {"specversion": "1.0", "type": "filrouge.clock.tick", "source": "x", "id": "1", "data": {}}
    ).encode()
    parsed = adapters()["cloudevents"].parse(
        request(CALLS["cloudevents"], body), source("cloudevents")
    )
    assert parsed.events == () and "Only Filrouge" in parsed.reason


def test_chatwoots_agent_takes_over_and_a_new_agent_is_an_assignment() -> None:
    desk = Desk("source", SECRET)
    call = desk.assigned(1, WHO, AGENTS[0], AGENTS[1], NOW_MS)
    [event] = adapters()["chatwoot"].parse(request(call), source("chatwoot")).events
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


@pytest.mark.shared
def test_every_real_body_gives_events_or_a_reason(shared: Path) -> None:
    report = {}
    for vendor in VENDORS:
        folder = shared / "payloads" / vendor
        if not folder.is_dir():
            continue
        gave = 0
        for file in sorted(folder.iterdir()):
            from streams.explain import explain

            parsed = explain(vendor, file.read_bytes(), NOW_MS)
            assert parsed.events or parsed.reason, file.name
            gave += bool(parsed.events)
        report[vendor] = (gave, len(list(folder.iterdir())))
    print(report)
    assert report["meta_whatsapp"][0] >= 49
    assert report["twilio"][0] >= 9


@pytest.mark.shared
def test_no_body_of_any_vendor_makes_any_adapter_raise(shared: Path) -> None:
    from streams.explain import explain

    for file in sorted((shared / "payloads").rglob("*.*")):
        for vendor in VENDORS:
            explain(vendor, file.read_bytes(), NOW_MS)
