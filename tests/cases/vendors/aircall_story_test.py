"""Aircall: each webhook holds the whole call; `hungup` comes at once, `ended` 30 s later with the
figures. Times are seconds, and no order is kept.
"""

from __future__ import annotations

from typing import Any

from tests.cases.vendors.lives import Hook, becomes, ms

ZOE, YAN = {"id": 31, "name": "Zoé"}, {"id": 32, "name": "Yannick"}
TEAM = {"teams": [{"id": 4, "name": "Service"}]}
NAMES = {"agents": {"31": "zoe", "32": "yan"}}


def s(clock: str) -> int:
    return ms(clock) // 1_000


def told(kind: str, user: dict[str, Any] | None = None, call: int = 701, **data: Any) -> Hook:
    def hook(at_ms: int) -> dict[str, Any]:
        over = kind in {"hungup", "ended", "voicemail_left"}
        return {
            "resource": "call", "event": f"call.{kind}", "timestamp": at_ms // 1_000, "token": "t",
            "data": {
                "id": call, "sid": f"CA{call}", "direction": "inbound",
                "status": "done" if over else "answered" if data.get("answered_at") else "initial",
                "missed_call_reason": None, "started_at": s("0:00"), "answered_at": None,
                "ended_at": None, "duration": 0, "raw_digits": "+1 212-555-0107", "user": user,
                "contact": None, "archived": False, "assigned_to": None, "transferred_by": None,
                "transferred_to": None, "teams": [], "comments": [], "tags": [],
                "number": {"id": 7, "name": "Hotline", "digits": "+1 555-010-0700"},
                **data,
            },
        }  # fmt: skip

    return hook


def answered(at: str = "0:40", **more: Any) -> dict[str, Any]:
    return {"answered_at": s(at), **TEAM, **more}


def over(at: str, **more: Any) -> dict[str, Any]:
    return {"ended_at": s(at), "duration": s(at) - s("0:00"), **more}


TAKEN = [
    ("0:00", told("created")),
    ("0:10", told("ringing_on_agent", YAN)),
    ("0:10", told("ringing_on_agent", ZOE)),
    ("0:20", told("agent_declined", YAN)),
    ("0:40", told("answered", ZOE, **answered())),
]
OPENING = """
    0:00 voice opened by customer
    0:40 waited 0:40 in Hotline: answered
"""


def test_taken_held_commented_and_archived() -> None:
    life = [
        *TAKEN,
        ("2:00", told("hold", ZOE, **answered())),
        ("3:00", told("unhold", ZOE, **answered())),
        ("5:00", told("hungup", ZOE, **answered(), **over("5:00"))),
        ("5:30", told("ended", ZOE, **answered(), **over("5:00"))),
        ("6:00", told("commented", ZOE, **answered(), **over("5:00"),
                      comments=[{"id": 1, "content": "She is angry.", "posted_by": ZOE}])),
        ("6:10", told("tagged", ZOE, **answered(), **over("5:00"), tags=[{"id": 2, "name": "lamp"}])),
        ("6:20", told("archived", ZOE, **answered(), **over("5:00"), archived=True)),
    ]  # fmt: skip
    becomes("aircall", life, OPENING + "6:20 resolved\nsaid: nothing", **NAMES)


def test_passed_on_cold_and_answered_again() -> None:
    """`transferred`, then `answered` once more with the new user: one transfer."""
    passed = {"transferred_by": ZOE, "transferred_to": YAN}
    life = [
        *TAKEN,
        ("3:00", told("transferred", ZOE, **answered(), **passed)),
        ("3:05", told("ringing_on_agent", YAN, **answered(), **passed)),
        ("3:20", told("answered", YAN, **answered("3:20"), **passed)),
        ("6:00", told("hungup", YAN, **answered("3:20"), **passed, **over("6:00"))),
        ("6:30", told("ended", YAN, **answered("3:20"), **passed, **over("6:00"))),
    ]
    becomes("aircall", life, OPENING + """
        3:00 blind transfer zoe → yan: successful
        6:00 resolved
        said: nothing
    """, **NAMES)  # fmt: skip


def test_passed_on_warm_and_not_answered_again() -> None:
    """He had spoken to Yannick already: the call is his when it is transferred."""
    passed = {"transferred_by": ZOE, "transferred_to": YAN, "transfer_type": "warm"}
    life = [
        *TAKEN,
        ("4:00", told("transferred", YAN, **answered(), **passed)),
        ("6:00", told("hungup", YAN, **answered(), **passed, **over("6:00"))),
        ("6:30", told("ended", YAN, **answered(), **passed, **over("6:00"))),
    ]
    becomes("aircall", life, OPENING + """
        4:00 warm transfer zoe → yan: successful
        6:00 resolved
        said: nothing
    """, **NAMES)  # fmt: skip


def test_a_transfer_that_nobody_takes_comes_back() -> None:
    passed = {"transferred_by": ZOE, "transferred_to": YAN}
    life = [
        *TAKEN,
        ("3:00", told("transferred", ZOE, **answered(), **passed)),
        ("3:30", told("unsuccessful_transfer", ZOE, **answered(), **passed)),
        ("5:00", told("hungup", ZOE, **answered(), **over("5:00"))),
        ("5:30", told("ended", ZOE, **answered(), **over("5:00"))),
    ]
    becomes("aircall", life, OPENING + """
        3:00 blind transfer zoe → yan: failed
        5:00 resolved
        said: nothing
    """, **NAMES)  # fmt: skip


def test_missed_a_voicemail_and_a_call_back() -> None:
    missed = {"missed_call_reason": "agents_did_not_answer", **TEAM}
    mine = {"call": 702, "direction": "outbound", "started_at": s("30:00")}
    life = [
        ("0:00", told("created")),
        ("0:10", told("ringing_on_agent", ZOE)),
        ("1:20", told("hungup", None, **over("1:20"), **missed)),
        ("1:50", told("ended", None, **over("1:20"), **missed)),
        (
            "1:55",
            told("voicemail_left", None, **over("1:20"), **missed, voicemail="https://x/1.mp3"),
        ),
        ("30:00", told("created", ZOE, **mine)),
        ("30:12", told("answered", ZOE, **mine, answered_at=s("30:12"))),
        ("33:00", told("hungup", ZOE, **mine, answered_at=s("30:12"), ended_at=s("33:00"))),
        ("33:30", told("ended", ZOE, **mine, answered_at=s("30:12"), ended_at=s("33:00"))),
    ]
    becomes("aircall", life, """
        0:00 voice opened by customer
        1:20 waited 1:20 in Hotline: timeout
        33:00 resolved
        said: customer 1
    """, **NAMES)  # fmt: skip


def test_given_up_while_it_rang() -> None:
    missed = {"missed_call_reason": "abandoned_in_classic", **TEAM}
    life = [
        ("0:00", told("created")),
        ("0:10", told("ringing_on_agent", ZOE)),
        ("0:50", told("hungup", None, **over("0:50"), **missed)),
        ("1:20", told("ended", None, **over("0:50"), **missed)),
    ]
    becomes("aircall", life, """
        0:00 voice opened by customer
        0:50 gave up after 0:50 in Hotline
        said: nothing
    """, **NAMES)  # fmt: skip
