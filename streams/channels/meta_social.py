"""What is said in public on a Facebook page or an Instagram account: comments, posts on the page,
mentions, recommendations; and lead forms.  They come as `changes`, a field and its value.

A comment's thread is the comment under the post with its answers; the author is known by an id that
is valid for this page or account only.  An element of the feed has `item` (what), `verb` (add,
edited, remove, hide…), `from`, `created_time` in seconds.
Sources: Meta's Graph API documentation, "Webhooks Reference: Page" and "Instagram"; Instagram
Platform documentation, "Webhook Notification Examples".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from schemas.common import Actor, IdentifierKind, Ref
from schemas.events import (
    EventBase,
    FeedbackReceived,
    MessagePosted,
    MessageStatusChanged,
    TaskProgressed,
)
from streams.channels import times
from streams.channels.base import Parsed, Request, SourceConfig, ignored, unknown
from streams.channels.body import number, table, text
from streams.channels.draft import CUSTOMER, SYSTEM, Draft, identifier

_SAID = {"comment", "post", "status", "photo", "video", "share", "album", "link", "note"}
_REACTIONS = {"reaction", "like"}
_VERBS = {
    "edit": "edited", "edited": "edited", "update": "edited",
    "remove": "deleted", "delete": "deleted", "hide": "deleted",
}  # fmt: skip
_ABOUT_THE_PAGE = (
    "about", "affiliation", "attire", "awards", "bio", "birthday", "business_integrity", "category",
    "checkins", "company_overview", "conversations", "culinary_team", "current_location",
    "description", "email", "features", "founded", "general_", "hours", "inbox_labels",
    "invoice_access", "live_videos", "location", "members", "messaging_policy", "mission", "name",
    "page_", "parking", "payment_options", "personal_", "phone", "picture", "press_contact",
    "price_range", "product_review", "products", "profile", "public_transit", "publisher_",
    "story_", "website",
)  # fmt: skip
"""Beginnings of the names of fields in which no customer does anything."""


def read_social(
    request: Request,
    source: SourceConfig,
    channel: IdentifierKind,
    entry: dict[str, Any],
    change: dict[str, Any],
) -> Parsed:
    field = text(change, "field")
    makers: dict[str, Callable[[_Change], Parsed]] = {
        "feed": _Change.feed,
        "group_feed": _Change.feed,
        "mention": _Change.feed,
        "ratings": _Change.review,
        "leadgen": _Change.lead,
        "comments": _Change.comment,
        "live_comments": _Change.comment,
        "mentions": _Change.mention,
    }
    if make := makers.get(field):
        return make(_Change(request, source, channel, entry, change))
    if field.startswith(_ABOUT_THE_PAGE):
        return ignored(f"{field}: about the page, not about what a customer did.")
    return unknown(f"{field or 'A change without a field'}: Meta sends no such field that we know.")


class _Change:
    def __init__(
        self,
        request: Request,
        source: SourceConfig,
        channel: IdentifierKind,
        entry: dict[str, Any],
        change: dict[str, Any],
    ) -> None:
        self._value = value = table(change, "value")
        self._page = text(entry, "id")
        self._at_ms = times.any_form(value.get("created_time")) or times.any_form(entry.get("time"))
        author = table(value, "from")
        self._author = text(author, "id") or text(value, "sender_id") or text(value, "reviewer_id")
        self._name = (
            text(author, "username") or text(author, "name")
            or text(value, "sender_name") or text(value, "reviewer_name")
        )  # fmt: skip
        self._ours = bool(self._author) and self._author == self._page
        # On Instagram it is the id of his private messages too.
        kind: IdentifierKind = "instagram" if channel == "instagram" else "social"
        self._draft = Draft(request, source, text(change, "field"), "social")
        if not self._ours:
            self._draft.identifiers = identifier(kind, self._author, "asserted")

    def _one(self, cls: type[EventBase], key: str, /, **fields: Any) -> Parsed:
        fields.setdefault("actor", Actor("agent") if self._ours else CUSTOMER)
        return Parsed((self._draft.event(cls, key, self._at_ms, **fields),))

    def _posted(self, ident: str, said: str, refs: tuple[Ref, ...]) -> Parsed:
        return self._one(
            MessagePosted,
            f"message/{ident}",
            message_id=ident,
            direction="outbound" if self._ours else "inbound",
            refs=refs,
            personal={"text": said, "name": "" if self._ours else self._name},
        )

    def feed(self) -> Parsed:
        """A post, a comment, a reaction; added, changed or removed."""
        value = self._value
        item, verb = text(value, "item"), text(value, "verb")
        post, comment = text(value, "post_id"), text(value, "comment_id")
        ident = comment or post
        self._draft.native_type = f"{self._draft.native_type}.{item}.{verb}"
        if item not in _SAID | _REACTIONS:
            return ignored(f"{item or 'something'} {verb}: nothing that anybody said.")
        if not ident:
            return unknown(f"{item} {verb}: it is not said which.")
        parent = text(value, "parent_id")
        thread = parent if comment and parent and parent != post else ident
        self._draft.conversation = f"{'comment' if comment else 'post'}/{thread}"
        said = text(value, "message") or f"[{item}]"
        if item in _REACTIONS:
            if verb not in {"add", "edit", "edited", "update", "remove"}:
                return unknown(f"{item} {verb or 'of no verb'}: Meta sends no such that we know.")
            status = "unreacted" if verb == "remove" else "reacted"
            said = text(value, "reaction_type") or "like"
            return self._changed(ident, status, f"/{self._author}/{self._at_ms}", said)
        if verb in _VERBS:
            return self._changed(ident, _VERBS[verb], f"/{self._at_ms}", text(value, "message"))
        if verb != "add":
            return ignored(f"{item} {verb}: what was said stands as it stood.")
        if self._ours and not comment:
            return ignored("The page's own post, to everybody.")
        return self._posted(ident, said, (Ref("post", post),) if comment and post else ())

    def _changed(self, ident: str, status: str, suffix: str, said: str) -> Parsed:
        return self._one(
            MessageStatusChanged,
            f"message/{ident}/{status}{suffix}",
            actor=SYSTEM if not self._author else Actor("agent") if self._ours else CUSTOMER,
            message_id=ident,
            status=status,
            personal={"text": said if status != "deleted" else ""},
        )

    def comment(self) -> Parsed:
        """Instagram: a comment on a picture, or during a live video."""
        ident, media = text(self._value, "id"), text(self._value, "media", "id")
        if not ident:
            return unknown("A comment without an id.")
        self._draft.conversation = f"comment/{text(self._value, 'parent_id') or ident}"
        said = text(self._value, "text") or "[comment]"
        return self._posted(ident, said, (Ref("post", media),) if media else ())

    def mention(self) -> Parsed:
        """Instagram tells where the account was named, not by whom nor with which words."""
        media = text(self._value, "media_id")
        ident = text(self._value, "comment_id") or media
        if not ident:
            return unknown("A mention that does not say where.")
        self._draft.conversation = f"post/{media or ident}"
        return self._one(FeedbackReceived, f"mention/{ident}", instrument="mention")

    def review(self) -> Parsed:
        """A recommendation of the page (yes or no), in old times with stars; or a comment on it."""
        value = self._value
        if text(value, "item") not in {"rating", "review", ""}:
            return self.feed()
        ident = text(value, "open_graph_story_id") or f"{self._author}/{self._at_ms}"
        if text(value, "verb") in _VERBS:
            status = _VERBS[text(value, "verb")]
            return self._changed(ident, status, f"/{self._at_ms}", text(value, "review_text"))
        stars = number(value, "rating")
        verdict = text(value, "recommendation_type").lower()
        if stars is None and not verdict and not text(value, "review_text"):
            return unknown("A recommendation that says neither yes nor no, and has no words.")
        self._draft.conversation = f"review/{ident}"
        return self._one(
            FeedbackReceived,
            f"review/{ident}",
            instrument="review",
            score={"positive": 1.0, "negative": 0.0}.get(verdict) if stars is None else stars,
            scale_min=0.0 if stars is None else 1.0,
            scale_max=1.0 if stars is None else 5.0,
            personal={"comment": text(value, "review_text"), "name": self._name},
        )

    def lead(self) -> Parsed:
        """A lead form was filled in; who did has to be asked of the Graph API with its id."""
        ident = text(self._value, "leadgen_id")
        if not ident:
            return unknown("A lead without an id.")
        self._draft.channel = "form"
        self._draft.identifiers = self._draft.vendor_id(f"lead/{ident}")
        return self._one(
            TaskProgressed,
            f"lead/{ident}",
            task_kind="form",
            task_id=ident,
            step=text(self._value, "form_id") or "form",
            state="submitted",
        )
