"""What somebody does with your Slack app: buttons, forms, shortcuts, commands; told once.
Sources: docs.slack.dev, "Interaction payloads", "Slash commands".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from schemas.events import (
    EventBase,
    FeedbackReceived,
    IdentityLinked,
    SelfserviceStepped,
    TaskProgressed,
)
from streams.channels import times
from streams.channels.base import Parsed, Request, SourceConfig, ignored, unknown
from streams.channels.body import rows, table, text
from streams.channels.draft import CUSTOMER, Draft, identifier
from streams.channels.slack_events import Event
from streams.channels.slack_forms import answers, chosen, instrument
from streams.channels.slack_sides import Sides, person


class Interaction:
    """What somebody did with the app: not retried by Slack."""

    def __init__(
        self, body: dict[str, Any], kind: str, request: Request, source: SourceConfig
    ) -> None:
        self._body, self._kind = body, kind
        self._request, self._source = request, source
        self._user = text(body, "user", "id") or text(body, "user_id")
        team = text(body, "user", "team_id") or text(body, "team_id") or text(body, "team", "id")
        self._actor = Sides(source).actor(self._user, team)
        self._channel = (
            text(body, "channel", "id") or text(body, "channel_id")
            or text(body, "container", "channel_id")
        )  # fmt: skip
        self._moment = (
            text(body, "trigger_id") or text(body, "action_ts") or text(body, "view", "id")
        )
        self._draft = Draft(request, source, kind, "slack")
        self._draft.identifiers = person(self._user, self._actor)
        self._draft.conversation = self._thread()

    def _thread(self) -> str:
        message = table(self._body, "message")
        stamp = (
            text(self._body, "container", "thread_ts") or text(message, "thread_ts")
            or text(self._body, "container", "message_ts") or text(message, "ts")
            or text(self._body, "message_ts") or text(self._body, "thread_ts")
        )  # fmt: skip
        if self._channel.startswith("D") and not text(message, "thread_ts"):
            return self._channel
        return f"{self._channel}/{stamp}" if self._channel and stamp else ""

    def parsed(self) -> Parsed:
        makers: dict[str, Callable[[], Iterator[EventBase]]] = {
            "block_actions": self._clicked,
            "interactive_message": self._clicked,
            "view_submission": self._submitted,
            "dialog_submission": self._submitted,
            "view_closed": self._left,
            "dialog_cancellation": self._left,
            "shortcut": self._called,
            "message_action": self._called,
            "slash_command": self._called,
        }
        if self._kind in {"block_suggestion", "dialog_suggestion", "workflow_step_edit"}:
            return ignored(f"{self._kind}: Slack asks the app for choices.")
        maker = makers.get(self._kind)
        if maker is None:
            return unknown(f"Slack sends nothing of the type {self._kind!r} that we know.")
        events = tuple(maker())
        if not events:
            return ignored(f"{self._kind}: done by an agent, in the app.")
        return Parsed(events)

    def _clicked(self) -> Iterator[EventBase]:
        if self._actor != CUSTOMER:
            return
        for number, action in enumerate(rows(self._body, "actions")):
            name = text(action, "action_id") or text(action, "name")
            at_ms = times.seconds(action.get("action_ts") or self._body.get("action_ts"))
            key = f"action/{self._moment}/{name}/{text(action, 'action_ts') or number}"
            value, words = chosen(action, self._body)
            if rated := instrument(name, text(action, "block_id"), value, text(action, "type")):
                yield self._draft.event(FeedbackReceived, key, at_ms, actor=CUSTOMER, **rated)
                continue
            yield self._draft.event(
                SelfserviceStepped,
                key,
                at_ms,
                actor=CUSTOMER,
                resource=name or self._kind,
                step=text(action, "type") or "button",
                outcome="progressed",
                personal={"text": words},
            )

    def _submitted(self) -> Iterator[EventBase]:
        """A form: its answers as words, ratings as ratings, a mail address as claimed."""
        if self._actor != CUSTOMER:
            return
        view = table(self._body, "view")
        found = answers(self._body)
        ident = text(view, "id") or self._moment
        at_ms = times.seconds(self._body.get("action_ts"))
        said = "; ".join(f"{one.label}: {one.words}" for one in found if one.words)
        yield self._draft.event(
            TaskProgressed,
            f"form/{ident}/{self._moment}",
            at_ms,
            actor=CUSTOMER,
            task_kind="form",
            task_id=ident,
            step=text(view, "callback_id") or text(self._body, "callback_id") or "form",
            state="submitted",
            personal={"text": said},
        )
        for one in found:
            if rated := instrument(one.name, one.block, one.value, one.kind):
                key = f"form/{ident}/{self._moment}/{one.block}/{one.name}"
                yield self._draft.event(FeedbackReceived, key, at_ms, actor=CUSTOMER, **rated)
        mails = [
            one.value
            for one in found
            if "@" in one.value
            and (one.kind == "email_text_input" or "email" in {one.name.lower(), one.block.lower()})
        ]
        if mails and self._draft.identifiers:
            claimed = tuple(i for mail in mails for i in identifier("email", mail, "claimed"))
            yield self._draft.event(
                IdentityLinked,
                f"form/{ident}/{self._moment}/email",
                at_ms,
                actor=CUSTOMER,
                identifiers=(*self._draft.identifiers, *claimed),
                rel="same",
                by="contact",
            )

    def _left(self) -> Iterator[EventBase]:
        if self._actor == CUSTOMER:
            view = table(self._body, "view")
            yield self._draft.event(
                TaskProgressed,
                f"form/{text(view, 'id') or self._moment}/left",
                times.seconds(self._body.get("action_ts")),
                actor=CUSTOMER,
                task_kind="form",
                task_id=text(view, "id") or self._moment,
                step=text(view, "callback_id") or text(self._body, "callback_id") or "form",
                state="cancelled",
            )

    def _called(self) -> Iterator[EventBase]:
        """A command or shortcut; one on a message brings the message along."""
        line = table(self._body, "message")
        if text(line, "ts") and self._channel:
            inner = {
                "team_id": text(self._body, "team", "id"),
                "event": {**line, "type": "message", "channel": self._channel},
            }
            yield from Event(inner, self._request, self._source).parsed().events
        if self._actor != CUSTOMER:
            return
        name = text(self._body, "command") or text(self._body, "callback_id")
        yield self._draft.event(
            SelfserviceStepped,
            f"{self._kind}/{self._moment}/{name}",
            times.seconds(self._body.get("action_ts")),
            actor=CUSTOMER,
            resource=name or self._kind,
            step="command" if "command" in self._body else "shortcut",
            outcome="started",
            personal={"text": text(self._body, "text")},
        )
