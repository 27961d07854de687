"""A worker that Faust has given up ends, whatever Faust says of why."""

from __future__ import annotations

import asyncio
import faulthandler
from types import SimpleNamespace
from typing import Any

import pytest

from streams.engine.worker import Engine
from streams.settings import Settings


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (asyncio.CancelledError(), "Faust ended the worker."),
        (None, "Faust ended the worker."),
        (RuntimeError("the lane is another's"), "the lane is another's"),
    ],
)
async def test_a_crash_without_words_ends_the_worker_too(reason: Any, said: str) -> None:
    engine = Engine(Settings(), lambda _: [], lambda _: [])
    engine.host = SimpleNamespace(owner="one", lanes={}, kept_house_s=0.0)  # type: ignore[assignment]
    engine._app = SimpleNamespace(should_stop=False, crashed=True, crash_reason=reason)  # type: ignore[assignment]
    try:
        await asyncio.wait_for(engine._watch_over(), 5)
    finally:
        faulthandler.cancel_dump_traceback_later()  # else it ends whoever runs this test
    assert engine.failure == said
