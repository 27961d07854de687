"""What Telegram's updates mean: who it is, whose number, whose thread, and what the bot said."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from streams.channels.base import Parsed, Request, SourceConfig
from streams.channels.telegram import Telegram
from tests.conformance.vendors import NOW_MS, SECRET
from tests.conformance.vendors.telegram import (
    BODIES,
    CARD,
    GROUP,
    MENU,
    USER,
    member,
    message,
    pressed,
    said,
    update,
)


def read(body: Any, **options: str) -> Parsed:
    request = Request("POST", "https://hooks.example.com/", {}, orjson.dumps(body), NOW_MS + 900)
    return Telegram().parse(request, SourceConfig("bot", "telegram", "acme", options=options))


def only(body: Any, **options: str) -> Any:
    [event] = read(body, **options).events
    return event


def test_the_secret_token_opens() -> None:
    source = SourceConfig("bot", "telegram", "acme", ("new-token", SECRET))
    for token, code in ((SECRET, None), ("new-token", None), ("wrong", "bad_signature"), ("", "no_signature")):  # fmt: skip
        headers = {"x-telegram-bot-api-secret-token": token} if token else {}
        refused = Telegram().verify(Request("POST", "https://x/", headers, b"{}", NOW_MS), source)
        assert (refused.code if refused else None) == code


def test_a_retry_is_the_same_event_and_another_update_another() -> None:
    assert only(said(text="Hi")).id == only(said(text="Hi")).id
    ids = {
        only(said(text="Hi")).id,
        only(update("message", message(text="Hi"), 32)).id,  # the same words, once more
        only(update("edited_message", message(text="Hi!", edit_date=5), 33)).id,
        only(update("edited_message", message(text="Hi?", edit_date=5), 34)).id,
    }
    assert len(ids) == 4
    # The count began again at a number that was used before, or another bot counts alike.
    assert only(said(text="Hi")).id != only(said(text="Hi", message_id=6)).id


@pytest.mark.parametrize(
    ("card", "sure"),
    [
        (CARD, True),
        ({**CARD, "phone_number": "+1 212 555 0109"}, True),
        ({**CARD, "user_id": 7_002}, False),
        ({k: v for k, v in CARD.items() if k != "user_id"}, False),
    ],
)
def test_a_number_is_the_senders_only_if_the_card_is_his_own(
    card: dict[str, Any], sure: bool
) -> None:
    posted, *linked = read(said(contact=card)).events
    assert [i.kind for i in posted.identifiers] == ["telegram"]
    found = [(i.kind, i.value, i.trust) for event in linked for i in event.identifiers]
    told = [("telegram", "7001", "asserted"), ("phone", "+12125550109", "asserted")]
    assert found == (told if sure else [])


def test_the_reference_of_a_link_goes_along() -> None:
    assert [(r.rel, r.id) for r in only(said(text="/start boat-7")).refs] == [
        ("referral", "boat-7")
    ]
    assert only(said(text="/start")).refs == ()
    assert only(said(text="Go /start boat-7")).refs == ()


def test_in_a_group_everybody_has_a_thread_of_his_own() -> None:
    question = only(said(chat=GROUP, text="Is it tight?"))
    other = only(said(chat=GROUP, text="And mine?", **{"from": {"id": 7_002}}))
    assert question.conversation != other.conversation
    answer = only(BODIES["an administrator"][0])
    assert (answer.actor.kind, answer.direction, answer.identifiers) == ("agent", "outbound", ())
    assert answer.conversation == question.conversation
    assert only(BODIES["button in a group"][0]).conversation == question.conversation
    for name in ("in a topic", "button in a topic"):
        assert only(BODIES[name][0]).conversation.id == "-100200/44"


def test_who_answers_for_the_company_in_a_group() -> None:
    body = said(
        chat=GROUP, text="It is.", reply_to_message=message(chat=GROUP, **{"from": {"id": 3}})
    )
    assert only(body).actor.kind == "customer"
    event = only(body, agents="1, 7001")
    assert (event.actor.kind, event.actor.id, event.conversation.id) == (
        "agent",
        "7001",
        "-100200/3",
    )


def test_a_companys_own_account_and_its_customer() -> None:
    customer, owner = only(BODIES["business, customer"][0]), only(BODIES["business, owner"][0])
    assert (customer.actor.kind, owner.actor.kind, owner.actor.id) == ("customer", "agent", "9")
    assert customer.conversation == owner.conversation
    assert [i.value for i in owner.identifiers] == ["7001"]
    assert customer.conversation != only(said(text="Hi")).conversation  # with the bot
    assert only(BODIES["business, away"][0]).automated == "auto_reply"


def test_a_button_says_what_is_written_on_it_and_has_no_time() -> None:
    event = only(pressed("c:b", MENU))
    assert event.personal["text"] == "Blue, please"
    assert event.estimated and event.time_ms == NOW_MS + 900  # the menu is older
    assert event.in_reply_to == "7001/4"
    assert only(pressed("c:r", MENU)).personal["text"] == "c:r"
    assert read(pressed("c:b", MENU), agents="7001").code == "ignored"


def test_what_the_bot_said_stands_in_the_customers_thread() -> None:
    event = only(BODIES["the bot's answer"][0])
    assert (event.actor.kind, event.direction) == ("bot", "outbound")
    assert event.conversation == only(said(text="Hi")).conversation
    assert [i.value for i in event.identifiers] == ["7001"]


def test_a_message_is_found_again_by_its_changes() -> None:
    posted, edited = only(said(text="Hi")), only(BODIES["edited"][0])
    assert posted.message_id == edited.message_id == "7001/5"
    assert edited.time_ms == NOW_MS + 9_000
    deleted = read(BODIES["business, deleted"][0]).events
    assert [e.message_id for e in deleted] == ["bc1/7001/5", "bc1/7001/6"]  # type: ignore[attr-defined]
    assert only(BODIES["business, customer"][0]).message_id == "bc1/7001/5"


@pytest.mark.parametrize(
    ("old", "new", "state"), [("member", "kicked", "denied"), ("kicked", "member", "granted")]
)
def test_blocking_the_bot_withdraws_consent(old: str, new: str, state: str) -> None:
    event = only(member(old, new))
    assert (event.state, event.consent_channel) == (state, "telegram")


def test_a_payment_is_a_task_with_its_sum() -> None:
    event = only(BODIES["paid"][0])
    assert (event.task_id, event.state, event.value, event.currency) == (
        "order-12", "completed", 4_550, "EUR"
    )  # fmt: skip
    assert only(BODIES["checkout"][0]).task_id == event.task_id


def test_posts_to_everybody_are_campaigns() -> None:
    for name in ("channel", "sent on from the channel"):
        assert only(BODIES[name][0]).automated == "campaign"


def test_the_name_of_the_writer_is_personal() -> None:
    assert only(said(text="Hi")).personal["name"] == f"{USER['first_name']} {USER['last_name']}"


def test_who_writes_in_the_name_of_his_channel_is_no_bot_of_ours() -> None:
    stand_in = {"id": 136817688, "is_bot": True, "first_name": "Channel"}
    channel = {"id": -100900, "type": "channel", "title": "Parcels"}
    event = only(said(text="Hi", chat=GROUP, **{"from": stand_in, "sender_chat": channel}))
    assert (event.actor.kind, event.actor.id) == ("external", "-100900")
    assert event.direction == "inbound" and not event.identifiers


def test_whoever_speaks_in_the_name_of_the_group_is_its_administrator() -> None:
    event = only(said(text="Hi", chat=GROUP, **{"from": None, "sender_chat": GROUP}))
    assert (event.actor.kind, event.direction) == ("agent", "outbound")


def test_a_chat_of_the_companys_own_account_is_private_though_it_does_not_say_so() -> None:
    chat = {"id": USER["id"]}
    owner = {"id": 5001, "is_bot": False, "first_name": "Ruth"}
    said_by = {"business_connection_id": "bc1", "chat": chat, "from": owner}
    event = only(update("business_message", message(text="Hi", **said_by)))
    assert (event.actor.kind, event.direction) == ("agent", "outbound")


def test_direct_messages_to_a_channel_stand_in_the_askers_topic() -> None:
    channel = {"id": -100900, "type": "channel", "title": "Parcels"}
    place = {"chat": {"id": -100901, "type": "supergroup", "is_direct_messages": True},
             "direct_messages_topic": {"topic_id": 8, "user": USER}}  # fmt: skip
    stand_in = {"id": 136817688, "is_bot": True, "first_name": "Channel"}
    helper = {"id": 5001, "is_bot": False, "first_name": "Ruth"}
    asked = only(said(text="Hi", **place))
    answers = [
        only(said(text="Hello", **place, **{"from": stand_in, "sender_chat": channel})),
        only(said(text="Hello", **place, **{"from": helper})),
    ]
    assert asked.actor.kind == "customer"
    for answer in answers:
        assert (answer.actor.kind, answer.direction) == ("agent", "outbound")
        assert answer.conversation == asked.conversation
        assert answer.identifiers == asked.identifiers
