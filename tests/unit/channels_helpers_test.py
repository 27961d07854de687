"""Ids, times, bodies, signatures and the registry that all vendors share."""

from __future__ import annotations

import base64
import importlib
from pathlib import Path

import pytest

import streams.channels
from schemas.events import ClockTick
from streams.channels import registry, times
from streams.channels.base import Parsed, Request, SourceConfig, ignored, together, unknown
from streams.channels.body import (
    BodyError,
    dig,
    number,
    plain,
    read_form,
    read_json,
    read_object,
    rows,
    table,
    text,
)
from streams.channels.draft import Draft
from streams.channels.ids import event_id
from streams.channels.signatures import (
    any_secret,
    base64_hmac,
    bearer,
    fresh,
    hex_hmac,
    same,
    standard_webhook,
)

NOW_MS = 1_790_000_000_000


def test_an_id_depends_on_source_and_key_and_on_where_one_ends() -> None:
    assert len(event_id("a", "b")) == 22
    assert event_id("a", "b") == event_id("a", "b")
    assert (
        len({event_id("a", "b"), event_id("b", "a"), event_id("ab", ""), event_id("", "ab")}) == 4
    )


@pytest.mark.parametrize(
    ("read", "value", "expected"),
    [
        (times.seconds, 1_790_000_000, NOW_MS),
        (times.seconds, "1790000000", NOW_MS),
        (times.seconds, 1_790_000_000.2504, NOW_MS + 250),
        (times.milliseconds, NOW_MS, NOW_MS),
        (times.milliseconds, str(NOW_MS), NOW_MS),
        (times.iso, "2026-09-21T14:13:20Z", NOW_MS),
        (times.iso, "2026-09-21T14:13:20.1Z", NOW_MS + 100),
        (times.iso, "2026-09-21T14:13:20.123456789Z", NOW_MS + 123),
        (times.iso, "2026-09-21T16:13:20.000+0200", NOW_MS),
        (times.iso, "2026-09-21T16:13:20+02:00", NOW_MS),
        (times.iso, "2026-09-21 14:13:20 UTC", NOW_MS),
        (times.iso, "2026-09-21 14:13:20 +0000", NOW_MS),
        (times.iso, "2026-09-21T14:13:20", NOW_MS),
        (times.mail, "Mon, 21 Sep 2026 16:13:20 +0200", NOW_MS),
        (times.javascript, "Mon Sep 21 2026 16:13:20 GMT+0200 (heure d’été)", NOW_MS),
        (times.any_form, NOW_MS // 1_000, NOW_MS),
        (times.any_form, NOW_MS, NOW_MS),
        (times.any_form, "2026-09-21T14:13:20Z", NOW_MS),
        (times.any_form, "Mon, 21 Sep 2026 14:13:20 GMT", NOW_MS),
    ],
)
def test_times_of_all_forms(read: object, value: object, expected: int) -> None:
    assert read(value) == expected  # type: ignore[operator]


@pytest.mark.parametrize(
    "value",
    [
        None, "", "soon", 0, "0", True, [], {}, float("inf"), float("nan"), "nan", 1e300, -5,
        "1970-01-01T00:00:00.001Z", "0000-00-00T00:00:00Z", "9999-99-99", "2026-13-01T00:00:00Z",
        "٣", "1" * 400, "Fri, 99 Foo 2026",
    ],
)  # fmt: skip
def test_what_is_no_time_or_stands_for_none_is_none(value: object) -> None:
    for read in (
        times.seconds, times.milliseconds, times.iso, times.mail, times.javascript, times.any_form
    ):  # fmt: skip
        assert read(value) is None, read


def request(body: bytes, content_type: str = "", **headers: str) -> Request:
    found = {"content-type": content_type, **{k.replace("_", "-"): v for k, v in headers.items()}}
    return Request("POST", "https://hooks.example.com/v1/in/x?a=1", found, body, NOW_MS)


def test_json_that_is_none_gives_a_sentence() -> None:
    for bad in (b"", b"{", b"\xff", b'{"a":1}x'):
        with pytest.raises(BodyError, match="not JSON"):
            read_json(bad)
    with pytest.raises(BodyError, match="not an object: list"):
        read_object(b"[]")
    assert read_json(b'{"id": 18446744073709551615}') == {"id": 18446744073709551615}


def test_forms_of_both_kinds() -> None:
    assert read_form(request(b"a=1&b=%2B33+6&b=2&c&d=")) == {
        "a": "1",
        "b": "+33 6",
        "c": "",
        "d": "",
    }
    parts = (
        b'--xx\r\nContent-Disposition: form-data; name="from"\r\n\r\nL\xc3\xa9a\r\n'
        b'--xx\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nzz\r\n'
        b"--xx--\r\n"
    )
    assert read_form(request(parts, "multipart/form-data; boundary=xx")) == {"from": "Léa"}
    for bad, kind in ((b"", ""), (b"\xff=1", ""), (b"x", "multipart/form-data; boundary=xx")):
        with pytest.raises(BodyError):
            read_form(request(bad, kind))


def test_ways_into_a_value_end_quietly() -> None:
    value = {"a": [{"b": 1}, {"b": None}, 3], "n": 5, "t": True, "s": "x"}
    assert dig(value, "a", 0, "b") == 1
    assert dig(value, "a", -1) == 3
    for path in (("a", 9), ("a", "b"), ("n", "x"), ("zz",), ("s", 0)):
        assert dig(value, *path) is None
    assert (text(value, "n"), text(value, "t"), text(value, "a"), text(value, "a", 1, "b")) == (
        "5", "", "", "",
    )  # fmt: skip
    assert rows(value, "a") == [{"b": 1}, {"b": None}]
    assert rows(value, "s") == [] and table(value, "s") == {} and table(value, "a", 0) == {"b": 1}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (12, 12.0), (12.5, 12.5), ("12.5", 12.5), ("-3", -3.0), (10**12, 1e12),
        (True, None), (None, None), ("", None), ("a dozen", None), ([1], None),
        (10**12 + 1, None), ("1e300", None), ("inf", None), ("nan", None),
    ],
)  # fmt: skip
def test_a_number_is_one_that_can_be_meant(value: object, expected: float | None) -> None:
    assert number({"n": value}, "n") == expected


def test_one_of_several_secrets_is_enough_and_none_is_too_little() -> None:
    def code(given: str | None, *secrets: str) -> str | None:
        source = SourceConfig("x", "v", "d", secrets)
        refused = any_secret(source, given, lambda key: hex_hmac(key, b"m"), "X")
        return refused.code if refused else None

    right = hex_hmac("right", b"m")
    assert code(right, "right") is None
    assert code(right, "new", "right", "old") is None
    assert code(right, "wrong") == "bad_signature"
    assert code(right) == "no_signature"
    assert code("", "right") == code(None, "right") == "no_signature"
    assert code("\udcff", "right") == "bad_signature"


def test_known_digests() -> None:
    """RFC 4231, test case 2; RFC 2202, test case 2."""
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert hex_hmac("Jefe", b"what do ya want for nothing?") == expected
    assert base64_hmac("Jefe", b"what do ya want for nothing?") == (
        base64.b64encode(bytes.fromhex(expected)).decode()
    )
    assert hex_hmac("Jefe", b"what do ya want for nothing?", "sha1") == (
        "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"
    )
    assert same("é", "é") and not same("é", "e")


def test_standard_webhooks_secrets_are_base64() -> None:
    message = b"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330." + b'{"test": 2432232314}'
    assert standard_webhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", message) == (
        "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


def test_the_replay_window() -> None:
    def code(signed_ms: int | None) -> str | None:
        refused = fresh(request(b""), signed_ms, "X")
        return refused.code if refused else None

    assert code(NOW_MS - 300_000) is code(NOW_MS + 300_000) is None
    assert code(NOW_MS - 300_001) == code(NOW_MS + 300_001) == "stale"
    assert code(None) == "malformed"


def test_a_token_in_any_of_its_places() -> None:
    def code(url: str = "https://x/", **headers: str) -> str | None:
        call = Request("POST", url, headers, b"", NOW_MS)
        refused = bearer(call, SourceConfig("x", "v", "d", ("right",)))
        return refused.code if refused else None

    basic = base64.b64encode(b"user:right").decode()
    assert code(authorization="Bearer right") is None
    assert code(authorization=f"Basic {basic}") is None
    assert code("https://x/?token=right") is None
    assert code("https://x/?token=wrong&token=right") is None
    assert code("https://x/?token=wrong") == "bad_signature"
    assert code(authorization="Basic %%%") == "bad_signature"
    assert code(authorization="Digest right") == "no_signature"
    call = Request("POST", "https://x/?token=right", {}, b"", NOW_MS)
    assert bearer(call, SourceConfig("x", "v", "d")) is not None


def test_a_vendor_is_added_by_adding_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "levitator.py").write_text(
        "from streams.channels.base import Adapter, ignored\n"
        "class Levitator(Adapter):\n"
        "    vendor = 'levitator'\n"
        "    title = 'Levitator'\n"
        "    def verify(self, request, source): return None\n"
        "    def read(self, request, source): return ignored('It floats.')\n"
    )
    before = set(registry.adapters())
    monkeypatch.setattr(streams.channels, "__path__", [*streams.channels.__path__, str(tmp_path)])
    importlib.invalidate_caches()
    registry.adapters.cache_clear()
    try:
        assert set(registry.adapters()) == before | {"levitator"}
    finally:
        monkeypatch.undo()
        registry.adapters.cache_clear()
    assert set(registry.adapters()) == before


def test_the_parts_of_a_body_are_answered_together() -> None:
    draft = Draft(request(b""), SourceConfig("x", "x", "acme"), "tick")
    told = Parsed((draft.event(ClockTick, "1", NOW_MS),))
    strange, empty = unknown("New."), ignored("Typing.")
    assert together([told, empty, told], "") == Parsed(told.events * 2)
    assert together([told, strange, strange], "") == Parsed(told.events, "New.", "partial")
    assert together([strange, empty], "") == unknown("New.")
    assert together([empty, empty], "") == empty
    assert together([], "Nothing.") == ignored("Nothing.")


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("", ""),
        ("a < b && c > d", "a < b && c > d"),
        ("R&amp;D", "R&amp;D"),
        ("<p>Hello&nbsp;&amp; thanks</p>", "Hello & thanks"),
        ("<p>One</p>\n<p>Two<br/>Three</p>", "One\nTwo\nThree"),
        ('<div class="x">a <b>bold</b> word</div>', "a bold word"),
        ("<style>p {color: red}</style><!-- no --><p>Seen</p>", "Seen"),
        ("<p>2 &lt; 3</p>", "2 < 3"),
        ("<" * 10_000 + "p>", "<" * 9_999),
    ],
)
def test_the_words_of_html(markup: str, words: str) -> None:
    assert plain(markup) == words
