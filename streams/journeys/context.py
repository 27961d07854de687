"""What an agent must see the moment the channel changes: bounded excerpts, kept apart."""

from __future__ import annotations

from collections.abc import Container

from schemas.events import EventBase
from streams.journeys.acts import conversation_of
from streams.journeys.state import Excerpts, Said
from streams.policy import Policy

SAID = 10
NOTES = 5


def listened(excerpts: Excerpts | None, event: EventBase, policy: Policy) -> Excerpts | None:
    """The excerpts with what this event says; None when it says nothing to keep."""
    if not policy.excerpts or not event.personal:
        return None
    text = event.personal.get("text") or event.personal.get("comment") or ""
    note = event.personal.get("note", "")
    his = event.actor.kind == "customer" and not event.probable
    name = event.personal.get("name", "") if his else ""
    if not (text or note or name):
        return None
    known = excerpts or Excerpts()
    said, notes = known.said, known.notes
    if text:
        said = [*said, _said(event, text, policy)][-SAID:]
    if note:
        notes = [*notes, _said(event, note, policy)][-NOTES:]
    return Excerpts(name or known.name, said, notes)


def _said(event: EventBase, text: str, policy: Policy) -> Said:
    return Said(
        event.time_ms,
        event.channel,
        event.actor.kind,
        text[: policy.excerpt_chars],
        conversation_of(event),
    )


def united(mine: Excerpts | None, theirs: Excerpts) -> Excerpts:
    """After a join: what both said, in order of time."""
    known = mine or Excerpts()
    return Excerpts(
        known.name or theirs.name,
        sorted([*known.said, *theirs.said], key=lambda said: said.at_ms)[-SAID:],
        sorted([*known.notes, *theirs.notes], key=lambda said: said.at_ms)[-NOTES:],
    )


def parted(excerpts: Excerpts, going: Container[str]) -> tuple[Excerpts, Excerpts]:
    """After a split: what stays, and what was said in the conversations that go."""
    stays, goes = Excerpts(excerpts.name), Excerpts()
    for kind in ("said", "notes"):
        for said in getattr(excerpts, kind):
            getattr(goes if said.conversation in going else stays, kind).append(said)
    return stays, goes
