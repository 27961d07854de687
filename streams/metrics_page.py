"""docs/metrics.md from the metrics themselves: `python -m streams.metrics_page [--check]`."""

from __future__ import annotations

import sys
from pathlib import Path

from prometheus_client.metrics import MetricWrapperBase

from schemas.kept import kept
from streams import metrics

PAGE = Path(__file__).parents[1] / "docs" / "metrics.md"

_HEAD = """# Metrics

Made from `streams/metrics.py` by `make schemas`; a test fails when it differs. Each process serves those that concern it at
`/metrics`. No label holds an id or anything personal. What to be woken for: `deploy/rules.yml`, with `docs/operations.md`.

| metric | kind | labels | what |
|---|---|---|---|
"""


def rendered() -> str:
    """The whole page."""
    ours = [one for one in vars(metrics).values() if isinstance(one, MetricWrapperBase)]
    return _HEAD + "".join(f"{_row(one)}\n" for one in ours)


def _row(metric: MetricWrapperBase) -> str:
    [family] = metric.describe()
    total = "_total" if family.type == "counter" else ""
    labels = ", ".join(metric._labelnames)  # noqa: SLF001 - there is no other way to them
    return f"| `{family.name}{total}` | {family.type} | {labels} | {family.documentation} |"


if __name__ == "__main__":
    sys.exit(kept(PAGE, rendered(), "the metrics"))
