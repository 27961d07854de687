"""What a body leaves out is not made up: a field is taken out of each sample, one after the other,
and no word of the customer's becomes the company's, nor a machine's word a customer's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from schemas.events import ConsentChanged, EventBase, FeedbackReceived, MessagePosted
from tests.conformance.vendors import Form, Raw, Sample, parsed, vendors, wire

SAMPLES = vendors()
Path = tuple[str | int, ...]


AGREED_WITHOUT = {"notification_messages_status"}
"""Meta tells by this what became of an agreement, and the agreement itself without it."""


def paths(value: Any, so_far: Path = ()) -> Iterator[Path]:
    inner = value.items() if isinstance(value, dict) else ()
    inner = enumerate(value) if isinstance(value, list) else inner
    for step, part in inner:
        yield (*so_far, step)
        yield from paths(part, (*so_far, step))


def without(value: Any, path: Path) -> Any:
    """A copy in which nothing stands at `path`."""
    step, *rest = path
    copy = value.copy()
    if rest:
        copy[step] = without(copy[step], tuple(rest))
    else:
        del copy[step]
    return copy


def cut(sample: Sample) -> Iterator[tuple[Path, Sample]]:
    """The sample without one of its fields, for each of them; what is neither is left alone."""
    if isinstance(sample, Form):
        for name in sample.fields:
            yield (name,), Form({k: v for k, v in sample.fields.items() if k != name})
        return
    raw = wire(sample)
    try:
        body = orjson.loads(raw.body)
    except orjson.JSONDecodeError:
        return
    for path in paths(body):
        yield path, Raw(orjson.dumps(without(body, path)), raw.headers)


def said(vendor: str, sample: Sample) -> dict[str, MessagePosted]:
    """Message id → message; of a body that is not understood in full nothing."""
    found = parsed(vendor, sample)
    if found.code:
        return {}
    return {e.message_id: e for e in found.events if isinstance(e, MessagePosted)}


def sided(event: EventBase) -> bool:
    """Whoever speaks, the way of his words fits him."""
    if not isinstance(event, MessagePosted):
        return True
    if event.actor.kind == "external":
        return True
    return (event.actor.kind == "customer") == (event.direction == "inbound")


@pytest.mark.parametrize("vendor", sorted(SAMPLES))
def test_nobody_is_put_on_the_other_side(vendor: str) -> None:
    for name, (sample, _) in SAMPLES[vendor].BODIES.items():
        whole = said(vendor, sample)
        assert all(map(sided, whole.values())), name
        for path, rest in cut(sample) if whole else ():
            for ident, message in said(vendor, rest).items():
                assert sided(message), (name, path)
                before = whole.get(ident)
                if before is not None and before.actor.kind == "customer":
                    assert message.direction == "inbound", (
                        f"{name!r} without {path}: the customer's words became ours. Where the "
                        "side is not known, give `unknown`."
                    )


def sworn(vendor: str, sample: Sample) -> set[tuple[str, object]]:
    """What binds the company or counts against it: consents with their state, scores."""
    return {
        (type(e).__name__, e.state if isinstance(e, ConsentChanged) else e.score)
        for e in parsed(vendor, sample).events
        if isinstance(e, ConsentChanged | FeedbackReceived)
    }


@pytest.mark.parametrize("vendor", sorted(SAMPLES))
def test_no_consent_and_no_score_come_of_what_is_missing(vendor: str) -> None:
    for name, (sample, _) in SAMPLES[vendor].BODIES.items():
        whole = sworn(vendor, sample)
        for path, rest in cut(sample):
            new = {what for what in sworn(vendor, rest) - whole if what[1] is not None}
            assert not new or path[-1] in AGREED_WITHOUT, (name, path, new)


def test_a_field_without_which_nothing_is_known_is_missed() -> None:
    """The tests above are no proof of this: a message may be lost without a word."""
    refused = {
        ("aircall", "created", ("data", "id")),
        ("aircall", "text message", ("data", "id")),
        ("chatwoot", "by whatsapp", ("message_type",)),
        ("chatwoot", "by whatsapp", ("conversation",)),
        ("chatwoot", "delivered", ("conversation", "id")),
        ("genesys", "open message", ("direction",)),
        ("genesys", "line of a chat", ("eventBody", "conversation", "id")),
        ("genesys", "outcome", ("eventBody", "flowOutcomeValue")),
        ("intercom", "ticket.state.updated", ("data", "item", "ticket_state")),
        ("slack", "message", ("event", "user")),
        ("telegram", "channel edited", ("edited_channel_post", "chat", "id")),
        ("telegram", "business, deleted", ("deleted_business_messages", "chat", "id")),
        ("telegram", "reaction", ("message_reaction", "chat", "id")),
        ("twilio", "line", ("Author",)),
        ("twilio", "line", ("EventType",)),
        ("zendesk", "comment", ("event", "comment")),
        ("zendesk", "comment", ("event", "comment", "author")),
        ("zendesk", "messaging: customer", ("events", 0, "payload", "message", "author")),
    }
    for vendor, name, path in refused:
        sample, _ = SAMPLES[vendor].BODIES[name]
        [rest] = [rest for way, rest in cut(sample) if way == path]
        found = parsed(vendor, rest)
        assert found.code in {"malformed", "unknown_type"} and found.reason, (vendor, name, path)
        assert not found.events
