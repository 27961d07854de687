"""From a change of facts to notices: send, withdraw, or stay silent."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Literal

import msgspec

from schemas.cloudevents import kind_of, rfc3339
from schemas.common import ConversationRef, Party
from schemas.facts import Fact, FactBase, TransferConcluded, TransferStarted
from schemas.notification import Audience, Notification
from streams.notifications.book import NoticeBook, Sent
from streams.notifications.rules import RULES, Rule
from streams.notifications.templates import VERSION, rendered
from streams.policy import Policy

_CONCERNED: dict[str, tuple[Rule, ...]] = {
    kind: tuple(
        rule
        for rule in RULES
        if kind in rule.cancelled_by or kind == str(rule.fact.__struct_config__.tag)
    )
    for kind in {str(rule.fact.__struct_config__.tag) for rule in RULES}
    | {kind for rule in RULES for kind in rule.cancelled_by}
}
"""Rules by the type of fact that makes or cancels their notices."""

_BY_NAME = {rule.name: rule for rule in RULES}


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What a decision needs beside the fact. `consent` is `purpose/channel` → granted, denied."""

    now_ms: int
    policy: Policy
    locale: str = ""
    consent: Mapping[str, str] = {}
    reply_to: ConversationRef | None = None


def decide(
    old: Fact | None, new: Fact, book: NoticeBook, about: About
) -> tuple[NoticeBook, tuple[Notification, ...]]:
    """`old` is what was asserted before, `new` what is published now (it may be retracted)."""
    notices: list[Notification] = []
    kind = kind_of(type(new))
    if new.state == "retracted":
        book = _withdraw(lambda s: s.subject_id == new.subject_id, book, about, new, notices)
        return book, tuple(notices)
    if old is not None:  # broken became kept, forced became chosen: the reason has gone
        book = _withdraw(
            lambda s: s.subject_id == new.subject_id and not _holds(_BY_NAME[s.rule], new),
            book, about, new, notices,
        )  # fmt: skip
    for rule in _CONCERNED.get(kind, ()):
        if kind in rule.cancelled_by:
            book = _withdraw(
                lambda s, r=rule: s.rule == r.name and s.journey == new.journey,
                book, about, new, notices,
            )  # fmt: skip
        if _holds(rule, new):
            notice = _notice(rule, old, new, book, about)
            if notice is not None:
                notices.append(notice)
                book = book.added(
                    Sent(
                        rule.name, new.subject_id, new.revision, notice.collapse_key,
                        about.now_ms, notice.expires_at_ms, new.journey,
                    )
                )  # fmt: skip
    return book, tuple(notices)


def withdrawn(facts: Iterable[Fact], book: NoticeBook, about: About) -> tuple[Notification, ...]:
    """Takes back whatever is still good of what was told of these facts."""
    notices: list[Notification] = []
    for fact in facts:
        book = _withdraw(
            lambda s, f=fact: s.subject_id == f.subject_id, book, about, fact, notices
        )  # fmt: skip
    return tuple(notices)


def _holds(rule: Rule, fact: Fact) -> bool:
    return isinstance(fact, rule.fact) and rule.when(fact)


def concerns(new: Fact, book: NoticeBook) -> bool:
    """Could this change send or withdraw anything? Most cannot."""
    if book.sent and new.revision > 1:
        return True  # the reason of one of them may have gone
    return new.state == "asserted" and kind_of(type(new)) in _CONCERNED


def _notice(
    rule: Rule, old: Fact | None, new: Fact, book: NoticeBook, about: About
) -> Notification | None:
    policy = about.policy
    if old is not None and _holds(rule, old):
        return None  # a revision of what was told already
    consent = _consent(rule, about.consent, new.channel)
    if consent == "denied" or (rule.consent and consent != "granted"):
        return None
    if rule.cooldown and any(
        s.rule == rule.name and about.now_ms - s.at_ms < policy.notice_cooldown_ms
        for s in book.sent
    ):
        return None
    not_before_ms = max(about.now_ms, new.at_ms) + rule.delay_ms(policy)
    expires_ms = new.at_ms + rule.expires_ms(policy)
    if expires_ms <= not_before_ms:
        return None  # too stale to help
    return _made(rule, "send", new, about, consent, not_before_ms, expires_ms)


def _withdraw(
    mine: Any, book: NoticeBook, about: About, fact: Fact, notices: list[Notification]
) -> NoticeBook:
    """Takes back what is still good and whose reason has gone."""
    for sent in book.sent:
        if not mine(sent) or sent.expires_ms <= about.now_ms:
            continue
        rule = _BY_NAME[sent.rule]
        subject = msgspec.structs.replace(fact, subject_id=sent.subject_id, revision=sent.revision)
        cancel = _made(rule, "cancel", subject, about, "not_needed", about.now_ms, sent.expires_ms)
        notices.append(msgspec.structs.replace(cancel, collapse_key=sent.collapse_key))
        book = book.without(sent)
    return book


def _made(
    rule: Rule,
    op: Literal["send", "cancel"],
    fact: Fact,
    about: About,
    consent: str,
    not_before_ms: int,
    expires_ms: int,
) -> Notification:
    locale = about.locale or about.policy.locale
    values: dict[str, str] = {}
    title = body = ""
    if op == "send":
        values = variables(fact)
        title, body = rendered(rule.template, locale, values)
    return Notification(
        id=business_id(fact.domain, rule.name, fact.subject_id, fact.revision),
        op=op,
        rule=f"{rule.name}@{rule.version}",
        subject_id=fact.subject_id,
        revision=fact.revision,
        domain=fact.domain,
        audience=Audience(rule.audience, _ref(rule, fact)),
        purpose=rule.purpose,
        channel=fact.channel,
        locale=locale,
        template=f"{rule.template}@{VERSION}",
        title=title,
        body=body,
        variables=values,
        reply_to=about.reply_to,
        consent=consent,  # type: ignore[arg-type]  # one of the literals
        created_ms=about.now_ms,
        not_before_ms=not_before_ms,
        expires_at_ms=expires_ms,
        collapse_key=f"{rule.name}/{fact.subject_id}",
        customer=fact.customer,
        journey=fact.journey,
    )


def business_id(domain: str, rule: str, subject: str, revision: int) -> str:
    """Equal in every keyspace and every replay: by it nobody is told twice."""
    text = "\x00".join((domain, rule, subject, str(revision)))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _consent(rule: Rule, given: Mapping[str, str], channel: str) -> str:
    if rule.audience != "customer":
        return "not_needed"
    for purpose in (rule.purpose, "all"):
        for where in (channel, "*"):
            if (state := given.get(f"{purpose}/{where}")) is not None:
                return state
    return "unknown"


def _ref(rule: Rule, fact: FactBase) -> str:
    match rule.audience:
        case "customer":
            return fact.customer
        case "agent":
            if isinstance(fact, TransferStarted | TransferConcluded):
                return fact.to.agent or fact.to.queue or fact.to.team or fact.queue
            return fact.queue or fact.team or "anyone"
    return fact.team or "anyone"


_NOTHING_TOLD = dict.fromkeys(
    ("from_channel", "cause", "outcome", "clock", "due", "task", "step", "instrument", "score",
     "kpi", "value", "target", "from_party", "to_party"), "",
)  # fmt: skip

_AS_IT_IS = frozenset({"cause", "outcome", "step", "instrument", "score", "kpi", "value", "target"})
_IN_WORDS = {"from_": "from_channel", "task_kind": "task", "clock": "clock"}


@cache
def _telling(kind: type[FactBase]) -> tuple[str, ...]:
    """Fields of a fact's type that a text may name."""
    named = {"from_", "to", "due_ms"} | _AS_IT_IS | set(_IN_WORDS)
    return tuple(field for field in kind.__struct_fields__ if field in named)


def variables(fact: FactBase) -> dict[str, str]:
    """What the texts may name; empty when the fact has no such thing."""
    values = {**_NOTHING_TOLD, "channel": fact.channel, "journey": fact.journey}
    for field in _telling(type(fact)):
        value = getattr(fact, field)
        if isinstance(value, Party):
            values["from_party" if field == "from_" else "to_party"] = party(value)
        elif field == "due_ms":
            values["due"] = rfc3339(value)
        elif field in _AS_IT_IS:
            values[field] = "" if value is None else str(value)
        elif field in _IN_WORDS and isinstance(value, str):
            values[_IN_WORDS[field]] = value.replace("_", " ")
    return values


def party(hands: Party) -> str:
    """`agent 7, team billing`, or `nobody`."""
    fields = ((name, getattr(hands, name)) for name in hands.__struct_fields__)
    return ", ".join(f"{name} {value}" for name, value in fields if value) or "nobody"
