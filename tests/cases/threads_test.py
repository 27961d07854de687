"""Threads: endless ones, and one message that two vendors tell."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from schemas.events import MessagePosted, MessageStatusChanged
from schemas.facts import (
    ChannelSwitched,
    ContactRepeated,
    ConversationAttached,
    JourneyOpened,
    JourneyReopened,
    JourneyResolved,
    ReplyMeasured,
)
from streams.demo.traffic import meta_whatsapp
from streams.demo.traffic.call import Call
from tests.cases.telling import ADA, ZOE, Story
from tests.conformance.vendors.zendesk import LEA, sunshine_line
from tests.world import DAY, HOUR, MINUTE

CARRIED = {"chatwoot": {"carried_by": "twilio"}}


def by_sms(call: Call, sid: str = "") -> Call:
    """A Chatwoot body of an inbox that Twilio carries; `sid` is Twilio's id of the message."""
    body: dict[str, Any] = orjson.loads(call.body)
    shown = body.get("conversation", body)
    shown |= {
        "channel": "Channel::TwilioSms",
        "contact_inbox": {"source_id": ADA.phone, "hmac_verified": False},
    }
    if sid:
        body["source_id"] = f"SM{sid}"
    return Call(call.source, orjson.dumps(body), call.headers)


def asks(story: Story, order: str, sid: str) -> None:
    """She texts; both vendors tell it, Twilio with no time of its own."""
    carrier = story.sms.sms(ADA, "q", "My order?")
    desk = by_sms(story.desk.message(1, 1, ADA, "My order?", story.now), sid)
    for call in (carrier, desk) if order == "carrier first" else (desk, carrier):
        story.call(call)
        story.later(2_000)


@pytest.mark.parametrize("order", ["carrier first", "desk first"])
@pytest.mark.parametrize(
    ("options", "sid"), [(None, "q"), (None, ""), (CARRIED, "q"), (CARRIED, "")]
)
def test_case_12_chatwoot_and_twilio_tell_the_same_message(
    order: str, options: Any, sid: str
) -> None:
    """One question, one answer, one need; with and without `carried_by`, with and without the
    carrier's id in the help desk's body.  The same channel at two sources is never a switch.
    """
    story = Story(options)
    asked = story.now
    asks(story, order, sid)
    story.wait(MINUTE)
    story.call(by_sms(story.desk.message(1, 2, ADA, "It is sent.", story.now, ZOE), "a"))
    assert len(story.asserted(JourneyOpened)) == 1
    assert not story.asserted(ChannelSwitched)
    assert len(story.asserted(ReplyMeasured)) == 1
    assert story.one(ReplyMeasured).ms == pytest.approx(story.now - asked, abs=3_000)
    story.call(by_sms(story.desk.status(1, ADA, "open", "resolved", story.later(MINUTE))))
    assert story.one(JourneyResolved).contacts == 1
    if not options:
        assert {f.rule for f in story.asserted(ConversationAttached)} == {"new", "twin"}
    if options and sid:
        assert story.counted("twins_total", "twilio") == 1
        told = [e for e in story.events if isinstance(e, MessagePosted) and e.source == "twilio"]
        assert not told  # it gives identifiers and receipts only


@pytest.mark.parametrize("order", ["carrier first", "desk first"])
def test_case_12_who_resolves_it_without_an_answer_resolves_both(order: str) -> None:
    """Undeclared twins: nobody waits in Twilio's conversation when Chatwoot's is resolved."""
    story = Story()
    asks(story, order, "")
    story.call(by_sms(story.desk.status(1, ADA, "open", "resolved", story.later(MINUTE))))
    assert story.one(JourneyResolved).contacts == 1


def test_case_12_zendesk_and_whatsapp_tell_the_same_message() -> None:
    """Zendesk's messaging names the id that WhatsApp gave the line, though not its text."""
    story = Story({"zendesk": {"carried_by": "meta_whatsapp"}})
    story.now = 1_790_000_000_500  # the time in the body
    person = type(ADA)(9, "Lea", "+33600000040", "")
    story.call(
        meta_whatsapp.message("meta_whatsapp", "s", person, "w1", "Bonjour", story.now - 2_000)
    )
    line = sunshine_line({"type": "user", "userId": "u1", "user": LEA}, "whatsapp")
    line["events"][0]["payload"]["message"]["source"]["originalMessageId"] = "wamid.w1"
    story.call(Call("zendesk", orjson.dumps(line), {}), story.now + 1_000)
    story.wait(MINUTE)
    assert story.one(ConversationAttached).conversation.source == "zendesk"
    assert story.counted("twins_total", "meta_whatsapp") == 1


def test_case_12_what_only_the_carrier_tells_is_told_after_all() -> None:
    """A number that belongs to no inbox: ten seconds later the text is Twilio's own, with the time
    at which it came.
    """
    story = Story(CARRIED)
    asked = story.now
    story.call(story.sms.sms(ADA, "q", "Hello?"))
    assert not story.facts
    story.wait(11_000)
    assert story.one(JourneyOpened).at_ms == asked
    assert story.one(ConversationAttached).conversation.source == "twilio"


def test_case_12_a_receipt_of_the_carrier_finds_the_message_of_the_help_desk() -> None:
    """Chatwoot tells Twilio's id once Twilio has taken the message; that it could not be delivered
    is told by Twilio alone, and is why she goes to the chat.
    """
    story = Story(CARRIED)
    asks(story, "carrier first", "q")
    story.call(by_sms(story.desk.message(1, 2, ADA, "It is sent.", story.now, ZOE)))
    updated = orjson.loads(
        by_sms(story.desk.message(1, 2, ADA, "It is sent.", story.now, ZOE), "a").body
    )
    updated |= {"event": "message_updated", "previous_changes": {"source_id": [None, "SMa"]}}
    story.call(Call("chatwoot", orjson.dumps(updated), {}))
    story.call(story.sms.status(ADA, "a", "undelivered"), story.later(MINUTE))
    receipt = [e for e in story.events if isinstance(e, MessageStatusChanged)][-1]
    assert receipt.conversation is not None
    assert (receipt.conversation.source, receipt.conversation.id) == ("chatwoot", "1")
    assert (receipt.source, receipt.status) == ("twilio", "failed")
    story.call(story.desk.message(2, 9, ADA, "Did you answer?", story.later(MINUTE)))
    assert story.one(ChannelSwitched).cause == "undelivered"


def test_case_12_identifiers_of_the_carrier_reach_identity() -> None:
    """What Twilio knows of the sender is learnt, although its message is the help desk's."""
    story = Story(CARRIED)
    story.call(by_sms(story.desk.message(1, 1, ADA, "My order?", story.now), "q"))
    links = len(story.normalise.states)
    story.call(story.sms.sms(ADA, "q", "My order?"))
    assert (
        any(key.startswith("v:acme:twilio:") for key in story.normalise.states)
        and len(story.normalise.states) > links
    )


def test_case_26_a_year_long_whatsapp_thread() -> None:
    """One thread, three needs: solved in January and asked again after half a day (the same need
    again), then in March and in December (new ones; only what comes within a week follows).
    """
    story = Story()
    story.whatsapp("q1", "Where is it?")
    story.whatsapp_answer("a1", "On its way.", story.later(MINUTE))
    resolve_on_whatsapp(story)
    story.wait(12 * HOUR)
    story.whatsapp("q2", "It is not here yet")
    assert len(story.asserted(JourneyOpened)) == 1
    assert story.one(JourneyReopened).after_ms == 12 * HOUR
    story.whatsapp_answer("a2", "Tomorrow.", story.later(MINUTE))
    resolve_on_whatsapp(story)
    story.wait(2 * DAY)
    story.whatsapp("q3", "And the other one?")
    assert story.one(ContactRepeated).within_ms == 2 * DAY
    story.whatsapp_answer("a3", "Too.", story.later(MINUTE))
    resolve_on_whatsapp(story)
    for _ in range(300):
        story.wait(DAY)
    story.whatsapp("q4", "A new order")
    opened = story.asserted(JourneyOpened)
    assert [bool(f.follows) for f in opened] == [False, True, False]
    assert not story.asserted(ChannelSwitched)
    assert [f.fcr for f in story.asserted(JourneyResolved)] == ["no", "no", "yes"]


def resolve_on_whatsapp(story: Story) -> None:
    """Meta's API knows no end of a conversation: an agent says it, by the open door."""
    number = "900100"
    thread = next(
        e.conversation for e in reversed(story.events)
        if isinstance(e, MessagePosted) and e.source == "meta_whatsapp"
    )  # fmt: skip
    assert thread is not None and number in thread.id
    story.call(
        story.company.event(
            "conversation.updated", f"solved/{story.now}", story.now,
            {
                "channel": "whatsapp", "status": "resolved", "actor": {"kind": "agent", "id": "z"},
                "conversation": {"source": thread.source, "id": thread.id},
            },
        )
    )  # fmt: skip


def test_a_receipt_of_a_mail_belongs_into_the_thread_in_which_its_copy_was_seen() -> None:
    """The vendor names the mail alone; the blind copy's headers say what it answers."""
    story = Story({"postmark": {"ours": "acme.example"}})
    mail, answer, first = story.mail, "a-2@mail.home.example", "m-1@mail.home.example"
    story.call(mail.inbound("m-1", ADA, "My lamp", "It is broken.", story.now))
    story.call(mail.inbound("a-2", ADA, "Re: My lamp", "Sorry!", story.later(1_000), first, ZOE))
    story.call(mail.delivered(answer, ADA, story.later(1_000)))
    story.call(mail.delivered("unseen@mtasv.net", ADA, story.later(1_000)))
    told = [e for e in story.events if isinstance(e, MessageStatusChanged)]
    places = [e.conversation.id for e in told if e.conversation]
    assert places == [first, "unseen"]
    assert len({e.customer for e in told}) == 1
