"""Slack: the Events API, interactivity and slash commands of one app, in one workspace or in
channels shared with customers (Slack Connect).

Events are JSON (`event_callback`), clicks and dialogs are a form with `payload=`, commands are a
form; Socket Mode wraps the same in an envelope.  All are signed alike: `v0=` and HMAC-SHA256 of
`v0:{timestamp}:{body}`, five minutes.  Slack retries an event up to three times (at once, after one
and five minutes) with the same body, and an interaction never.

A message is known by its channel and `ts`, so `app_mention` and `message` about one line, which
have event ids of their own, count once.  A thread is the conversation; a direct message is one for
good.  Slack knows no customers and no agents: who is an agent is the option `agents`; an app is a
bot; everybody else is a customer.  Members of another workspace are told with their `user_team`,
those of one's own often without, and a reaction never says of which workspace somebody is.
Sources: docs.slack.dev, "The Events API", "Verifying requests from Slack", "Interaction payloads",
"Slash commands"; message subtypes as in the types of its own client (@slack/types 3).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from schemas.common import Actor, Identifier, Ref
from schemas.events import (
    ConversationOpened,
    EventBase,
    FeedbackReceived,
    IdentityLinked,
    MessagePosted,
    MessageStatusChanged,
    SelfserviceStepped,
    TaskProgressed,
)
from streams.channels import times
from streams.channels.about import About
from streams.channels.base import (
    Adapter,
    Parsed,
    Rejected,
    Reply,
    Request,
    SourceConfig,
    ignored,
    malformed,
    unknown,
)
from streams.channels.body import (
    BodyError,
    read_form,
    read_json,
    read_object,
    rows,
    table,
    text,
)
from streams.channels.draft import CUSTOMER, SYSTEM, Draft, identifier
from streams.channels.signatures import any_secret, fresh, hex_hmac
from streams.channels.slack_forms import answers, chosen, instrument

_SAID = {
    "", "assistant_app_thread", "bot_message", "file_comment", "file_mention", "file_share",
    "me_message", "reply_broadcast", "slackbot_response", "thread_broadcast",
}  # fmt: skip
"""Subtypes of a message in which somebody says something."""

_NO_WORDS = {
    "app_conversation_join", "bot_add", "bot_disable", "bot_enable", "bot_remove", "bot_update",
    "channel_archive", "channel_convert_to_private", "channel_convert_to_public", "channel_join",
    "channel_leave", "channel_name", "channel_posting_permissions", "channel_purpose",
    "channel_topic", "channel_unarchive", "document_mention", "ekm_access_denied", "group_archive",
    "group_join", "group_leave", "group_name", "group_purpose", "group_topic", "group_unarchive",
    "huddle_thread", "message_replied", "pinned_item", "sh_room_created", "sh_room_shared",
    "tombstone", "unpinned_item",
}  # fmt: skip
"""Lines that Slack itself writes: about a channel, not to anybody."""

_WITHOUT_MEANING = (
    "app_", "assistant_thread_context_", "bot_", "call_", "channel_", "dnd_", "emoji_",
    "entity_details_", "file_", "function_", "grid_migration_", "group_", "im_", "invite_",
    "link_shared", "member_", "message_metadata_", "pin_", "shared_channel_", "star_", "subteam_",
    "team_access_", "team_domain_", "team_rename", "tokens_revoked", "url_verification",
    "user_huddle_", "user_resource_", "user_status_", "workflow_", "mpim_", "resources_", "scope_",
    "email_domain_", "steps_from_apps", "agent_",
)  # fmt: skip
"""Beginnings of event types that are about the workspace, not said by or to a customer."""

_PEOPLE = {"team_join", "user_change", "user_profile_changed"}
_SLACKBOT = "USLACKBOT"


class Slack(Adapter):
    """Option `agents`: the ids of those who answer for you, with commas: of users (`U…`, `W…`) or
    of whole workspaces (`T…`, `E…`; usually your own).  Without it every person is a customer.
    """

    vendor = "slack"
    title = "Slack"
    about = About(
        gives=("messages", "receipts", "states", "bots", "self-care", "ratings"),
        identities={
            "email": ("curated", "claimed"),
            "slack": ("asserted",),
        },
        transfer="",
        lacks="assignments, queues, resolution, who is a customer (option agents)",
        retries="3 times: at once, after 1 and 5 min; the same message",
    )
    keep_headers = ("x-slack-retry-num", "x-slack-retry-reason")

    def verify(self, request: Request, source: SourceConfig) -> Rejected | None:
        stamp = request.headers.get("x-slack-request-timestamp", "")
        message = b"v0:" + stamp.encode() + b":" + request.body
        return any_secret(
            source,
            request.headers.get("x-slack-signature"),
            lambda key: f"v0={hex_hmac(key, message)}",
            "X-Slack-Signature",
        ) or fresh(request, times.seconds(stamp), "X-Slack-Request-Timestamp")

    def handshake(self, request: Request, source: SourceConfig) -> Reply | None:
        """`url_verification` is signed like an event; its challenge goes back."""
        if b"url_verification" not in request.body or self.verify(request, source) is not None:
            return None
        try:
            body = read_object(request.body)
        except BodyError:
            return None
        if text(body, "type") != "url_verification":
            return None
        return Reply(200, text(body, "challenge").encode("utf-8", "replace"))

    def read(self, request: Request, source: SourceConfig) -> Parsed:
        body = _unwrapped(request)
        kind = text(body, "type")
        if "command" in body and not kind:
            return _Interaction(body, "slash_command", request, source).parsed()
        match kind:
            case "event_callback":
                return _Event(body, request, source).parsed()
            case "url_verification":
                return ignored("url_verification: Slack tries whether the URL answers.")
            case "app_rate_limited":
                return ignored(
                    "app_rate_limited: Slack held back events of this minute, of more than 30,000 "
                    "an hour; it will not send them again."
                )
        if "channel" in body and isinstance(body["channel"], str):  # an event without its envelope
            return _Event({"event": body}, request, source).parsed()
        return _Interaction(body, kind, request, source).parsed()


def _unwrapped(request: Request) -> dict[str, Any]:
    """The body itself, the JSON in a form's `payload`, or what Socket Mode wraps."""
    if request.body.lstrip()[:1] in {b"{", b"["}:
        body = read_object(request.body)
    else:
        body = dict[str, Any](read_form(request))
    inner = body.get("payload")
    if isinstance(inner, str):
        inner = read_json(inner.encode())
    return inner if isinstance(inner, dict) else body


class _Sides:
    """Who is who in this source."""

    def __init__(self, source: SourceConfig) -> None:
        listed = source.options.get("agents", "")
        self._agents = {one.strip() for one in listed.split(",") if one.strip()}
        self._by_team = any(one.startswith(("T", "E")) for one in self._agents)

    def actor(self, user: str, team: str = "", bot: str = "") -> Actor:
        """An agent who speaks through an app is an agent; of somebody whose workspace is not told
        nothing is said if workspaces matter.
        """
        if user and user in self._agents:
            return Actor("agent", user)
        if bot or user == _SLACKBOT:
            return Actor("bot", bot or user)
        if team and team in self._agents:
            return Actor("agent", user or None)
        if user and self._by_team and not team:
            return Actor("external", user)
        return CUSTOMER if user else SYSTEM


def _person(user: str, actor: Actor) -> tuple[Identifier, ...]:
    """Slack's own user id, for a customer."""
    return identifier("slack", user, "asserted") if actor == CUSTOMER else ()


# Events ---------------------------------------------------------------------------------------


class _Event:
    def __init__(self, body: dict[str, Any], request: Request, source: SourceConfig) -> None:
        event = table(body, "event")
        self._body, self._event = body, event
        self._sides = _Sides(source)
        self._home_team = text(body, "team_id")
        self._kind = text(event, "type")
        item = table(event, "item")
        self._channel = (
            text(event, "channel") or text(event, "channel_id") or text(item, "channel")
            or text(event, "assistant_thread", "channel_id") or text(event, "channel", "id")
        )  # fmt: skip
        direct = text(event, "channel_type") in {"im", "mpim", "app_home"}
        self._direct = direct or self._channel.startswith("D")
        self._at_ms = (
            times.seconds(event.get("event_ts"))
            or times.seconds(event.get("ts"))
            or times.seconds(body.get("event_time"))
        )
        # Its event id is the last resort: the same line has several.
        self._moment = (
            text(event, "event_ts") or text(event, "ts") or text(event, "client_msg_id")
            or f"{text(body, 'event_id')}/{text(body, 'event_time')}"
        )  # fmt: skip
        self._draft = Draft(request, source, self._kind, "slack")

    def parsed(self) -> Parsed:
        kind = self._kind
        if kind in {"message", "app_mention"}:
            return self._line()
        makers: dict[str, Callable[[], Iterator[EventBase]]] = {
            "reaction_added": self._reaction,
            "reaction_removed": self._reaction,
            "app_home_opened": self._home,
            "assistant_thread_started": self._assistant,
            **dict.fromkeys(_PEOPLE, self._card),
        }
        if kind in makers:
            events = tuple(makers[kind]())
            return Parsed(events) if events else ignored(f"{kind}: nothing about a customer.")
        if kind.startswith(_WITHOUT_MEANING):
            return ignored(f"{kind}: about the workspace, not said by or to a customer.")
        return unknown(f"Slack sends no event {kind!r} that we know.")

    # Messages ---------------------------------------------------------------------------------

    def _line(self) -> Parsed:
        event, subtype = self._event, text(self._event, "subtype")
        if subtype in _NO_WORDS:
            return ignored(f"{subtype}: a line of Slack's own, said to nobody.")
        if not self._channel:
            return malformed("The message names no channel.")
        match subtype:
            case "message_changed":
                return self._edited()
            case "message_deleted":
                gone = table(event, "previous_message")
                stamp = text(event, "deleted_ts") or text(gone, "ts")
                return Parsed((self._changed(gone, stamp, "deleted"),))
        if subtype not in _SAID:
            return unknown(f"Slack sends no message of the subtype {subtype!r} that we know.")
        return Parsed((self._said(event, text(event, "ts") or self._moment, self._at_ms),))

    def _said(self, line: dict[str, Any], stamp: str, at_ms: int | None) -> EventBase:
        actor = self._about(line, stamp)
        thread = text(line, "thread_ts")
        root = f"{self._channel}/{thread}" if thread and thread != stamp else ""
        return self._draft.event(
            MessagePosted,
            f"message/{self._channel}/{stamp}",
            times.seconds(stamp) or at_ms,
            actor=actor,
            message_id=f"{self._channel}/{stamp}",
            direction="inbound" if actor == CUSTOMER else "outbound",
            in_reply_to=root or None,
            refs=(Ref("in_reply_to", root),) if root else (),
            personal={"text": _words(line), "name": _name(line) if actor == CUSTOMER else ""},
        )

    def _edited(self) -> Parsed:
        """Slack also tells a change when it unfolds a link or counts an answer."""
        line, before = table(self._event, "message"), table(self._event, "previous_message")
        stamp = text(line, "ts") or text(before, "ts")
        if text(line, "subtype") == "tombstone":
            return Parsed((self._changed(before, stamp, "deleted"),))
        if before and _words(line) == _words(before):
            return ignored("message_changed: its words are what they were.")
        if not stamp:
            return malformed("message_changed: it is not said which message.")
        edited = text(line, "edited", "ts") or self._moment
        return Parsed((self._changed(line, stamp, "edited", f"/{edited}"),))

    def _changed(
        self, line: dict[str, Any], stamp: str, status: str, suffix: str = ""
    ) -> EventBase:
        actor = self._about(line, stamp)
        return self._draft.event(
            MessageStatusChanged,
            f"message/{self._channel}/{stamp}/{status}{suffix}",
            self._at_ms,
            actor=actor,
            message_id=f"{self._channel}/{stamp}",
            status=status,
            personal={"text": _words(line) if status == "edited" else ""},
        )

    def _about(self, line: dict[str, Any], stamp: str) -> Actor:
        """Whose line it is, and its thread, which the draft takes over."""
        user = text(line, "user")
        team = text(line, "user_team") or text(line, "source_team") or text(line, "team")
        actor = self._sides.actor(user, team or self._home_team, text(line, "bot_id"))
        thread = text(line, "thread_ts") or stamp
        # The answers of an assistant stand in threads of a direct message.
        own = self._direct and not text(line, "thread_ts")
        self._draft.conversation = self._channel if own else f"{self._channel}/{thread}"
        # In an answer the one who began the thread is known too.
        opener = text(line, "parent_user_id")
        asks = opener and actor != CUSTOMER and self._sides.actor(opener) == CUSTOMER
        self._draft.identifiers = _person(user, actor) or (
            _person(opener, CUSTOMER) if asks and opener != _SLACKBOT else ()
        )
        return actor

    # The rest -----------------------------------------------------------------------------------

    def _reaction(self) -> Iterator[EventBase]:
        """Which thread the line stands in is not told: its channel and its author must do."""
        event, stamp = self._event, text(self._event, "item", "ts")
        if not stamp or not self._channel:
            return  # on a file
        user, author, emoji = (text(event, name) for name in ("user", "item_user", "reaction"))
        actor = self._sides.actor(user)
        self._draft.conversation = self._channel if self._direct else f"{self._channel}/{stamp}"
        self._draft.identifiers = _person(user, actor)
        if not self._draft.identifiers and author:
            self._draft.identifiers = _person(author, self._sides.actor(author))
        status = "reacted" if self._kind == "reaction_added" else "unreacted"
        yield self._draft.event(
            MessageStatusChanged,
            f"message/{self._channel}/{stamp}/{status}/{user}/{emoji}/{self._moment}",
            self._at_ms,
            actor=actor,
            message_id=f"{self._channel}/{stamp}",
            status=status,
            reason=emoji or None,
        )

    def _home(self) -> Iterator[EventBase]:
        user = text(self._event, "user")
        actor = self._sides.actor(user, self._home_team)
        if actor == CUSTOMER:
            self._draft.identifiers = _person(user, actor)
            yield self._draft.event(
                SelfserviceStepped,
                f"home/{user}/{self._moment}",
                self._at_ms,
                actor=actor,
                resource="app_home",
                step=text(self._event, "tab") or "home",
                outcome="started",
            )

    def _assistant(self) -> Iterator[EventBase]:
        thread = table(self._event, "assistant_thread")
        user, stamp = text(thread, "user_id"), text(thread, "thread_ts")
        if not user or not stamp:
            return
        actor = self._sides.actor(user, self._home_team)
        self._draft.conversation = f"{self._channel}/{stamp}"
        self._draft.identifiers = _person(user, actor)
        yield self._draft.event(
            ConversationOpened,
            f"thread/{self._channel}/{stamp}",
            self._at_ms,
            actor=actor,
            initiated_by="customer" if actor == CUSTOMER else "agent",
            direction="inbound",
        )

    def _card(self) -> Iterator[EventBase]:
        """A member of the workspace: Slack has written to his address if it calls it confirmed."""
        member = table(self._event, "user")
        user, profile = text(member, "id"), table(member, "profile")
        actor = self._sides.actor(user, text(member, "team_id"))
        bot = member.get("is_bot") is True or user == _SLACKBOT
        confirmed = member.get("is_email_confirmed") is True
        found = (
            *identifier("slack", user, "asserted"),
            *identifier("email", text(profile, "email"), "curated" if confirmed else "claimed"),
            *identifier("phone", text(profile, "phone"), "claimed"),
        )
        if actor == CUSTOMER and not bot and len(found) > 1:
            known = "/".join(f"{i.kind}={i.value}" for i in found)
            self._draft.channel = "web"
            yield self._draft.event(
                IdentityLinked,
                f"card/{known}",
                self._at_ms,
                identifiers=found,
                rel="same",
                by="vendor",
                personal={"name": text(profile, "real_name") or text(member, "real_name")},
            )


# Clicks, forms, commands ------------------------------------------------------------------------


class _Interaction:
    """What somebody did with the app: not retried by Slack."""

    def __init__(
        self, body: dict[str, Any], kind: str, request: Request, source: SourceConfig
    ) -> None:
        self._body, self._kind = body, kind
        self._request, self._source = request, source
        self._user = text(body, "user", "id") or text(body, "user_id")
        team = text(body, "user", "team_id") or text(body, "team_id") or text(body, "team", "id")
        self._actor = _Sides(source).actor(self._user, team)
        self._channel = (
            text(body, "channel", "id") or text(body, "channel_id")
            or text(body, "container", "channel_id")
        )  # fmt: skip
        self._moment = (
            text(body, "trigger_id") or text(body, "action_ts") or text(body, "view", "id")
        )
        self._draft = Draft(request, source, kind, "slack")
        self._draft.identifiers = _person(self._user, self._actor)
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
            yield from _Event(inner, self._request, self._source).parsed().events
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


def _name(line: dict[str, Any]) -> str:
    return text(line, "user_profile", "real_name") or text(line, "username")


def _words(line: dict[str, Any]) -> str:
    """What was said; without words what stands for them."""
    if said := text(line, "text").strip():
        return said
    for block in (*rows(line, "attachments"), *rows(line, "blocks")):
        if shown := text(block, "text") or text(block, "fallback") or text(block, "text", "text"):
            return shown
    kinds = [
        text(one, "mimetype") or text(one, "filetype") or "file" for one in rows(line, "files")
    ]
    return f"[{', '.join(kinds)}]" if kinds else ""
