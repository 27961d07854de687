"""What the mail services have in common: a customer writes to the inbox, and who answers sends it a
blind copy; the receipt of his mail comes as an event.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Protocol

from streams.demo.traffic.call import Agent, Call, Person
from streams.demo.traffic.generator import Generator, Told, Visit, told


class MailService(Protocol):
    def inbound(
        self, ident: str, who: Person, subject: str, text: str, at_ms: int, answers: str = "",
        agent: Agent | None = None,
    ) -> Call:  # fmt: skip
        """A mail by the customer, unless an agent is named, who sends us a blind copy; `answers` is
        the Message-ID of the one that it answers.
        """


class MailGenerator(Generator):
    """A mail service in play; its file says how its mails and receipts look."""

    channel = "email"
    options: ClassVar[Mapping[str, str]] = {"ours": "acme.example"}
    mails: MailService

    @abstractmethod
    def receipt(self, ident: str, who: Person, at_ms: int, thread: str) -> Call:
        """The answer with this id was delivered; `thread` is the mail that it answers."""

    def asks(self, visit: Visit, text: str, at_ms: int) -> list[Told]:
        call = self.mails.inbound(_ident(visit), visit.who, "A question", text, at_ms)
        return [told(call, "message.posted")]

    def answers(self, visit: Visit, text: str, at_ms: int) -> list[Told]:
        thread = f"{_ident(visit)}@mail.home.example"
        ident = f"{_ident(visit)}-{visit.number()}"
        copy = self.mails.inbound(
            ident, visit.who, "Re: A question", text, at_ms, thread, visit.agent
        )
        receipt = self.receipt(ident, visit.who, at_ms, thread)
        return [told(copy, "message.posted"), told(receipt, "message.status_changed")]


def _ident(visit: Visit) -> str:
    return f"m-{visit.thread}"
