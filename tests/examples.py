"""How many examples a property is tried with: all of them in `make test`, a sixth in `make check`."""

from __future__ import annotations

import os
from typing import Any

from hypothesis import settings

QUICK = bool(os.environ.get("QUICK"))
"""Set by `make check`, the inner loop: it has a minute."""


def examples(count: int, **more: Any) -> settings:
    return settings(max_examples=max(5, count // 6) if QUICK else count, deadline=None, **more)
