"""Of a mail only the writer's own words count, whichever vendor tells it: what he quotes was said
before, and by somebody else.
"""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from schemas.events import MessagePosted
from tests.conformance.vendors import Raw, Sample, parsed, vendors, wire

SAMPLES = vendors()
QUOTED = "\n\nOn Mon, 5 Jan 2026 at 10:00, Bo <bo@example.org> wrote:\n> I call you back tomorrow"


MARKED = '<div class="gmail_quote"><p>I call you back tomorrow</p></div>'


def quoting(value: Any, words: str, quoted: str) -> Any:
    """The body in which whoever says these words answers above what he quotes."""
    if isinstance(value, dict):
        return {
            name: part if name in {"subject", "title"} else quoting(part, words, quoted)
            for name, part in value.items()
        }
    if isinstance(value, list):
        return [quoting(part, words, quoted) for part in value]
    return value.replace(words, words + quoted) if isinstance(value, str) else value


def mails(vendor: str) -> list[tuple[str, Sample, str]]:
    found = []
    for name, (sample, _) in SAMPLES[vendor].BODIES.items():
        for event in parsed(vendor, sample).events:
            words = event.personal.get("text", "")
            if isinstance(event, MessagePosted) and event.channel == "email" and len(words) > 8:
                found.append((name, sample, words))
    return found


def texts(vendor: str, sample: Sample) -> list[str]:
    events = parsed(vendor, sample).events
    return [e.personal.get("text", "") for e in events if isinstance(e, MessagePosted)]


DESKS = ("chatwoot", "freshdesk", "front", "intercom", "zammad", "zendesk")
IN_HTML = ("freshdesk", "intercom", "zammad")


@pytest.mark.parametrize(
    ("vendor", "quoted"),
    [(vendor, QUOTED) for vendor in DESKS] + [(vendor, MARKED) for vendor in IN_HTML],
)
def test_what_is_quoted_is_left_out(vendor: str, quoted: str) -> None:
    tried = 0
    for name, sample, words in mails(vendor):
        raw = wire(sample)
        body = orjson.dumps(quoting(orjson.loads(raw.body), words, quoted))
        if b"call you back tomorrow" in body:
            assert texts(vendor, Raw(body, raw.headers)) == texts(vendor, sample), name
            tried += 1
    assert tried, "no sample of this vendor is a mail"
