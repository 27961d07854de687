"""`filrouge` with a bug: some records make a fold raise.  `python -m tests.chaos.brittle worker`."""

from __future__ import annotations

import faulthandler
import signal

from streams import app, cli
from streams.fold import Fold
from tests.simulation.history import Brittle

_right = app.stages


def _brittle(*arguments: object) -> list[Fold]:
    return [Brittle(fold) for fold in _right(*arguments)]  # type: ignore[arg-type]


if __name__ == "__main__":
    faulthandler.register(signal.SIGUSR1, all_threads=True)
    app.stages = _brittle
    cli.main(prog_name="filrouge")
