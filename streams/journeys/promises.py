"""Promises: the target of a clock for one act, when it is due, and whether it was kept.

The clocks run in wall time, or in the open hours of the team that had the conversation when the
clock started (`streams.policy.Promise`).
"""

from __future__ import annotations

import msgspec

from schemas.facts import SlaAtRisk, SlaBreached, SlaMet
from streams.calendars import Calendar
from streams.journeys.findings import Cycle, Findings
from streams.journeys.state import Entry
from streams.policy import About, Clock, Promise


class Running(msgspec.Struct, frozen=True, gc=False):
    """One promise to one act."""

    clock: Clock
    act: Entry
    promise: Promise
    calendar: Calendar | None

    def after(self, ms: int) -> int:
        if self.promise.business and self.calendar is not None:
            return self.calendar.after(self.act.at_ms, ms)
        return self.act.at_ms + ms

    @property
    def due_ms(self) -> int:
        return self.after(self.promise.target_ms)

    def fields(self) -> dict[str, object]:
        return {
            "clock": self.clock,
            "target_ms": self.promise.target_ms,
            "due_ms": self.due_ms,
        }


def promised(clock: Clock, act: Entry, found: Findings) -> Running | None:
    """What is promised to this act, or None."""
    queue, team = found.queue(act.channel, act.at_ms), found.team(act.at_ms)
    about = About(act.channel, queue, team, found.priority)
    promise = found.policy.promise(clock, about)
    return Running(clock, act, promise, found.policy.calendar(team)) if promise else None


def business_ms(act: Entry, end_ms: int, found: Findings) -> int | None:
    """Open hours from an act to an end; None when its team has no calendar."""
    calendar = found.policy.calendar(found.team(act.at_ms))
    return calendar.open_ms(act.at_ms, end_ms) if calendar is not None else None


def settled(running: Running, at_ms: int, cycle: Cycle, found: Findings) -> None:
    """What was promised came at `at_ms`."""
    due_ms = running.due_ms
    kind, when_ms = (SlaMet, at_ms) if at_ms <= due_ms else (SlaBreached, due_ms)
    _say(kind, running, when_ms, cycle, found)


def waits(running: Running, cycle: Cycle, found: Findings, *, warn: bool = True) -> None:
    """What was promised has not come yet: silence will tell whether it is at risk, or broken."""
    if warn:
        risk_ms = running.after(int(running.promise.target_ms * found.policy.at_risk_share))
        if found.silent_since(risk_ms):
            found.add(
                SlaAtRisk, f"risk/{running.act.id}", cycle, risk_ms, running.act.channel,
                (running.act.id,), **running.fields(),
            )  # fmt: skip
    if found.silent_since(running.due_ms):
        _say(SlaBreached, running, running.due_ms, cycle, found)


def _say(
    kind: type[SlaMet | SlaBreached], running: Running, at_ms: int, cycle: Cycle, found: Findings
) -> None:
    act = running.act
    found.add(
        kind, f"sla/{running.clock}/{act.id}", cycle, at_ms, act.channel, (act.id,),
        **running.fields(),
    )  # fmt: skip
