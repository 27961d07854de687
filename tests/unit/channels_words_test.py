"""What was said, where a vendor does not put it in the usual place."""

from __future__ import annotations

import pytest

from tests.conformance.vendors import parsed, vendors

SAMPLES = vendors()


@pytest.mark.parametrize(
    ("vendor", "sample", "words"),
    [
        ("slack", "only blocks", "My lamp <@U31>:cry:https://example.com/"),
        ("chatwoot", "a mail without a text part", "Where is my parcel?"),
        ("chatwoot", "nothing that Chatwoot can show", "[unsupported]"),
        ("intercom", "answered by mail", "Where is my parcel?"),
    ],
)
def test_words_are_found_where_they_stand(vendor: str, sample: str, words: str) -> None:
    [event] = parsed(vendor, SAMPLES[vendor].BODIES[sample][0]).events
    assert event.personal["text"] == words


def test_lists_in_blocks_are_lines() -> None:
    item = {"type": "rich_text_section", "elements": [{"type": "text", "text": "a lamp"}]}
    block = {
        "type": "rich_text",
        "elements": [{"type": "rich_text_list", "elements": [item, item]}],
    }
    event = {
        "type": "message",
        "channel": "C1",
        "user": "U1",
        "ts": "1790000000.1",
        "blocks": [block],
    }
    body = {"type": "event_callback", "team_id": "T1", "event_time": 1790000000, "event": event}
    [said] = parsed("slack", body).events
    assert said.personal["text"] == "a lamp\na lamp"
