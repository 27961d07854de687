"""A customer's identity in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from schemas.cloudevents import rfc3339


def customer_told(found: dict[str, Any]) -> Iterator[str]:
    """Lines for a terminal, from `People.identity`."""
    yield f"Customer {found['customer']} of {found['domain']}, since {rfc3339(found['first_ms'])}"
    if found["provisional"]:
        yield "Nothing is proven of him: only conversations and claims."
    counts = ", ".join(f"{count} {trust}" for trust, count in found["identifiers"].items())
    yield f"Identifiers: {counts or 'none'}"
    yield f"Journeys kept: {', '.join(found['journeys']) or 'none'}"
    for key in found["probable_conversations"]:
        source, _, conversation = key.partition(":")
        yield f"Only probably his: conversation {conversation} of {source}"
        yield f"    confirm: filrouge identity attach {source} {conversation}"
    for one in found["joins"]:
        yield f"Joined with {one['joined']} on {rfc3339(one['at_ms'])} by {_by(one['by'])}"
        until = rfc3339(one["undo_until_ms"])
        yield f"    undo (until {until}): filrouge identity split {one['join']}"
    for other in found["apart"]:
        yield f"Not to be joined with {other}"


def _by(by: str) -> str:
    return "an operator" if by == "operator" else "an identifier that both have"
