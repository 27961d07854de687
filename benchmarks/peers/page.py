"""How the comparison is told in docs/performance.md."""

from __future__ import annotations

from statistics import median

from benchmarks.open_loop import spread
from benchmarks.peers.compare import SLOW, rows

GOALS = {"Kafka Streams": 3, "stock Faust, Redis": 100}
"""How many times faster we want to be."""


def section(runs: int) -> list[str]:
    found = rows(runs)
    lines = [
        "One small task on several engines, one input, one oracle: a customer's last channel, a switch to",
        "an output topic (13.6 % of events), a counter by channel and pane of 10 s; JSON events of 291",
        "bytes. Broker, Redis and judge on the first core, the peer alone on the second; starting does not",
        "count, `warm` is the second half of the events. A run whose switches or counters are not exactly",
        "the oracle's is void. Ours counts panes of three sizes, the peers one.",
        "(`make bench-peers`; `benchmarks/peers/`)",
        "",
        (
            f"| system, median of {runs} (range) | events/s | warm | own CPU s per million | Redis CPU s "
            "per million | events |"
        ),
        "|---|---|---|---|---|---|",
    ]
    rates: dict[str, float] = {}
    warm: dict[str, float] = {}
    for peer, count, measured in found:
        good = [one for one in measured if not one.fault]
        if not good:
            lines.append(f"| {peer.name} | void: {measured[0].fault} | | | | {count:,} |")
            continue
        rates[peer.name] = median(one.rate for one in good)
        warm[peer.name] = median(one.warm_rate for one in good)
        kinds = [[one.rate for one in good], [one.warm_rate for one in good]]
        kinds += [[one.cpu for one in good], [one.redis_cpu for one in good]]
        void = f" ({len(measured) - len(good)} void)" if len(good) < len(measured) else ""
        told = " | ".join(spread(kind) for kind in kinds)
        lines.append(f"| {peer.name}{void} | {told} | {count:,} |")
    lines += ["", "What each keeps durable:", ""]
    lines += [f"- {peer.name}: {peer.keeps}" for peer, _, _ in found]
    lines += [
        "",
        f"Faust's agents get {SLOW} times fewer events: their rate does not depend on that.",
        "",
    ]
    ours = rates.get("Filrouge")
    for name, goal in GOALS.items():
        if ours and name in rates:
            against = warm if name == "Kafka Streams" else rates
            ratio = (warm["Filrouge"] if against is warm else ours) / against[name]
            said = "met" if ratio >= goal else "missed"
            kind = "warm " if against is warm else ""
            lines.append(f"Against {kind}{name}: {ratio:.1f} times; the goal of {goal} is {said}.")
    return lines
