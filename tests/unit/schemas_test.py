"""The contract: JSON Schema fits the types, and CloudEvents carry all of it."""

from __future__ import annotations

import json

import jsonschema
import msgspec
import pytest

from schemas import generate
from schemas.cloudevents import (
    decode_event,
    decode_fact,
    decode_notification,
    encode_event,
    encode_fact,
    encode_notification,
    rfc3339,
)
from schemas.common import Actor
from schemas.events import Event, MessagePosted
from tests.story import answers, resolves, writes
from tests.world import MINUTE, World


def world() -> World:
    made = World()
    writes(made)
    answers(made)
    made.now += MINUTE
    writes(made, "email")
    resolves(made, "email-1", "email")
    return made


@pytest.mark.parametrize("name", ["event", "fact", "notification"])
def test_the_generated_files_are_those_of_the_types(name: str) -> None:
    file = generate.FOLDER / f"{name}.json"
    assert file.read_text(encoding="utf-8") == generate.rendered(name), "run `make schemas`"


def test_what_is_published_fits_the_schemas() -> None:
    made = world()
    for name, encode, values in (
        ("event", encode_event, made.events),
        ("fact", encode_fact, made.history),
        ("notification", encode_notification, made.notices),
    ):
        schema = jsonschema.Draft202012Validator(generate.document(name))
        assert values
        for value in values:
            frame = json.loads(encode(value))
            assert {"specversion", "id", "source", "type", "time"} <= frame.keys()
            schema.validate(frame["data"])


def test_what_is_encoded_is_decoded_the_same() -> None:
    made = world()
    assert [decode_event(encode_event(e)) for e in made.events] == made.events
    assert [decode_fact(encode_fact(f)) for f in made.history] == made.history
    assert [decode_notification(encode_notification(n)) for n in made.notices] == made.notices


def test_facts_carry_no_text() -> None:
    made = World()
    writes(made, personal={"text": "my secret", "name": "Ada Byron"})
    answers(made)
    for fact in made.history:
        assert b"secret" not in encode_fact(fact) and b"Byron" not in encode_fact(fact)


def test_a_wrong_event_names_the_place() -> None:
    with pytest.raises(msgspec.ValidationError, match="direction"):
        decode_event(b'{"data":{"type":"message.posted","direction":"sideways"}}')


def test_every_type_can_be_told_apart_by_its_tag() -> None:
    tags = [kind.__struct_config__.tag for kind in Event.__args__]  # type: ignore[attr-defined]
    assert len(tags) == len(set(tags)) == 30


def test_times_have_milliseconds_and_a_zone() -> None:
    assert rfc3339(1_700_000_000_123) == "2023-11-14T22:13:20.123Z"
    event = MessagePosted(
        id="a", source="s", domain="d", time_ms=5, recorded_ms=5, channel="chat",
        actor=Actor("customer"), message_id="m", direction="inbound",
    )  # fmt: skip
    assert json.loads(encode_event(event))["time"] == "1970-01-01T00:00:00.005Z"
