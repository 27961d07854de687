"""Freshdesk: the template of our page for it, all values texts, with basic auth."""

from __future__ import annotations

import base64

import orjson

from schemas.cloudevents import rfc3339
from streams.demo.traffic.call import Agent, Call, Person
from streams.demo.traffic.generator import Generator, Told, Visit, told


class HelpDesk:
    """A Freshdesk account whose rules send the ticket as it is, and what triggered them."""

    def __init__(self, source: str, secret: str) -> None:
        self._source = source
        self._secret = secret

    def created(self, ticket: int, who: Person, text: str, at_ms: int) -> Call:
        return self._sent(
            "{ticket_action:created}", ticket, who, at_ms, ticket_description=f"<div>{text}</div>"
        )

    def replied(
        self, ticket: int, who: Person, text: str, at_ms: int, agent: Agent | None = None
    ) -> Call:
        """By the customer, unless an agent is named."""
        author = agent.name if agent else who.name
        return self._sent(
            "{reply_sent:sent}", ticket, who, at_ms, agent,
            ticket_latest_public_comment=f"{author} : <div>{text}</div>",
        )  # fmt: skip

    def noted(self, ticket: int, who: Person, text: str, agent: Agent, at_ms: int) -> Call:
        return self._sent(
            "{note_type:private}", ticket, who, at_ms, agent,
            ticket_latest_private_comment=f"{agent.name} : <div>{text}</div>",
        )  # fmt: skip

    def assigned(self, ticket: int, who: Person, old: Agent, new: Agent, at_ms: int) -> Call:
        trigger = f"{{responder_id:{{from:{old.number},to:{new.number}}}}}"
        return self._sent(trigger, ticket, who, at_ms, new)

    def status(self, ticket: int, who: Person, new: str, agent: Agent, at_ms: int) -> Call:
        """Open, Pending, Resolved or Closed."""
        number = ("Open", "Pending", "Resolved", "Closed").index(new) + 2
        trigger = f"{{status:{{from:2,to:{number}}}}}"
        return self._sent(trigger, ticket, who, at_ms, agent, ticket_status=new)

    def _sent(
        self, trigger: str, ticket: int, who: Person, at_ms: int, agent: Agent | None = None,
        **more: str,
    ) -> Call:  # fmt: skip
        fields = {
            "triggered_event": trigger,
            "ticket_id": str(ticket),
            "ticket_subject": "Order",
            "ticket_status": "Open",
            "ticket_priority": "Medium",
            "ticket_source": "Email",
            "ticket_group_name": "Support",
            "ticket_agent_name": agent.name if agent else "",
            "ticket_agent_email": agent.email if agent else "",
            "ticket_updated_at": rfc3339(at_ms),
            "requester_name": who.name,
            "requester_email": who.email,
            **more,
        }
        login = base64.b64encode(f"filrouge:{self._secret}".encode()).decode()
        headers = {"Content-Type": "application/json", "Authorization": f"Basic {login}"}
        return Call(self._source, orjson.dumps({"freshdesk_webhook": fields}), headers)


_STANDS = ("assignment.changed", "conversation.updated")
"""Each body says how the ticket stands."""


class Traffic(Generator):
    vendor = "freshdesk"
    channel = "email"
    transfer = "blind"
    resolves = True

    def __init__(self, source: str, secret: str, url: str) -> None:
        super().__init__(source, secret, url)
        self._desk = HelpDesk(source, secret)

    def identifiers(self, who: Person) -> tuple[tuple[str, str], ...]:
        return (("vendor", f"{self.source}:contact/{who.email}"),)

    def asks(self, visit: Visit, text: str, at_ms: int) -> list[Told]:
        call = self._desk.created(visit.thread, visit.who, text, at_ms)
        return [told(call, "conversation.opened", "message.posted", "assignment.changed")]

    def answers(self, visit: Visit, text: str, at_ms: int) -> list[Told]:
        call = self._desk.replied(visit.thread, visit.who, text, at_ms, visit.agent)
        return [told(call, "message.posted", *_STANDS)]

    def passes(self, visit: Visit, at_ms: int) -> list[Told]:
        who, thread = visit.who, visit.thread
        passed = self._desk.assigned(thread, who, visit.agent, visit.second, at_ms)
        said = self._desk.replied(thread, who, "I go on with it.", at_ms, visit.second)
        return [
            told(passed, *_STANDS),
            told(said, "message.posted", *_STANDS),
        ]

    def ends(self, visit: Visit, at_ms: int) -> list[Told]:
        call = self._desk.status(visit.thread, visit.who, "Resolved", visit.holder, at_ms)
        return [told(call, "conversation.updated", "assignment.changed")]
