"""What the stories are told with: the vendors' systems, one world, and a few words."""

from __future__ import annotations

import base64
from typing import Any

from schemas.common import Actor, Identifier, Party
from schemas.events import AssignmentChanged, ConversationUpdated, MessagePosted
from streams.demo.cast import AGENTS, person
from streams.demo.traffic import meta_whatsapp
from streams.demo.traffic.aircall import Line
from streams.demo.traffic.amazon_connect import Instance
from streams.demo.traffic.chatwoot import Desk
from streams.demo.traffic.cloudevents import Company
from streams.demo.traffic.genesys import Organisation
from streams.demo.traffic.intercom import Workspace
from streams.demo.traffic.postmark import Server
from streams.demo.traffic.twilio import Messages
from streams.demo.traffic.zendesk import Tickets
from streams.stages.names import Names
from tests.world import MINUTE, World, who

ZOE, YAN, WANDA, *_ = AGENTS
ADA, BO = person(7), person(8)
AGENT = Actor("agent", "zoe")


class Story(World):
    """A world with the vendors' systems in it, where the CRM knows Ada and Bo."""

    def __init__(self, *args: Any, **policy: Any) -> None:
        super().__init__(*args, **policy)
        self.phone = Line("aircall", "t")
        self.connect = Instance("amazon_connect", "s")
        self.desk = Desk("chatwoot", "s")
        self.genesys = Organisation("genesys", "s")
        self.intercom = Workspace("intercom", "s")
        self.mail = Server("postmark", "s")
        self.sms = Messages("twilio", "s", "https://x.example/")
        self.tickets = Tickets("zendesk", "s")
        company = Company("cloudevents", "whsec_" + base64.b64encode(b"k" * 24).decode())
        self.company = company
        for one in (ADA, BO):
            self.call(company.contact(one, self.now))

    def whatsapp(self, ident: str, text: str, at: int | None = None) -> None:
        """Ada writes."""
        sent = meta_whatsapp.message("meta_whatsapp", "s", ADA, ident, text, at or self.now)
        self.call(sent)

    def whatsapp_answer(self, ident: str, text: str, at: int | None = None) -> None:
        self.call(meta_whatsapp.echo("meta_whatsapp", "s", ADA, ident, text, at or self.now))

    def later(self, ms: int) -> int:
        """Time passes, and nothing is told of it."""
        self.now += ms
        return self.now

    def states(self, kind: type) -> list[tuple[int, str]]:
        """(revision, state) of all facts of a kind, as they were published."""
        return [(f.revision, f.state) for f in self.history if isinstance(f, kind)]

    # In canonical events, where no vendor matters -------------------------------------------

    def writes(self, channel: str = "chat", conversation: str = "", **fields: Any) -> None:
        self._numbers += 1
        self.event(
            MessagePosted, fields.pop("at", None), channel=channel,
            conversation=conversation or f"{channel}-1", identifiers=fields.pop("who", who()),
            message_id=f"m{self._numbers}", direction="inbound", **fields,
        )  # fmt: skip

    def answers(
        self, channel: str = "chat", conversation: str = "", at: int | None = None,
        actor: Actor = AGENT, **fields: Any,
    ) -> None:  # fmt: skip
        self._numbers += 1
        self.event(
            MessagePosted, at, channel=channel, conversation=conversation or f"{channel}-1",
            identifiers=fields.pop("who", who()), actor=actor, message_id=f"m{self._numbers}",
            direction="outbound", **fields,
        )  # fmt: skip

    def resolves(self, channel: str = "chat", at: int | None = None) -> None:
        self.event(
            ConversationUpdated, at, conversation=f"{channel}-1", channel=channel,
            status="resolved", actor=AGENT,
        )  # fmt: skip

    def assigns(self, agent: str, conversation: str = "chat-1", **party: str) -> None:
        self.event(
            AssignmentChanged, conversation=conversation, to=Party(agent=agent or None, **party),
            actor=Actor("system"),
        )  # fmt: skip


def whatsapp_number(number: str) -> Identifier:
    return Identifier("whatsapp", number, "asserted")


_PEOPLE = {ZOE: "zoe", YAN: "yan", WANDA: "wanda"}
_SOURCES = ("aircall", "amazon_connect", "chatwoot", "genesys", "zendesk")
NAMES = Names(
    agents={(source, str(a.number)): name for source in _SOURCES for a, name in _PEOPLE.items()}
    | {("chatwoot", "21"): "zoe"},
    teams={
        ("aircall", "Phones"): "telephone desk",
        ("chatwoot", "7"): "telephone desk",
        ("zendesk", "9"): "telephone desk",
    },
    queues={("aircall", "Support"): "telephone desk"},
)
"""What `[[agent]]`, `[[team]]` and `[[queue]]` of the settings come to."""


def to_telephony(story: Story) -> None:
    """Chatwoot: nobody's any more, and the team's of telephony."""
    moved = story.desk._conversation(1, ADA, story.later(MINUTE))
    moved["meta"] = {**moved["meta"], "team": {"id": 7, "name": "Telephone"}}
    change = {
        "team_id": {"previous_value": None, "current_value": 7},
        "assignee_id": {"previous_value": ZOE.number, "current_value": None},
    }
    story.call(story.desk._changed("conversation_updated", moved, change, story.now))
