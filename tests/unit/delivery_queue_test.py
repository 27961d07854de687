"""Which queues of notices a worker works off."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from streams.app import Delivery
from streams.settings import Settings


async def test_only_those_of_lanes_that_know_what_went_out() -> None:
    """`lane_test.py` says when a lane does."""
    known: dict[int, int] = {}
    host: Any = SimpleNamespace(owned=lambda _: {0: 4, 1: 4}, caught_up=lambda _: dict(known))
    delivery = Delivery(Settings(), host)
    assert delivery._sender._owned() == {}
    known[1] = 4
    assert delivery._sender._owned() == {1: 4}
    await delivery._client.aclose()
