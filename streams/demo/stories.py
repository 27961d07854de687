"""What the demo's customers go through.  Each story is told twice: to the product, as webhooks,
and to the judge, as the truth about what should be concluded from them.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from streams.demo.cast import AGENTS, STRANGERS, person
from streams.demo.traffic import meta_whatsapp
from streams.demo.traffic.aircall import Line
from streams.demo.traffic.call import Call, Person
from streams.demo.traffic.chatwoot import Desk
from streams.demo.traffic.cloudevents import Company
from streams.demo.traffic.generator import Generator
from streams.demo.traffic.zendesk import Tickets


def now_ms() -> int:
    """The wall clock: the vendors' systems have one of their own."""
    return time.time_ns() // 1_000_000


class Truth(msgspec.Struct):
    """What is so about one customer, in the terms of the facts.

    `switches` are (from, to, forced), `transfers` are (kind, outcome), `notices` rule names.
    """

    person: Person
    title: str
    journeys: int = 1
    switches: list[tuple[str, str, bool]] = []
    transfers: list[tuple[str, str]] = []
    notices: list[str] = []
    corrections: list[str] = []
    """Kinds of conclusions that were published and had to be taken back: breach, switch."""
    joins: int = 0
    splits: int = 0


class Stage:
    """What a story acts with: the vendors' systems by the names of their sources, a way to post,
    the console that `operate` asks (path, and what is posted or None), and time to pass.
    """

    def __init__(
        self,
        post: Callable[[Call], Awaitable[None]],
        operate: Callable[[str, dict[str, str] | None], Awaitable[dict[str, Any]]],
        sources: Mapping[str, Generator],
        wait: Callable[[float], Awaitable[None]] = asyncio.sleep,
        now_ms: Callable[[], int] = now_ms,
    ) -> None:
        """`wait` takes seconds."""
        self._post = post
        self.operate = operate
        self.wait = wait
        self.now_ms = now_ms
        self.sources = sources
        self._secret = sources["whatsapp"].secret
        self._numbers = itertools.count(1)
        self.phone = Line("aircall", sources["aircall"].secret)
        self.desk = Desk("chatwoot", sources["chatwoot"].secret)
        self.tickets = Tickets("zendesk", sources["zendesk"].secret)
        self.company = Company("company", sources["company"].secret)

    def number(self) -> int:
        """A fresh number for a call, message, ticket…"""
        return next(self._numbers)

    async def post(self, *calls: Call) -> None:
        for call in calls:
            await self._post(call)

    async def writes_on_whatsapp(self, who: Person, text: str) -> None:
        ident = f"in{self.number():06d}"
        await self.post(
            meta_whatsapp.message("whatsapp", self._secret, who, ident, text, self.now_ms())
        )

    async def is_answered_on_whatsapp(self, who: Person, text: str, late_s: float = 0) -> None:
        """The answer arrives `late_s` after it was written, and its receipts in the wrong order."""
        ident, written_ms = f"out{self.number():06d}", self.now_ms()
        await self.wait(late_s)
        key = self._secret
        for state in ("read", "delivered"):
            at_ms = written_ms + 1_000
            await self.post(meta_whatsapp.status("whatsapp", key, who, ident, state, at_ms))
        await self.post(meta_whatsapp.echo("whatsapp", key, who, ident, text, written_ms))

    async def introduce(self, who: Person, *systems: Generator) -> None:
        """The CRM knows the customer, and his ids in `systems`, before he makes himself heard."""
        ids = [one for system in systems for one in system.identifiers(who)]
        await self.post(self.company.contact(who, self.now_ms(), ids))
        await self.wait(1)


Story = Callable[[Stage, Person], Awaitable[list[Truth]]]


async def whatsapp_unanswered_then_call(stage: Stage, who: Person) -> list[Truth]:
    """Nobody answers on WhatsApp, so the customer phones."""
    await stage.introduce(who)
    await stage.writes_on_whatsapp(who, "Hello, where is my parcel?")
    await stage.wait(13)  # past the promise and the grace for late news
    await answered_call(stage, who)
    return [
        Truth(
            who,
            "unanswered on WhatsApp, then phones",
            switches=[("whatsapp", "voice", True)],
            notices=[
                "reply.waiting", "sla.at_risk", "sla.breached", "switch.customer", "switch.agent",
            ],
        )
    ]  # fmt: skip


async def whatsapp_answered_then_call(stage: Stage, who: Person) -> list[Truth]:
    """The customer gets his answer on WhatsApp and phones with one more question."""
    await stage.introduce(who)
    await stage.writes_on_whatsapp(who, "Can I change my booking?")
    await stage.wait(2)
    await stage.is_answered_on_whatsapp(who, "Yes, until tomorrow evening.", late_s=2)
    await stage.wait(3)
    await answered_call(stage, who)
    return [
        Truth(
            who,
            "answered on WhatsApp, then phones",
            switches=[("whatsapp", "voice", False)],
            notices=["switch.agent"],
        )
    ]


async def queue_abandoned_then_mail(stage: Stage, who: Person) -> list[Truth]:
    """Hangs up after four seconds in the queue and writes a mail instead."""
    await stage.introduce(who)
    call = stage.number()
    await stage.post(stage.phone.event("call.created", call, who, stage.now_ms()))
    await stage.wait(4)
    ended = stage.now_ms()
    await stage.post(
        stage.phone.event(
            "call.ended", call, who, ended,
            started_at=ended // 1_000 - 4, answered_at=None, ended_at=ended // 1_000,
            duration=4, missed_call_reason="abandoned_in_classic",
        )
    )  # fmt: skip
    await stage.wait(3)
    ticket = stage.number()
    await stage.post(stage.tickets.user(who, stage.now_ms()))
    await stage.wait(1)
    await stage.post(stage.tickets.created(ticket, who, "I could not get through", stage.now_ms()))
    await stage.wait(2)
    await stage.post(
        stage.tickets.comment(
            ticket, stage.number(), who, "We call you back.", stage.now_ms(), AGENTS[0]
        )
    )
    return [
        Truth(
            who,
            "abandons the queue, then mails",
            switches=[("voice", "email", True)],
            notices=["queue.abandoned", "switch.customer", "switch.agent"],
        )
    ]


async def bot_hands_off_to_agent(stage: Stage, who: Person) -> list[Truth]:
    """The bot cannot help; an agent takes over and stays."""
    conversation = stage.number()
    await stage.post(stage.desk.message(conversation, stage.number(), who, "Hi", stage.now_ms()))
    await stage.wait(1)
    hello = stage.desk.message(
        conversation, stage.number(), who, "How can I help?", stage.now_ms(), bot=True
    )
    await stage.post(hello)
    await stage.wait(1)
    await stage.post(stage.desk.status(conversation, who, "pending", "open", stage.now_ms()))
    await stage.wait(1)
    agent = AGENTS[1]
    await stage.post(stage.desk.assigned(conversation, who, None, agent, stage.now_ms()))
    await stage.wait(1)
    await stage.post(
        stage.desk.message(conversation, stage.number(), who, "I am here.", stage.now_ms(), agent)
    )
    return [
        Truth(
            who,
            "bot hands off to an agent",
            transfers=[("handoff", "successful")],
            notices=["transfer.customer", "transfer.agent"],
        )
    ]


async def transfer_bounces(stage: Stage, who: Person) -> list[Truth]:
    """A → B → A within the ten minutes (here four seconds): the customer is passed around."""
    conversation, first, second = stage.number(), AGENTS[2], AGENTS[3]
    await stage.post(
        stage.desk.message(conversation, stage.number(), who, "Hello?", stage.now_ms())
    )
    await stage.wait(1)
    await stage.post(stage.desk.assigned(conversation, who, None, first, stage.now_ms()))
    await stage.wait(1)
    await stage.post(
        stage.desk.message(conversation, stage.number(), who, "One moment.", stage.now_ms(), first)
    )
    await stage.wait(1)
    await stage.post(stage.desk.assigned(conversation, who, first, second, stage.now_ms()))
    await stage.wait(2)
    await stage.post(stage.desk.assigned(conversation, who, second, first, stage.now_ms()))
    return [
        Truth(
            who,
            "is passed on and back",
            transfers=[("blind", "bounced")],
            notices=["transfer.customer", "transfer.agent", "transfer.failed"],
        )
    ]


async def agent_invites_to_mail(stage: Stage, who: Person) -> list[Truth]:
    """The chat's agent goes on by mail, and the customer answers there."""
    conversation, ticket = stage.number(), stage.number()
    await stage.introduce(who)
    await stage.post(
        stage.tickets.user(who, stage.now_ms()),
        stage.desk.contact(who, stage.now_ms()),
        stage.desk.message(
            conversation, stage.number(), who, "Can I have the form?", stage.now_ms()
        ),
    )
    await stage.wait(2)
    say = "It comes by mail."
    await stage.post(
        stage.desk.message(conversation, stage.number(), who, say, stage.now_ms(), AGENTS[4])
    )
    await stage.wait(2)
    await stage.post(
        stage.tickets.comment(ticket, stage.number(), who, "Here it is.", stage.now_ms(), AGENTS[4])
    )
    await stage.wait(3)
    await stage.post(
        stage.tickets.comment(ticket, stage.number(), who, "Filled in.", stage.now_ms())
    )
    await stage.wait(2)
    await stage.post(
        stage.tickets.comment(ticket, stage.number(), who, "Thank you.", stage.now_ms(), AGENTS[4])
    )
    return [
        Truth(
            who,
            "is invited from the chat to mail",
            switches=[("chat", "email", True)],
            notices=["switch.customer", "switch.agent"],
        )
    ]


async def solved_and_rated(stage: Stage, who: Person) -> list[Truth]:
    """One question, one answer, solved, five stars."""
    conversation, survey = stage.number(), stage.number()
    await stage.post(
        stage.desk.message(conversation, stage.number(), who, "Are you open today?", stage.now_ms())
    )
    await stage.wait(2)
    await stage.post(
        stage.desk.message(
            conversation, stage.number(), who, "Until six.", stage.now_ms(), AGENTS[0]
        )
    )
    await stage.wait(2)
    await stage.post(stage.desk.status(conversation, who, "open", "resolved", stage.now_ms()))
    await stage.wait(1)
    stars = 4 + who.number % 2
    await stage.post(stage.desk.rating(conversation, survey, who, stars, stage.now_ms()))
    return [Truth(who, "is answered at once, solved and asked", notices=["survey"])]


async def recognised_later(stage: Stage, who: Person) -> list[Truth]:
    """Chats signed in, goes on by WhatsApp from a number that nobody knows; then the CRM says that
    it is one person: two customers and two needs become one, with a switch between them.
    """
    conversation, web = stage.number(), msgspec.structs.replace(who, phone="")
    await stage.post(stage.desk.message(conversation, stage.number(), web, "Hi!", stage.now_ms()))
    await stage.wait(2)
    await stage.post(
        stage.desk.message(conversation, stage.number(), web, "Hello.", stage.now_ms(), AGENTS[2])
    )
    await stage.wait(3)
    await stage.writes_on_whatsapp(who, "I go on from here.")
    await stage.wait(2)
    await stage.is_answered_on_whatsapp(who, "All right.")
    await stage.introduce(who)
    return [
        Truth(
            who,
            "is recognised on the second channel",
            switches=[("chat", "whatsapp", False)],
            notices=["switch.agent"],
            joins=1,
        )
    ]


async def joined_by_mistake(stage: Stage, who: Person) -> list[Truth]:
    """An agent writes one customer's number on another's card, so the two become one; an operator
    sees it and takes them apart: what was concluded from it is taken back.
    """
    other = person(who.number + STRANGERS)
    conversation, web = stage.number(), msgspec.structs.replace(other, phone="")
    await stage.writes_on_whatsapp(who, "Is my repair done?")
    await stage.wait(2)
    await stage.is_answered_on_whatsapp(who, "On Monday.")
    await stage.wait(1)
    await stage.post(
        stage.desk.message(conversation, stage.number(), web, "Opening?", stage.now_ms())
    )
    await stage.wait(2)
    await stage.post(
        stage.desk.message(conversation, stage.number(), web, "At nine.", stage.now_ms(), AGENTS[3])
    )
    wrong = msgspec.structs.replace(other, phone=who.phone)
    await stage.post(stage.desk.contact(wrong, stage.now_ms()))
    await stage.wait(4)
    shown = await stage.operate(f"/v1/identity?phone=%2B{who.wa_id}", None)
    [join] = [one["join"] for one in shown["joins"]]
    await stage.operate("/v1/identity/split", {"join": join, "agent": AGENTS[0].name})
    await stage.wait(2)
    title = "is taken for somebody else until an operator sees it"
    return [
        Truth(who, title, notices=["switch.agent"], corrections=["switch"], joins=1, splits=1),
        Truth(other, title),
    ]


async def answer_told_late(stage: Stage, who: Person) -> list[Truth]:
    """Answered in time, but the vendor tells it late: the broken promise is taken back."""
    await stage.introduce(who)
    await stage.writes_on_whatsapp(who, "Do you deliver on Saturdays?")
    await stage.wait(3)
    await stage.is_answered_on_whatsapp(who, "Yes.", late_s=10)
    return [
        Truth(
            who,
            "is answered in time, which is told late",
            notices=["reply.waiting", "sla.at_risk", "sla.breached"],
            corrections=["breach"],
        )
    ]


async def answered_call(stage: Stage, who: Person) -> None:
    """An inbound call, answered and ended."""
    call, agent = stage.number(), AGENTS[who.number % len(AGENTS)]
    await stage.post(stage.phone.event("call.created", call, who, stage.now_ms()))
    await stage.wait(1)
    started = stage.now_ms()
    await stage.post(
        stage.phone.event("call.answered", call, who, started, agent, answered_at=started // 1_000)
    )
    await stage.wait(3)
    times = {"started_at": started // 1_000 - 1, "answered_at": started // 1_000}
    await stage.post(
        stage.phone.event(
            "call.ended", call, who, stage.now_ms(), agent,
            **times, ended_at=stage.now_ms() // 1_000, duration=4,
        )
    )  # fmt: skip


STORIES: tuple[Story, ...] = (
    whatsapp_unanswered_then_call,
    bot_hands_off_to_agent,
    whatsapp_answered_then_call,
    queue_abandoned_then_mail,
    transfer_bounces,
    agent_invites_to_mail,
    solved_and_rated,
    recognised_later,
    joined_by_mistake,
    answer_told_late,
)
