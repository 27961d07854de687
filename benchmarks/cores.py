"""Who runs where: broker, Redis and judge on the first core, the system under test alone on the
second.  So a system's figure does not hang on what its broker does at that moment.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence


@contextlib.contextmanager
def apart() -> Iterator[None]:
    """This process, and the servers that it starts, keep to the first core."""
    whole = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(whole)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, whole)


def alone(command: Sequence[str]) -> list[str]:
    """The command on the second core, if there is one."""
    cores = os.cpu_count() or 1
    return ["taskset", "-c", "1", *command] if cores > 1 else [*command]
