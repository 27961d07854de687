"""One history under timelines of different sizes: what stands must not depend on the size."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import msgspec

from schemas.events import EventBase
from tests.world import DAY, World


@contextmanager
def bounded(size: int) -> Iterator[None]:
    """No timeline keeps more than `size` entries."""
    with (
        mock.patch("streams.journeys.sealing.TIMELINE", size),
        mock.patch("streams.journeys.summary.TIMELINE", size),
        mock.patch("streams.journeys.fold.TIMELINE", size),
    ):
        yield


def told(events: list[EventBase], size: int) -> World:
    """All was told, and a month and a half has passed; no timeline was ever longer than `size`."""
    with bounded(size):
        world = World()
        for event in events:
            world.now = max(world.now, event.recorded_ms)
            world.put(event)
            for state in world.journeys.states.values():
                for journey in getattr(state, "journeys", {}).values():
                    assert len(journey.timeline) <= size
        world.wait(45 * DAY)
    return world


def standing(world: World) -> dict[str, Any]:
    """Facts by subject; revisions depend on how the news came."""
    return {f.subject_id: msgspec.structs.replace(f, revision=1, pos="") for f in world.asserted()}


def what_stands(events: list[EventBase], size: int) -> dict[str, Any]:
    """Facts by subject once all was told."""
    return standing(told(events, size))
