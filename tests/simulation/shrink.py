"""Makes a failing plan small: drops webhooks and blows while it still fails in the same way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec

from tests.simulation.run import Plan

T = TypeVar("T")

BUDGET = 400
"""Runs at most; about a minute."""


def shrink(plan: Plan, fails: Callable[[Plan], bool]) -> Plan:
    """The smallest plan found that still fails."""
    left = [BUDGET]

    def still(**changes: Any) -> bool:
        left[0] -= 1
        return left[0] >= 0 and fails(msgspec.structs.replace(plan, **changes))

    before = None
    while before != plan and left[0] > 0:
        before = plan
        for field in ("blows", "webhooks"):
            kept = _fewer(getattr(plan, field), lambda some, name=field: still(**{name: some}))
            plan = msgspec.structs.replace(plan, **{field: kept})
        if plan.workers > 1 and still(workers=1):
            plan = msgspec.structs.replace(plan, workers=1)
    return plan


def _fewer(items: tuple[T, ...], still: Callable[[tuple[T, ...]], bool]) -> tuple[T, ...]:
    """Halves first, then quarters, down to single ones."""
    size = max(1, len(items) // 2)
    while items:
        at = 0
        while at < len(items):
            fewer = items[:at] + items[at + size :]
            if still(fewer):
                items = fewer
            else:
                at += size
        if size == 1:
            break
        size //= 2
    return items


def told(plan: Plan, faults: Sequence[Any]) -> str:
    """A plan for people: what came in, what the nemesis did, what was found."""
    lines = [f"  {plan.workers} workers, {plan.batch_records} records a batch"]
    rows = [(w.at_s, f"{w.at_s:6.2f} s  {w.domain}: {w.what}") for w in plan.webhooks]
    rows += [(b.at_s, str(b)) for b in plan.blows]
    lines += [f"  {text}" for _, text in sorted(rows)]
    return "\n".join([*lines, *(f"  ✗ {fault}"[:300] for fault in faults[:6])])
