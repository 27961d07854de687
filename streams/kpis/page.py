"""docs/kpis.md from the definitions: `python -m streams.kpis.page [--check]`."""

from __future__ import annotations

import sys
from pathlib import Path

from schemas.kept import kept
from streams.kpis.definitions import KPIS, Kpi
from streams.kpis.rows import COLUMNS
from streams.kpis.scorecard import duration

PAGE = Path(__file__).parents[2] / "docs" / "kpis.md"

_HEAD = """# KPIs

Made from `streams/kpis/definitions.py` by `make schemas`; a test fails when it differs.

Each KPI is a function of single facts (topic `journeys`), so whoever reads that topic can recompute every
figure: take the last revision of each subject, leave out the retracted ones, and add. Deltas go at once
into panes of event time (10 s kept 2 h, 5 min kept 3 d, 1 h kept 40 d), integers only; a rolling window is the
sum of its panes, exact to one pane at its far edge. Durations carry logarithmic buckets: mean exact, median
and percentiles within 1 %. A percentile is the smallest value that so large a share did not exceed: of two, the
median is the lower and the p90 the higher.

Every figure can be split by channel, queue, team, topic and the KPI's own detail, and opened:
`GET /v1/kpis/<name>/cycles?window=1h` lists the entries that made it, with their sum, over the very panes that
the scorecard sums; `?from=&to=` over any span, to the millisecond.
No sample gives no value, never zero. Colours: green meets the target, amber is within its band (else within
10 % of the target), red misses it.

"""

_TAIL = """
## How others count

| KPI | Filrouge | elsewhere |
|---|---|---|
| first reply | message → first human answer on any channel, once a cycle | Chatwoot 4.2: from creation or bot hand-off, once in a conversation's life; Zendesk: from ticket creation; Rocket.Chat: from the agent's pick-up |
| resolution | first act → resolution, once a cycle | Chatwoot: from creation at *every* resolution, the time spent resolved included; Zendesk: first or last solved |
| first contact resolution | did the customer come back, on any channel, within 7 d | SQM: asks the customer; Zendesk: tickets with fewer than two agent replies; Freshservice: no further customer message |
| abandonment | stays in a queue that the customer ended, short ones apart | Genesys counts disconnects by the system too; Twilio leaves the IVR out; some drop what is under 5 s |
| transfers | per journey; hand-offs from a bot apart; consultations not | Connect: each is a new contact, counts only; nobody publishes a success rate |
| CSAT | upper quarter of the scale | Chatwoot: 4 and 5 of 5 (the same); Zendesk: good of good and bad (the same) |
"""

_ROWS = """
## A row a cycle

`filrouge export --from 2026-11-01 --to 2026-12-01 november.csv` writes a line for each cycle that began in that time, for a
spreadsheet or a warehouse; `--facts FILE` makes it of what `filrouge backtest --facts FILE` has found. It reads all of topic
`journeys`, since what is said last of a cycle counts. Added up, the rows are the figures (but for what a KPI leaves out).

| column | what |
|---|---|
"""


def rendered() -> str:
    """The whole page."""
    rows = ["| KPI | unit | better | target |", "|---|---|---|---|"]
    rows += [f"| [{k.title}](#{_anchor(k)}) | {k.unit} | {k.better} | {_target(k)} |" for k in KPIS]
    sections = []
    for kpi in KPIS:
        lines = [f"## {kpi.title}", "", f"`{kpi.name}`, version {kpi.version}. {kpi.counts}"]
        lines += [f"**Clock**: {kpi.clock}"] if kpi.clock else []
        lines += [f"**Leaves out**: {kpi.excludes}"] if kpi.excludes else []
        facts = ", ".join(f"`{kind.__struct_config__.tag}`" for kind in kpi.of)
        lines += [f"**From**: {facts}."]
        sections.append("\n".join(lines))
    columns = "\n".join(f"| `{name}` | {meaning} |" for name, meaning in COLUMNS.items())
    table = "\n".join(rows)
    return f"{_HEAD}{table}\n\n" + "\n\n".join(sections) + f"\n{_TAIL}{_ROWS}{columns}\n"


def _anchor(kpi: Kpi) -> str:
    """As readers of Markdown name a heading: without its commas."""
    return kpi.title.lower().replace(",", "").replace(" ", "-")


def _target(kpi: Kpi) -> str:
    found = {"": kpi.target} if kpi.target is not None else dict(kpi.channel_targets)
    return ", ".join(f"{c} {_value(kpi, t)}".strip() for c, t in found.items()) or "yours"


def _value(kpi: Kpi, target: float | None) -> str:
    if target is None:
        return ""
    if kpi.unit == "ratio":
        return f"{100 * target:g} %"
    return duration(target) if kpi.unit == "ms" else f"{target:g}"


if __name__ == "__main__":
    sys.exit(kept(PAGE, rendered(), "the definitions"))
