"""Private messages of a Facebook page (Messenger) and of an Instagram account: one shape.

A body is a batch: entries, and in each entry `messaging` (ours), `standby` (another app owns the
thread) or `changes`, of which a change may hold what else stands in `messaging`.  An element names
sender and recipient, and one of them is the business; of the other we know an id that is valid for
this page or account only.  Times are milliseconds; tests of the App Dashboard write seconds, as a
text, and other tools ISO.  The same message may stand twice in one body.

Dedupe: a message by its `mid`; an edit by `mid` and its number; a reaction, a receipt, a change of
control by what it says and its time.  A receipt of Messenger tells a watermark: everything up to
then; its `message_id` is `until/<watermark>`.
Sources: Meta's Messenger Platform documentation, "Webhook Events Reference" and its pages;
Instagram Platform documentation, "Webhook Notification Examples"; "Customer Feedback Template";
bodies of the public test suites of courier and Chatwoot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from schemas.common import Actor, IdentifierKind, Party, Ref
from schemas.events import (
    AssignmentChanged,
    ConsentChanged,
    EventBase,
    FeedbackReceived,
    MessagePosted,
    MessageStatusChanged,
    SelfserviceStepped,
    TaskProgressed,
    TransferReported,
)
from streams.channels import times
from streams.channels.base import Parsed, Request, SourceConfig, ignored, together, unknown
from streams.channels.body import dig, number, read_object, rows, table, text
from streams.channels.draft import CUSTOMER, SYSTEM, Draft, identifier
from streams.channels.meta_social import read_social

_ENVELOPE = {"sender", "recipient", "timestamp", "hop_context", "prior_message", "is_standby"}
_NO_MATTER = {
    "account_linking": "an account was linked; who it is stands on your own login server.",
    "app_roles": "which app is first on this page; no thread changed hands.",
    "game_play": "a game was played.",
    "pass_thread_metadata": "a note between two apps.",
    "policy_enforcement": "about the page, not about a customer.",
    "policy-enforcement": "about the page, not about a customer.",
}
_SCALES = {"csat": (1.0, 5.0), "nps": (0.0, 10.0), "ces": (1.0, 7.0)}
_VERDICTS = {"good response": 1.0, "bad response": 0.0}


def read_meta(
    request: Request, source: SourceConfig, kind: str, channel: IdentifierKind, title: str
) -> Parsed:
    """`kind` is the body's `object`, `channel` the medium and the kind of the customer's id."""
    body = read_object(request.body)
    told = text(body, "object")
    if told != kind and (told or body.keys().isdisjoint({"entry", "field"})):
        return unknown(f"This is a body of {told or 'nothing'}, not of {title}.")

    def parts() -> Iterator[Parsed]:
        # The App Dashboard's test button sends a change by itself.
        for entry in rows(body, "entry") or [{"changes": [body]}]:
            for name in ("messaging", "standby"):
                for item in rows(entry, name):
                    yield _Item(request, source, channel, entry, item, name).parsed()
            for change in rows(entry, "changes"):
                value = table(change, "value")
                if "sender" in value or "recipient" in value:
                    room = "standby" if text(change, "field") == "standby" else "messaging"
                    yield _Item(request, source, channel, entry, value, room).parsed()
                elif "field" in change:
                    yield read_social(request, source, channel, entry, change)

    return together(parts(), "The batch is empty: nothing happened to anybody in it.")


class _Item:
    """One element of `messaging` or `standby`."""

    def __init__(
        self,
        request: Request,
        source: SourceConfig,
        channel: IdentifierKind,
        entry: dict[str, Any],
        item: dict[str, Any],
        room: str,
    ) -> None:
        self._item = item
        self._standby = room == "standby"
        self._bots = {one.strip() for one in source.options.get("bots", "").split(",")}
        self._at_ms = times.any_form(item.get("timestamp")) or times.any_form(entry.get("time"))
        sender, recipient = text(item, "sender", "id"), text(item, "recipient", "id")
        ours = dig(item, "message", "is_echo") is True or bool(
            sender and sender == text(entry, "id")
        )
        self._outbound = ours
        self._to_itself = bool(sender) and sender == recipient
        customer, business = (recipient, sender) if ours else (sender, recipient)
        self._customer = customer
        # A checkbox on a website knows its visitor by a reference until he writes.
        reference = text(item, "optin", "user_ref") or text(item, "sender", "user_ref")
        self._draft = Draft(
            request,
            source,
            room,
            channel,  # type: ignore[arg-type]  # both media are kinds of identifiers too
            f"{business or text(entry, 'id')}/{customer}" if customer else "",
        )
        self._draft.identifiers = (
            *identifier(channel, customer, "asserted"),
            *self._draft.vendor_id(f"reference/{reference}" if reference else ""),
        )

    def parsed(self) -> Parsed:
        makers: dict[str, Callable[[dict[str, Any]], Parsed]] = {
            "message": self._message,
            "message_edit": self._edited,
            "postback": self._postback,
            "reaction": self._reaction,
            "read": self._read,
            "delivery": self._delivered,
            "referral": self._referral,
            "optin": self._optin,
            "pass_thread_control": self._passed,
            "take_thread_control": self._passed,
            "request_thread_control": self._requested,
            "messaging_feedback": self._rated,
            "response_feedback": self._judged,
            "messaging_customer_information": self._form,
        }
        told = [name for name in self._item if name not in _ENVELOPE]
        if self._to_itself:
            return ignored("The account writes to itself.")
        if not told:
            return ignored("Two parties are named, and nothing that happened between them.")
        parts = []
        for name in told:
            if name in _NO_MATTER:
                parts.append(ignored(f"{name}: {_NO_MATTER[name]}"))
            elif name not in makers:
                parts.append(unknown(f"{name}: Meta sends no such event that we know."))
            elif not self._draft.identifiers:
                parts.append(unknown(f"{name}: it names no customer."))
            else:
                self._draft.native_type = f"standby.{name}" if self._standby else name
                parts.append(makers[name](table(self._item, name)))
        return together(parts, "")

    def _one(self, cls: type[EventBase], key: str, /, **fields: Any) -> Parsed:
        return Parsed((self._draft.event(cls, key, self._at_ms, **fields),))

    def _moment(self) -> str:
        """For what has no id: the person, and the vendor's time."""
        return f"{self._draft.conversation or self._draft.identifiers[0].value}/{self._at_ms}"

    def _side(self, app: str = "") -> Actor:
        if not self._outbound:
            return CUSTOMER
        return Actor("bot" if app and app in self._bots else "agent")

    # Messages -----------------------------------------------------------------------------

    def _message(self, message: dict[str, Any]) -> Parsed:
        ident, app = text(message, "mid"), text(message, "app_id")
        if not ident:
            return unknown("A message without an id.")
        if message.get("is_deleted") is True:
            return self._changed(ident, "deleted")
        replied = text(message, "reply_to", "mid")
        story = text(message, "reply_to", "story", "id")
        return self._said(
            ident,
            text(message, "text") or _attached(message),
            table(message, "referral"),
            actor=self._side(app),
            direction="outbound" if self._outbound else "inbound",
            in_reply_to=replied or None,
            refs=(*_ref("in_reply_to", replied), *_ref("story", story), *_ref("app", app)),
        )

    def _postback(self, postback: dict[str, Any]) -> Parsed:
        """A tapped button, menu or ice breaker: its title stands in the thread as the customer's
        words.
        """
        said = text(postback, "title") or text(postback, "payload") or "[postback]"
        ident = text(postback, "mid") or f"postback/{self._moment()}"
        return self._said(ident, said, table(postback, "referral"))

    def _said(self, ident: str, said: str, referral: dict[str, Any], **fields: Any) -> Parsed:
        advert = text(referral, "ad_id") or text(referral, "ref") or text(referral, "product", "id")
        return self._one(
            MessagePosted,
            f"message/{ident}",
            message_id=ident,
            personal={"text": said},
            # On standby another app has the thread.
            owner="other" if self._standby else "ours",
            **{
                "actor": CUSTOMER,
                "direction": "inbound",
                **fields,
                "refs": (*fields.get("refs", ()), *_ref("referral", advert)),
            },
        )

    def _edited(self, edit: dict[str, Any]) -> Parsed:
        """Instagram also tells a new message as its version 0."""
        ident, count = text(edit, "mid"), text(edit, "num_edit")
        if not ident:
            return unknown("An edit without the message's id.")
        if count != "0":
            return self._changed(ident, "edited", f"/{count or self._at_ms}", text(edit, "text"))
        if said := text(edit, "text"):
            direction = "outbound" if self._outbound else "inbound"
            return self._said(ident, said, {}, actor=self._side(), direction=direction)
        return ignored("A message's version 0: the message itself comes as `message`.")

    def _reaction(self, reaction: dict[str, Any]) -> Parsed:
        action = text(reaction, "action")
        if action not in {"react", "unreact"}:
            return unknown(f"reaction: Meta has no action {action!r} that we know.")
        status = "unreacted" if action == "unreact" else "reacted"
        said = text(reaction, "emoji") or text(reaction, "reaction")
        return self._changed(text(reaction, "mid"), status, f"/{self._moment()}", said)

    def _changed(self, ident: str, status: str, suffix: str = "", said: str = "") -> Parsed:
        if not ident:
            return unknown(f"{status}: it is not said which message.")
        return self._one(
            MessageStatusChanged,
            f"message/{ident}/{status}{suffix}",
            actor=self._side(),
            message_id=ident,
            status=status,
            personal={"text": said},
        )

    def _read(self, read: dict[str, Any]) -> Parsed:
        return self._receipt("read", [text(read, "mid")], text(read, "watermark"))

    def _delivered(self, delivery: dict[str, Any]) -> Parsed:
        mids = delivery.get("mids")
        told = [text(mid) for mid in mids] if isinstance(mids, list) else []
        return self._receipt("delivered", told, text(delivery, "watermark"))

    def _receipt(self, status: str, mids: list[str], watermark: str) -> Parsed:
        """Messages that are named, else all up to the watermark."""
        told = [mid for mid in mids if mid] or ([f"until/{watermark}"] if watermark else [])
        who = CUSTOMER if status == "read" and not self._outbound else SYSTEM
        return together(
            [
                self._one(
                    MessageStatusChanged,
                    f"{status}/{self._draft.conversation}/{ident}",
                    actor=who,
                    message_id=ident,
                    status=status,
                )
                for ident in told
            ],
            f"{status}: it is not said which messages.",
        )

    # How he came, what he agreed to ---------------------------------------------------------

    def _referral(self, referral: dict[str, Any]) -> Parsed:
        """The thread was entered through a link, an advertisement, a shop."""
        step = text(referral, "source") or "link"
        refs = _ref("referral", text(referral, "ad_id") or text(referral, "ref"))
        return self._stepped("referral", step, refs)

    def _stepped(self, resource: str, step: str, refs: tuple[Ref, ...]) -> Parsed:
        return self._one(
            SelfserviceStepped,
            f"{resource}/{self._moment()}/{step}",
            actor=CUSTOMER,
            resource=resource,
            step=step,
            outcome="started",
            refs=refs,
        )

    def _optin(self, optin: dict[str, Any]) -> Parsed:
        """Marketing messages were agreed to, stopped or resumed; or a plugin was used."""
        kind = text(optin, "type")
        if not kind:
            return self._stepped("plugin", "opted in", _ref("referral", text(optin, "ref")))
        status = text(optin, "notification_messages_status").upper()
        if status and not status.startswith(("STOP", "RESUME")):
            return unknown(f"optin: Meta has no status {status!r} that we know.")
        state = "denied" if status.startswith("STOP") else "granted"
        return self._one(
            ConsentChanged,
            f"optin/{kind}/{state}/{self._moment()}",
            actor=CUSTOMER,
            purpose="marketing",
            state=state,
            evidence=kind,
            consent_channel=self._draft.channel,
        )

    # Who has the thread -----------------------------------------------------------------------

    def _passed(self, control: dict[str, Any]) -> Parsed:
        """Passed to an app, or taken by one; the previous owner is null when nobody had it."""
        new, old = text(control, "new_owner_app_id"), text(control, "previous_owner_app_id")
        return self._one(
            AssignmentChanged,
            f"{self._draft.native_type}/{self._moment()}/{new}",
            to=self._party(new),
            from_=self._party(old) if old else None,
        )

    def _requested(self, control: dict[str, Any]) -> Parsed:
        app = text(control, "requested_owner_app_id")
        return self._one(
            TransferReported,
            f"requested/{self._moment()}/{app}",
            kind="unknown",
            phase="started",
            to=self._party(app) if app else None,
        )

    def _party(self, app: str) -> Party:
        return Party(bot=app) if app in self._bots and app else Party(app=app or None)

    # What he answered ---------------------------------------------------------------------------

    def _rated(self, feedback: dict[str, Any]) -> Parsed:
        """The answers to a Customer Feedback Template: a score, and perhaps words."""
        answers = [
            (ident, answer)
            for screen in rows(feedback, "feedback_screens")
            for ident, answer in table(screen, "questions").items()
        ]
        return together(
            [self._score(ident, answer) for ident, answer in answers], "No question was answered."
        )

    def _score(self, ident: str, answer: Any) -> Parsed:
        kind = text(answer, "type").strip()
        low, high = _SCALES.get(kind, (None, None))
        free = kind == "free_form"
        comment = text(answer, "payload") if free else text(answer, "follow_up", "payload")
        return self._one(
            FeedbackReceived,
            f"feedback/{self._moment()}/{ident}",
            actor=CUSTOMER,
            instrument=kind if kind in _SCALES else "survey",
            score=None if free else number(answer, "payload"),
            scale_min=low,
            scale_max=high,
            # Meta asks "how easy was it": much is good.
            easy_is_low=False if kind == "ces" else None,
            survey_id=ident,
            personal={"comment": comment},
        )

    def _judged(self, feedback: dict[str, Any]) -> Parsed:
        """Thumbs up or down under a single answer."""
        score = _VERDICTS.get(text(feedback, "feedback").lower())
        ident = text(feedback, "mid")
        return self._one(
            FeedbackReceived,
            f"response/{ident}/{self._moment()}",
            actor=CUSTOMER,
            instrument="rating",
            score=score,
            scale_min=0.0,
            scale_max=1.0,
            refs=_ref("message", ident),
        )

    def _form(self, information: dict[str, Any]) -> Parsed:
        screens = rows(information, "screens")
        answers = [answer for screen in screens for answer in rows(screen, "responses")]
        said = [f"{text(answer, 'key')}: {text(answer, 'value')}" for answer in answers]
        return self._one(
            TaskProgressed,
            f"form/{self._moment()}",
            actor=CUSTOMER,
            task_kind="form",
            task_id=f"customer_information/{self._moment()}",
            step=text(screens[-1], "screen_id") or "form" if screens else "form",
            state="submitted",
            personal={"text": "; ".join(said)},
        )


def _ref(rel: str, ident: str) -> tuple[Ref, ...]:
    return (Ref(rel, ident),) if ident else ()


def _attached(message: dict[str, Any]) -> str:
    """What stands for a message without words."""
    told = [
        text(one, "payload", "title") or text(one, "title") or f"[{text(one, 'type') or 'file'}]"
        for one in rows(message, "attachments")
    ]
    fallback = "[unsupported]" if message.get("is_unsupported") is True else "[message]"
    return " ".join(told) or fallback
