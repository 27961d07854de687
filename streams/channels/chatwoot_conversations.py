"""Chatwoot's conversations: how they begin, where they stand, who has them.

There is no event id, only the account's display id and `updated_at`.  `changed_attributes` says
what changed; a body is made later than the change and tells the state of then.
"""

from __future__ import annotations

from typing import Any, Literal

from schemas.common import Party
from schemas.events import (
    AssignmentChanged,
    ConversationOpened,
    ConversationUpdated,
    EventBase,
    Status,
)
from streams.channels import times
from streams.channels.base import Parsed, ignored
from streams.channels.body import dig, rows, table, text
from streams.channels.chatwoot_people import BOTS, MESSAGE_TYPES, actor_of, describe
from streams.channels.draft import CUSTOMER, SYSTEM, Draft

_STATUSES: dict[str, Status] = {
    "open": "open",
    "resolved": "resolved",
    "pending": "pending_bot",
    "snoozed": "snoozed",
}


def _conversation(body: dict[str, Any], draft: Draft) -> None:
    describe(body, draft)
    if not draft.conversation:
        raise ValueError("The conversation has no id.")


def read_opened(body: dict[str, Any], draft: Draft) -> Parsed:
    """The conversation, and where it stands from the start: with the bot, with an agent."""
    _conversation(body, draft)
    at_ms = times.any_form(body.get("created_at"))
    by, direction = _initiator((rows(body, "messages") or [{}])[0])
    key = f"conversation/{draft.conversation}"
    events: list[EventBase] = [
        draft.event(
            ConversationOpened,
            key,
            at_ms,
            actor=CUSTOMER if by == "customer" else SYSTEM,
            initiated_by=by,
            direction=direction,
            queue=text(body, "meta", "team", "id") or None,
            personal={"name": text(body, "meta", "sender", "name")},
        )
    ]
    if text(body, "status") == "pending":
        events.append(
            draft.event(ConversationUpdated, f"{key}/first-status", at_ms, status="pending_bot")
        )
    if (holder := _holder(body)) != Party():
        events.append(draft.event(AssignmentChanged, f"{key}/first-holder", at_ms, to=holder))
    return Parsed(tuple(events))


def _initiator(
    message: dict[str, Any],
) -> tuple[Literal["customer", "agent", "campaign"], Literal["inbound", "outbound"]]:
    """A greeting or a bot's answer may already be the last message: only a person's or a
    campaign's own message means that the company spoke first.
    """
    if (
        MESSAGE_TYPES.get(text(message, "message_type"), text(message, "message_type"))
        != "outgoing"
    ):
        return "customer", "inbound"
    if dig(message, "additional_attributes", "campaign_id"):
        return "campaign", "outbound"
    bot = actor_of(message, "outgoing").kind == "bot"
    return ("customer", "inbound") if bot else ("agent", "outbound")


def read_changed(body: dict[str, Any], draft: Draft) -> Parsed:
    """`changed_attributes` says what; without it everything is told as it stands now."""
    _conversation(body, draft)
    changed = changes_of(body)
    stamp, at_ms = when(body, changed)
    key = f"conversation/{draft.conversation}"
    events: list[EventBase] = []
    if "status" in changed or not changed or draft.native_type == "conversation_status_changed":
        now = text(changed, "status", "current_value")
        if now not in _STATUSES:
            now = text(body, "status")
        events.append(_status(draft, now, stamp, at_ms))
    if {"assignee_id", "assignee_agent_bot_id", "team_id"} & changed.keys() or (
        not changed and _holder(body) != Party()
    ):
        to, before = _holder(body, changed), _holder_before(changed)
        events.append(
            draft.event(
                AssignmentChanged,
                f"{key}/assignment/{to.agent}/{to.team}/{to.bot}/{stamp}",
                at_ms,
                to=to,
                from_=before if before != Party() else None,
            )
        )
    fields: dict[str, Any] = {}
    if "priority" in changed:
        fields["priority"] = text(body, "priority") or "none"
    if {"label_list", "labels", "cached_label_list"} & changed.keys():
        labels = dig(body, "labels")
        fields["tags"] = tuple(
            label
            for label in (labels if isinstance(labels, list) else ())
            if isinstance(label, str)
        )
    if fields:
        events.append(
            draft.event(ConversationUpdated, f"{key}/{'+'.join(fields)}/{stamp}", at_ms, **fields)
        )
    if not events:
        what = ", ".join(sorted(changed)) or "nothing named"
        return ignored(f"The conversation changed in what does not concern a journey: {what}.")
    return Parsed(tuple(events))


def read_status_event(body: dict[str, Any], draft: Draft, status: str) -> Parsed:
    """Events of agent bots and automations are named after the status."""
    _conversation(body, draft)
    return Parsed((_status(draft, status, *when(body, {})),))


def changes_of(body: dict[str, Any]) -> dict[str, Any]:
    """Attribute → {previous_value, current_value}, from a list of such objects or from one."""
    changed: dict[str, Any] = dict(table(body, "changed_attributes"))
    for change in rows(body, "changed_attributes"):
        changed |= change
    return changed


def when(body: dict[str, Any], changed: dict[str, Any]) -> tuple[str, int | None]:
    """What tells this change from the next one, and its time.  The body is made later than the
    change, and tells the state of then; `changed_attributes` is of the moment itself.
    """
    for stamp in (
        text(changed, "updated_at", "current_value"),
        text(body, "updated_at"),
        text(body, "timestamp"),
    ):
        if (at_ms := times.any_form(stamp)) is not None:
            return stamp, at_ms
    return "", None


def _status(draft: Draft, status: str, stamp: str, at_ms: int | None) -> EventBase:
    """Both conversation_updated and conversation_status_changed tell it: one key for both."""
    if status not in _STATUSES:
        raise ValueError(f"Chatwoot has no conversation status {status!r} that we know.")
    key = f"conversation/{draft.conversation}/status/{status}/{stamp}"
    return draft.event(ConversationUpdated, key, at_ms, status=_STATUSES[status])


def _holder(body: dict[str, Any], changed: dict[str, Any] | None = None) -> Party:
    """Who has the conversation: as the change says, else as the body tells it."""
    meta = table(body, "meta")
    assignee = table(meta, "assignee")
    ident = text(assignee, "id")
    is_bot = (text(meta, "assignee_type") or text(assignee, "type")).lower() in BOTS
    told = {
        "assignee_id": "" if is_bot else ident,
        "assignee_agent_bot_id": ident if is_bot else "",
        "team_id": text(meta, "team", "id"),
    }
    now = {
        name: text(changed, name, "current_value") if changed and name in changed else value
        for name, value in told.items()
    }
    return Party(
        agent=now["assignee_id"] or None,
        bot=now["assignee_agent_bot_id"] or None,
        team=now["team_id"] or None,
    )


def _holder_before(changed: dict[str, Any]) -> Party:
    return Party(
        agent=text(changed, "assignee_id", "previous_value") or None,
        bot=text(changed, "assignee_agent_bot_id", "previous_value") or None,
        team=text(changed, "team_id", "previous_value") or None,
    )
