"""Zendesk: one action gives several webhooks at once, each with the ticket as it stands after it."""

from __future__ import annotations

import itertools
from typing import Any

from schemas.cloudevents import rfc3339
from tests.cases.vendors.lives import Hook, becomes, ms

ADA, ZOE, YAN, TIER1, TIER2 = "8001", "31", "32", "801", "802"
NAMES: dict[str, Any] = {
    "agents": {ZOE: "zoe", YAN: "yan"},
    "places": {TIER1: "tier 1", TIER2: "tier 2"},
}
_numbers = itertools.count(1)


def event(kind: str, told: dict[str, Any], by: str, **detail: Any) -> Hook:
    """`detail` is how the ticket stands after the whole action."""
    ident = f"01KB{next(_numbers):022}"

    def hook(at_ms: int) -> dict[str, Any]:
        return {
            "type": f"zen:event-type:ticket.{kind}",
            "account_id": 77001,
            "id": ident,
            "time": rfc3339(at_ms).removesuffix("Z") + "000000Z",
            "zendesk_event_version": "2022-11-06",
            "subject": "zen:ticket:5501",
            "detail": {
                "actor_id": by,
                "assignee_id": "0",
                "group_id": TIER1,
                "created_at": rfc3339(ms("0")),
                "updated_at": rfc3339(at_ms),
                "description": "My lamp does not light.",
                "id": "5501",
                "is_public": True,
                "priority": "NORMAL",
                "requester_id": ADA,
                "submitter_id": ADA,
                "status": "OPEN",
                "subject": "Lamp",
                "tags": ["lamp"],
                "type": "QUESTION",
                "via": {"channel": "email"},
                **detail,
            },
            "event": {"meta": {"sequence": {"id": "S1", "position": 1}}, **told},
        }

    return hook


def says(by: str, words: str, *, public: bool = True, **detail: Any) -> Hook:
    staff = by != ADA
    author = {"id": by, "is_staff": staff, "name": "Zoé" if staff else "Ada Aubert"}
    comment = {"id": f"7{next(_numbers)}", "body": words, "is_public": public, "author": author}
    return event("comment_added", {"comment": comment}, by, **detail)


def changes(what: str, previous: str, current: str, by: str, **detail: Any) -> Hook:
    return event(f"{what}_changed", {"previous": previous, "current": current}, by, **detail)


MINE = {"assignee_id": ZOE}
SECOND = {"group_id": TIER2}
YANS = {"assignee_id": YAN, "group_id": TIER2}


def test_a_mail_that_is_passed_on_solved_and_comes_back() -> None:
    life = [
        ("0:00", event("created", {}, ADA, status="NEW")),
        ("0:00", says(ADA, "My lamp does not light.", status="NEW")),
        ("20:00", says(ZOE, "Which model?", status="PENDING", **MINE)),
        ("20:00", changes("agent_assignment", "0", ZOE, ZOE, status="PENDING", **MINE)),
        ("20:00", changes("status", "NEW", "PENDING", ZOE, status="PENDING", **MINE)),
        ("50:00", says(ADA, "The small one.", **MINE)),
        ("50:00", changes("status", "PENDING", "OPEN", ADA, **MINE)),
        ("60:00", says(ZOE, "She is angry.", public=False, **SECOND)),
        ("60:00", changes("group_assignment", TIER1, TIER2, ZOE, **SECOND)),
        ("60:00", changes("agent_assignment", ZOE, "0", ZOE, **SECOND)),
        ("65:00", changes("agent_assignment", "0", YAN, YAN, **YANS)),
        ("80:00", says(YAN, "A new one is on its way.", status="SOLVED", **YANS)),
        ("80:00", changes("status", "OPEN", "SOLVED", YAN, status="SOLVED", **YANS)),
        ("25:00:00", says(ADA, "It is broken again.", **YANS)),
        ("25:00:00", changes("status", "SOLVED", "OPEN", ADA, **YANS)),
        ("25:30:00", says(YAN, "You get your money back.", status="SOLVED", **YANS)),
        ("25:30:00", changes("status", "OPEN", "SOLVED", YAN, status="SOLVED", **YANS)),
        (
            "25:40:00",
            event("csat_received", {"satisfaction_score": {"score": "GOOD"}}, ADA, **YANS),
        ),
        ("122:00:00", changes("status", "SOLVED", "CLOSED", "-1", status="CLOSED", **YANS)),
    ]
    becomes("zendesk", life, """
        0:00 email opened by customer
        20:00 first reply by zoe after 20:00
        1:00:00 queue transfer zoe → yan: successful
        1:20:00 next reply by yan after 30:00
        1:20:00 resolved
        25:00:00 reopened
        25:30:00 first reply by yan after 30:00
        25:30:00 resolved
        25:40:00 csat 1
        said: agent 3, customer 3, notes 1
    """, **NAMES)  # fmt: skip


def test_passed_to_a_named_colleague_of_another_team() -> None:
    """Two webhooks tell one transfer, and each shows the ticket as it stands after both."""
    zoes = {"status": "OPEN", **MINE}
    life = [
        ("0:00", event("created", {}, ADA, status="NEW", via={"channel": "web"})),
        ("1:00", changes("agent_assignment", "0", ZOE, "-1", **zoes)),
        ("1:00", changes("status", "NEW", "OPEN", "-1", **zoes)),
        ("5:00", changes("group_assignment", TIER1, TIER2, ZOE, **YANS)),
        ("5:00", changes("agent_assignment", ZOE, YAN, ZOE, **YANS)),
        ("30:00", says(YAN, "I have sent it.", **YANS)),
        ("31:00", changes("status", "OPEN", "SOLVED", YAN, status="SOLVED", **YANS)),
    ]
    becomes("zendesk", life, """
        0:00 form opened by customer
        5:00 blind transfer zoe → yan: successful
        30:00 first reply by yan after 30:00
        31:00 resolved
        said: agent 1, customer 1
    """, **NAMES)  # fmt: skip


# Messaging: the platform's webhooks beside those of the ticket ---------------------------------

BOT = {"id": "i1", "name": "zd-answerBot", "integrationType": "zd:answerBot"}
PEOPLE = {"id": "i2", "name": "zd-agentWorkspace", "integrationType": "zd:agentWorkspace"}
USER = {"id": "u8001", "zendeskId": int(ADA), "profile": {"givenName": "Ada"}}


def platform(kind: str, holder: dict[str, Any], **payload: Any) -> Hook:
    ident = f"ev{next(_numbers)}"

    def hook(at_ms: int) -> dict[str, Any]:
        shown = {"id": "c77", "type": "personal", "activeSwitchboardIntegration": holder}
        if "message" in payload:
            payload["message"]["received"] = rfc3339(at_ms)
        one = {
            "id": ident,
            "type": f"conversation:{kind}" if ":" not in kind else kind,
            "createdAt": rfc3339(at_ms),
            "payload": {"conversation": shown, **payload},
        }
        return {"app": {"id": "a1"}, "webhook": {"id": "w1", "version": "v2"}, "events": [one]}

    return hook


def line(ident: str, words: str, holder: dict[str, Any], by: dict[str, Any], via: str) -> Hook:
    content = {"type": "text", "text": words}
    message = {"id": ident, "author": by, "content": content, "source": {"type": via}}
    return platform("message", holder, message=message)


def ticket_line(ident: str, words: str, kind: str, by: str) -> Hook:
    """The same line, as the ticket tells it."""
    told = {
        "actor": {"id": by, "name": "Ada", "type": kind},
        "conversation_id": "c77",
        "message": {"id": ident, "body": words},
    }
    hook = event("message_added", told, by, via={"channel": "native_messaging"})
    return lambda at_ms: {**hook(at_ms), "type": "zen:event-type:messaging_ticket.message_added"}


def test_a_bot_hands_over_to_people_and_ticket_and_platform_tell_it() -> None:
    customer = {"type": "user", "userId": "u8001", "user": USER}
    zoe = {"type": "business", "userId": ZOE, "displayName": "Zoé"}
    machine = {"type": "business", "displayName": "Helper", "subtypes": ["AI"]}
    ticket = {"via": {"channel": "native_messaging"}, "description": "Conversation with Ada"}
    life = [
        ("0:00", platform("create", BOT, creationReason="message", user=USER)),
        ("0:00", line("m1", "Where is my lamp?", BOT, customer, "web")),
        ("0:02", line("m2", "Which number?", BOT, machine, "zd:answerBot")),
        ("0:30", line("m3", "A human, please", BOT, customer, "web")),
        ("0:31", platform("switchboard:passControl", PEOPLE)),
        ("0:33", event("created", {}, ADA, status="NEW", **ticket)),
        ("1:00", changes("agent_assignment", "0", ZOE, "-1", **MINE, **ticket)),
        ("1:10", line("m4", "I look it up.", PEOPLE, zoe, "zd:agentWorkspace")),
        ("1:10", ticket_line("m4", "I look it up.", "agent", ZOE)),
        ("1:40", line("m5", "Thank you, I wait", PEOPLE, customer, "web")),
        ("1:40", ticket_line("m5", "Thank you, I wait", "end_user", "u8001")),
        (
            "5:00",
            changes("agent_assignment", ZOE, YAN, ZOE, **{**YANS, "group_id": TIER1}, **ticket),
        ),
        (
            "5:30",
            line("m6", "It is on its way.", PEOPLE, {**zoe, "userId": YAN}, "zd:agentWorkspace"),
        ),
        ("5:30", ticket_line("m6", "It is on its way.", "agent", YAN)),
        ("8:00", changes("status", "OPEN", "SOLVED", YAN, status="SOLVED", **YANS, **ticket)),
    ]
    becomes("zendesk", life, """
        0:00 chat opened by customer
        0:31 handoff transfer bot → zoe: successful
        1:10 first reply by zoe after 1:10
        5:00 blind transfer zoe → yan: successful
        5:30 next reply by yan after 3:50
        8:00 resolved
        said: agent 2, bot 1, customer 3
    """, **NAMES)  # fmt: skip
