"""Freshdesk: the template of our page for it, all values texts, with basic auth."""

from __future__ import annotations

import base64

import orjson

from schemas.cloudevents import rfc3339
from streams.demo.traffic.call import Agent, Call, Person


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
            "ticket_agent_email": f"agent-{agent.number}@acme.example" if agent else "",
            "ticket_updated_at": rfc3339(at_ms),
            "requester_name": who.name,
            "requester_email": who.email,
            **more,
        }
        login = base64.b64encode(f"filrouge:{self._secret}".encode()).decode()
        headers = {"Content-Type": "application/json", "Authorization": f"Basic {login}"}
        return Call(self._source, orjson.dumps({"freshdesk_webhook": fields}), headers)
