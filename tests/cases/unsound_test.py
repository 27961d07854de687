"""An adapter that errs (a plug-in's, say) stops nobody: what it gives and Kafka could not carry, or
what it raises, becomes a dead letter with its reason, and the lane goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from schemas.cloudevents import decode_event, encode_event, flaw
from schemas.common import Identifier
from schemas.events import EventBase, MessagePosted
from schemas.facts import ReplyMeasured
from streams.channels.base import Adapter, Parsed, Rejected, Request, SourceConfig
from streams.channels.draft import CUSTOMER, Draft
from streams.fold import Publish, Record
from streams.stages.normalise import Normalise
from tests.cases.telling import Story
from tests.world import DOMAIN, HOUR, START, driver

Bent = Callable[[MessagePosted], EventBase]


def with_(**fields: Any) -> Bent:
    return lambda event: msgspec.structs.replace(event, **fields)


def raises(event: MessagePosted) -> EventBase:
    raise RuntimeError("out of its depth")


BENT: dict[str, Bent] = {
    "half a character": with_(personal={"text": "hello \ud83d"}),
    "in its id": with_(id="\udc80"),
    "in an identifier": with_(identifiers=(Identifier("user", "\ud800", "asserted"),)),
    "a word that is not among those": with_(direction="sideways"),
    "another type": with_(message_id=5),
    "nothing to be written": with_(native_type=object()),
    "too large a number": with_(sequence=1 << 70),
    "what it raises": raises,
}


class Erring(Adapter):
    vendor = "erring"
    title = "Erring"

    def verify(self, request: Request, source: SourceConfig) -> Rejected | None:
        return None

    def read(self, request: Request, source: SourceConfig) -> Parsed:
        """The body says what becomes of the middle one of three messages."""
        draft = Draft(request, source, "message", "chat", "thread")
        bend = BENT.get(request.body.decode(), lambda event: event)
        key = f"{request.received_ms}"
        sent = [
            draft.event(
                MessagePosted, f"{key}/{n}", request.received_ms, actor=CUSTOMER,
                message_id=f"{key}/{n}", direction="inbound",
                identifiers=(Identifier("user", "ada", "asserted"),),
            )
            for n in range(3)
        ]  # fmt: skip
        return Parsed((sent[0], bend(sent[1]), sent[2]))


def told(*bodies: str) -> list[Publish]:
    """What the normalise fold publishes of these."""
    fold = Normalise(
        {DOMAIN: b"k" * 16}, [SourceConfig("s", "erring", DOMAIN)], {"erring": Erring()}, 1
    )
    lane = driver(fold)
    for number, body in enumerate(bodies):
        headers = (("source", b"s"),)
        record = Record("webhooks", 0, number, START + number, b"acme", body.encode(), headers)
        lane.advance(lane.prepare([record]), 1 << 60)
    return [outgoing.publish for outgoing in lane.take().outbox]


@pytest.mark.parametrize("name", BENT)
def test_it_becomes_a_dead_letter_and_the_rest_goes_on(name: str) -> None:
    published = told("fine", name, "fine")
    [letter] = [one for one in published if one.topic == "dead-letters"]
    headers = dict(letter.headers)
    sentence = headers["dead-sentence"].decode()
    assert headers["dead-reason"] in {b"partial", b"malformed"} and sentence.endswith(".")
    assert letter.value == name.encode(), "the body is kept"
    messages = [decode_event(one.value) for one in published if one.topic == "events"]
    whole = 0 if name == "what it raises" else 2
    assert len([e for e in messages if isinstance(e, MessagePosted)]) == 3 + whole + 3


def test_all_is_well_with_what_can_be_read_again() -> None:
    published = told("fine")
    assert {one.topic for one in published} == {"events"}
    for one in published:
        event = decode_event(one.value)
        assert not flaw(event) and encode_event(event) == one.value


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("queue.left", {"queue": "q", "outcome": "answered", "wait_ms": 1 << 62}),
        ("contact.ended", {"durations": {"talk_ms": -(1 << 62)}}),
        ("conversation.updated", {"commitment": {"what": "call_back", "due_ms": 1 << 60}}),
        ("message.posted", {"message_id": "1", "direction": "inbound", "sequence": 1 << 63}),
    ],
)
def test_a_number_beyond_all_measure_is_a_dead_letter(kind: str, fields: dict[str, Any]) -> None:
    """It would fit neither the state nor the figures: it must not come so far."""
    story = Story()
    story.writes("chat", "c-1")
    said = {
        "channel": "voice",
        "conversation": {"source": "s", "id": "c-1"},
        "identifiers": [{"kind": "user", "value": "ada", "trust": "asserted"}],
        **fields,
    }
    story.call(story.company.event(kind, "huge", story.now, said))
    assert len(story.letters) == 1
    story.answers("chat", "c-1", at=story.later(5_000))
    story.wait(HOUR)
    assert len(story.asserted(ReplyMeasured)) == 1
