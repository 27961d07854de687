"""A ticket of Freshdesk's as a template tells it: its medium, its contact, who has it."""

from __future__ import annotations

from schemas.common import Channel, Identifier, Party, Trust
from streams.channels import times
from streams.channels.base import SourceConfig
from streams.channels.draft import Draft, identifier
from streams.channels.ids import digest

_MEDIA: dict[Channel, tuple[str, ...]] = {
    "email": ("1", "10", "email", "outbound email", "outbound_email"),
    "form": ("2", "9", "portal", "feedback widget", "feedback_widget", "web form"),
    "voice": ("3", "phone", "freshcaller"),
    "chat": ("7", "chat", "freshchat"),
    "app": ("8", "mobihelp"),
    "bot": ("12", "bot"),
    "social": ("4", "5", "6", "forum", "twitter", "facebook"),
    "whatsapp": ("13", "whatsapp"),
    "messaging": ("11", "ecommerce"),
    "sms": ("sms",),
    "instagram": ("instagram",),
    "line": ("line",),
    "telegram": ("telegram",),
}
_CHANNELS = {name: channel for channel, names in _MEDIA.items() for name in names}
_OUTBOUND = {"10", "outbound email", "outbound_email"}

AGENT = ("agent_id", "responder_id", "agent_email", "agent_name")
GROUP = ("group_id", "group_name", "group")


class Ticket:
    """What a body tells of its ticket, whoever wrote the template."""

    def __init__(self, fields: dict[str, str], draft: Draft, source: SourceConfig) -> None:
        self.fields, self.draft = fields, draft
        self.key = f"ticket/{draft.conversation}"
        self.digest = digest(fields)
        self.at_ms = self.time("updated_at", "modified_at", "modified_on", "timestamp", "time")
        medium = self.get("source", "source_name").lower()
        draft.channel = _CHANNELS.get(medium, "email")
        self.outbound = medium in _OUTBOUND
        self.holder = Party(
            agent=self.get(*AGENT) or None,
            team=self.get(*GROUP) or None,
        )
        draft.identifiers = self._who(source)

    def get(self, *names: str) -> str:
        for name in names:
            if value := self.fields.get(name):
                return value
        return ""

    def time(self, *names: str) -> int | None:
        return times.any_form(self.get(*names))

    def _who(self, source: SourceConfig) -> tuple[Identifier, ...]:
        """In Freshdesk an address is one contact, so it stands for him if no id does."""
        trust: Trust = "curated" if source.options.get("contacts") == "curated" else "claimed"
        email = self.person("email")
        found: tuple[Identifier, ...] = ()
        for ident in (self.person("id"), email.lower()):
            found += self.draft.vendor_id(f"contact/{ident}" if ident else "")
        found += identifier("email", email, trust)
        phone, mobile = self.person("phone"), self.person("mobile")
        found += identifier("phone", phone, trust)
        found += identifier("phone", mobile if mobile != phone else "", trust)
        return found + identifier("crm", self.person("unique_external_id"), "curated")

    def person(self, what: str) -> str:
        return self.get(f"requester_{what}", f"contact_{what}", f"customer_{what}")
