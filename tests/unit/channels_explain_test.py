"""`filrouge explain`: what somebody reads who holds a body in his hands."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner

from streams.cli import main
from streams.explain import UnknownVendorError, explain, explain_files, guess_content_type
from tests.conformance.vendors import NOW_MS, meta_whatsapp, zendesk


@pytest.fixture
def order(tmp_path: Path) -> Path:
    file = tmp_path / "order.json"
    file.write_bytes(orjson.dumps(meta_whatsapp.BODIES["order"][0]))
    return file


def test_people_read_what_happened_to_whom(order: Path) -> None:
    [(shown, readable)] = explain_files("meta_whatsapp", [order], NOW_MS + 9, as_json=False)
    assert readable
    for part in (
        str(order),
        "message.posted  2026-09-21T14:13:20.000Z",
        "task.progressed",
        "whatsapp, by customer, conversation 7001/33600000007",
        "asserted whatsapp 33600000007",
        "value: 2500",
        "currency: EUR",
        "name: 'Karim Benali'",
    ):
        assert part in shown, shown


def test_programs_read_a_line_a_file(order: Path, tmp_path: Path) -> None:
    typing = tmp_path / "typing.json"
    typing.write_text('{"event": "conversation_typing_on"}')
    for vendor, file, types, reason in (
        ("meta_whatsapp", order, ["message.posted", "task.progressed"], None),
        ("chatwoot", typing, [], "conversation_typing_on: typing."),
    ):
        [(line, _)] = explain_files(vendor, [file], NOW_MS, as_json=True)
        shown = orjson.loads(line)
        assert "\n" not in line and list(shown) == ["file", "events", "reason"]
        assert [event["type"] for event in shown["events"]] == types
        assert shown["reason"] == reason


def test_a_time_that_the_vendor_did_not_give_is_called_the_arrival() -> None:
    body = orjson.dumps({**zendesk.BODIES["comment"][0], "time": None})
    [event] = explain("zendesk", body, NOW_MS).events
    assert event.estimated and event.time_ms == NOW_MS


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'  {"a": 1}', "application/json"),
        (b"[1]", "application/json"),
        (b"From=%2B33600000000&Body=x", "application/x-www-form-urlencoded"),
        (b"Body", "application/json"),
        (b'--x1\r\nContent-Disposition: form-data; name="a"', "multipart/form-data; boundary=x1"),
        (b"--x1\nContent-Type: text/plain", "multipart/form-data; boundary=x1"),
        (b"\xff\xfe", "application/json"),
        (b"", "application/json"),
    ],
)
def test_the_content_type_is_guessed(body: bytes, content_type: str) -> None:
    assert guess_content_type(body) == content_type


def test_a_form_in_a_text_file_is_read_as_a_form() -> None:
    body = b"MessageSid=SM1&From=%2B33600000005&To=%2B33100000001&Body=Hi&SmsStatus=received"
    [event] = explain("twilio", body, NOW_MS).events
    assert event.personal["text"] == "Hi"


def test_an_unknown_vendor_is_answered_with_those_that_there_are() -> None:
    with pytest.raises(UnknownVendorError, match="no vendor 'levitator'.*chatwoot.*zendesk"):
        explain("levitator", b"{}", NOW_MS)


def test_a_file_that_is_missing_does_not_hide_the_others(order: Path, tmp_path: Path) -> None:
    missing = tmp_path / "missing.json"
    result = CliRunner().invoke(
        main, ["explain", "--vendor", "meta_whatsapp", "--json", str(missing), str(order)]
    )
    first, second = (orjson.loads(line) for line in result.output.splitlines())
    assert result.exit_code == 1
    assert first["events"] == [] and "cannot be read" in first["reason"]
    assert [event["type"] for event in second["events"]] == ["message.posted", "task.progressed"]


def test_the_command_ends_well_and_names_what_it_does_not_know(order: Path) -> None:
    good = CliRunner().invoke(main, ["explain", "--vendor", "meta_whatsapp", str(order)])
    assert good.exit_code == 0
    bad = CliRunner().invoke(main, ["explain", "--vendor", "levitator", str(order)])
    assert bad.exit_code != 0 and "Traceback" not in bad.output
    assert "There is no vendor 'levitator'" in bad.output


def test_a_body_in_a_line_of_a_log_is_found() -> None:
    one, two = (
        orjson.dumps({**zendesk.BODIES["comment"][0], "id": ident}).decode() for ident in ("a", "b")
    )
    log = f"[info] webhook {{\n  body: '{one}'\n}}\n[info] {{not}} {two}\n".encode()
    found = explain("zendesk", log, NOW_MS)
    assert len({event.id for event in found.events}) == 2
    assert found.reason == "The file is no body itself: what stands in it as JSON was read."
    assert explain("zendesk", b"[info] nothing here {", NOW_MS).code == "malformed"
    cut = explain("zendesk", one[:-20].encode(), NOW_MS)
    assert cut.events == () and "not JSON" in cut.reason  # a broken body is not a log
