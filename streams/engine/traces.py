"""Which traces an operator does not see: of what the worker says in a sentence when it ends."""

from __future__ import annotations

import logging

from streams.engine.lane import LaneError
from streams.engine.store import ClaimRefusedError


def _is_told(record: logging.LogRecord) -> bool:
    """Faust logs what ended it with its trace, and what it then cannot stop any more."""
    error = record.exc_info[1] if record.exc_info else None
    closed = isinstance(error, RuntimeError) and str(error) == "Event loop is closed"
    return closed or isinstance(error, LaneError | ClaimRefusedError)


def hide() -> None:
    """From what the log's handlers are given from now on."""
    for handler in logging.getLogger().handlers:
        handler.addFilter(lambda record: not _is_told(record))
