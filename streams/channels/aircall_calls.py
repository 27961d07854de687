"""Aircall's calls: the whole call stands in the body each time, with what has just happened to it.

Transfers are named: `call.transferred`, `external_transferred`, `unsuccessful_transfer`.
Shapes: Aircall's API reference (call events).
"""

from __future__ import annotations

from typing import Any, Literal

from schemas.common import Actor, Identifier, Party
from schemas.events import (
    AgentConnected,
    AgentDisconnected,
    AgentOffered,
    AssignmentChanged,
    ContactEnded,
    ContactHeld,
    ConversationOpened,
    ConversationUpdated,
    Durations,
    EventBase,
    MessagePosted,
    QueueEntered,
    QueueLeft,
    SelfserviceStepped,
    TransferReported,
    WrapupEnded,
)
from streams.channels import times
from streams.channels.base import Parsed, ignored, malformed, unknown
from streams.channels.body import number, rows, table, text
from streams.channels.draft import CUSTOMER, SYSTEM, Draft, identifier

_ABANDONED = {"abandoned_in_ivr", "abandoned_in_classic", "short_abandoned"}
_TRANSFERS: dict[str, Literal["warm", "blind"]] = {
    "warm": "warm", "attended": "warm", "cold": "blind", "blind": "blind",
}  # fmt: skip


class Call:
    """`call.*`: the whole call stands in `data` each time."""

    def __init__(self, data: dict[str, Any], draft: Draft, at_ms: int | None) -> None:
        self._data, self._draft, self._at_ms = data, draft, at_ms
        self._id = text(data, "id")
        self._agent = text(data, "user", "id") or next(
            (text(p, "id") for p in rows(data, "participants") if text(p, "type") == "user"), ""
        )
        self._inbound = text(data, "direction") != "outbound"
        draft.conversation = self._id
        draft.identifiers = _caller(data, draft)

    def parsed(self, what: str) -> Parsed:
        make = getattr(self, f"_{what}", None)
        if make is None:
            return unknown(f"Aircall sends no event 'call.{what}' that we know.")
        if not self._id:
            return malformed("The event names no call.")
        found = make()
        return Parsed(tuple(found)) if found else ignored(f"call.{what}: nothing that we count.")

    def _one(
        self, cls: type[EventBase], what: str, at_ms: int | None = None, /, **fields: Any
    ) -> EventBase:
        stamp = self._at_ms if at_ms is None else at_ms
        # The time stands in the key: a call is transferred, held and assigned more than once.
        return self._draft.event(cls, f"call/{self._id}/{what}/{stamp}", stamp, **fields)

    @property
    def _party(self) -> Actor:
        return CUSTOMER if self._inbound else Actor("agent", self._agent or None)

    @property
    def _queue(self) -> str:
        """The number that was called: the teams of a call are told only as it goes on."""
        team = next((text(t, "name") or text(t, "id") for t in rows(self._data, "teams")), "")
        number = text(self._data, "number", "name") or text(self._data, "number", "id")
        return number or team or "aircall"

    def _created(self) -> list[EventBase]:
        started = times.seconds(self._data.get("started_at"))
        opened = self._draft.event(
            ConversationOpened,
            f"call/{self._id}/opened",
            started or self._at_ms,
            actor=self._party,
            initiated_by="customer" if self._inbound else "agent",
            direction="inbound" if self._inbound else "outbound",
            queue=self._queue if self._inbound else None,
            personal={"name": _name(self._data)},
        )
        if not self._inbound:
            return [opened]
        return [opened, self._entered(started or self._at_ms)]

    def _entered(self, at_ms: int | None) -> EventBase:
        return self._draft.event(
            QueueEntered, f"call/{self._id}/queued", at_ms, actor=CUSTOMER, queue=self._queue
        )

    def _ringing_on_agent(self) -> list[EventBase]:
        return [
            self._one(AgentOffered, f"ringing/{self._agent}", agent=self._agent, outcome="ringing")
        ]

    def _agent_declined(self) -> list[EventBase]:
        return [
            self._one(
                AgentOffered, f"declined/{self._agent}", agent=self._agent, outcome="declined"
            )
        ]

    def _answered(self) -> list[EventBase]:
        answered = times.seconds(self._data.get("answered_at")) or self._at_ms
        connected = self._draft.event(
            AgentConnected,
            f"call/{self._id}/answered/{self._agent}/{answered}",
            answered,
            actor=self._party,
            agent=self._agent or "unknown",
        )
        if not self._inbound:
            return [connected]
        return [self._left("answered", answered), connected]

    def _left(self, outcome: str, at_ms: int | None) -> EventBase:
        started = times.seconds(self._data.get("started_at"))
        wait_ms = at_ms - started if at_ms and started and at_ms >= started else None
        return self._draft.event(
            QueueLeft,
            f"call/{self._id}/left",
            at_ms,
            actor=CUSTOMER if outcome == "abandoned" else SYSTEM,
            queue=self._queue,
            outcome=outcome,
            wait_ms=wait_ms,
        )

    def _to(self) -> Party:
        to = table(self._data, "transferred_to")
        team = text(self._data, "transferred_to_team", "name") or text(to, "team", "name")
        agent = text(to, "id")
        if not agent and not team and self._agent != text(self._data, "transferred_by", "id"):
            agent = self._agent
        return Party(agent=agent or None, team=team or None)

    def _from(self) -> Party | None:
        agent = text(self._data, "transferred_by", "id")
        return Party(agent=agent) if agent else None

    def _passer(self) -> Actor:
        return Actor("agent", text(self._data, "transferred_by", "id") or self._agent or None)

    def _transferred(self) -> list[EventBase]:
        kind = _TRANSFERS.get(text(self._data, "transfer_type").lower(), "unknown")
        return [
            self._one(
                TransferReported, "transferred", actor=self._passer(),
                kind=kind, phase="started", to=self._to(), from_=self._from(),
            )
        ]  # fmt: skip

    def _external_transferred(self) -> list[EventBase]:
        number = text(self._data, "external_transferred_to") or text(self._data, "transferred_to")
        return [
            self._one(
                TransferReported, "external", actor=self._passer(),
                kind="external", phase="accepted", to=Party(app=number or "external"),
                from_=self._from(),
            )
        ]  # fmt: skip

    def _unsuccessful_transfer(self) -> list[EventBase]:
        return [
            self._one(
                TransferReported, "unsuccessful", actor=SYSTEM,
                kind="unknown", phase="failed", to=self._to(), from_=self._from(),
            )
        ]  # fmt: skip

    def _hold(self) -> list[EventBase]:
        return [self._one(ContactHeld, "hold", phase="held")]

    def _unhold(self) -> list[EventBase]:
        return [self._one(ContactHeld, "unhold", phase="resumed")]

    def _hungup(self) -> list[EventBase]:
        """At once, before the figures are final."""
        return [self._one(ContactEnded, "hungup", final=False, answered=self._was_answered())]

    def _was_answered(self) -> bool:
        return times.seconds(self._data.get("answered_at")) is not None

    def _ended(self) -> list[EventBase]:
        ended = times.seconds(self._data.get("ended_at")) or self._at_ms
        reason = text(self._data, "missed_call_reason")
        answered = self._was_answered()
        spent_s = number(self._data, "duration")
        total_ms = None if spent_s is None else round(spent_s * 1_000)
        started = times.seconds(self._data.get("started_at"))
        picked_up = times.seconds(self._data.get("answered_at"))
        found: list[EventBase] = []
        if self._inbound and not answered:
            # Only whoever hangs up while we could have answered has abandoned the queue.
            outcome = "abandoned" if reason in _ABANDONED or not reason else "timeout"
            found.append(self._left(outcome, ended))
        found.append(
            self._draft.event(
                ContactEnded,
                f"call/{self._id}/ended",
                ended,
                by="customer" if reason in _ABANDONED else "unknown",
                reason=reason or text(self._data, "hangup_cause") or None,
                answered=answered,
                durations=Durations(
                    total_ms=total_ms,
                    queue_ms=_span(started, picked_up or ended) if self._inbound else None,
                    talk_ms=_span(picked_up, ended),
                ),
            )
        )
        return found

    def _voicemail_left(self) -> list[EventBase]:
        return [
            self._draft.event(
                MessagePosted,
                f"call/{self._id}/voicemail",
                self._at_ms,
                actor=CUSTOMER,
                message_id=f"{self._id}/voicemail",
                direction="inbound",
                personal={"text": "[voicemail]"},
            )
        ]

    def _assigned(self) -> list[EventBase]:
        agent = text(self._data, "assigned_to", "id") or self._agent
        return [self._one(AssignmentChanged, f"assigned/{agent}", to=Party(agent=agent or None))]

    def _unassigned(self) -> list[EventBase]:
        return [self._one(AssignmentChanged, "unassigned", to=Party())]

    def _archived(self) -> list[EventBase]:
        return [self._one(ConversationUpdated, "archived", status="closed")]

    def _unarchived(self) -> list[EventBase]:
        return [self._one(ConversationUpdated, "unarchived", status="open")]

    def _tagged(self) -> list[EventBase]:
        tags = tuple(text(tag, "name") for tag in rows(self._data, "tags"))
        return [self._one(ConversationUpdated, "tagged", tags=tags)]

    _untagged = _tagged

    def _commented(self) -> list[EventBase]:
        comments = rows(self._data, "comments")
        note = text(comments[-1], "content") if comments else ""
        return [
            self._one(
                ConversationUpdated, "commented", actor=Actor("agent", self._agent or None),
                note=True, personal={"note": note},
            )
        ]  # fmt: skip

    def _ivr_option_selected(self) -> list[EventBase]:
        options = rows(self._data, "ivr_options_selected") or rows(self._data, "ivr_options")
        step = text(options[-1], "title") or text(options[-1], "key") if options else "option"
        return [
            self._one(
                SelfserviceStepped, f"ivr/{step}", actor=CUSTOMER,
                resource="ivr", step=step, outcome="progressed",
            )
        ]  # fmt: skip

    def _wrap_up(self) -> list[EventBase]:
        return [self._one(WrapupEnded, "wrapup", agent=self._agent or None)]

    def _comm_assets_generated(self) -> list[EventBase]:
        return []

    def _agent_disconnected(self) -> list[EventBase]:
        return [self._one(AgentDisconnected, f"left/{self._agent}", agent=self._agent)]


def _span(first_ms: int | None, last_ms: int | None) -> int | None:
    """How long, if both are known and in their order."""
    if first_ms is None or last_ms is None or last_ms < first_ms:
        return None
    return last_ms - first_ms


def _caller(data: dict[str, Any], draft: Draft) -> tuple[Identifier, ...]:
    """A caller's number is what the network shows: claimed; the contact is Aircall's own card."""
    number = text(data, "raw_digits") or next(
        (
            text(p, "phone_number")
            for p in rows(data, "participants")
            if text(p, "type") == "external"
        ),
        "",
    )
    if number.lower() in {"anonymous", "unknown", "private", "restricted"}:
        number = ""
    contact = text(data, "contact", "id")
    return (
        *draft.vendor_id(f"contact/{contact}" if contact else ""),
        *identifier("phone", number, "network"),
    )


def _name(data: dict[str, Any]) -> str:
    contact = table(data, "contact")
    return f"{text(contact, 'first_name')} {text(contact, 'last_name')}".strip()
