"""The judge: what the product found beside what the player knows to be true."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import aiohttp
import msgspec

from schemas.facts import ChannelSwitched, JourneyOpened, SlaBreached, TransferConcluded
from streams.demo.stories import Truth
from streams.demo.watch import Watch


class Verdict(msgspec.Struct):
    """`good` when nothing was missed and nothing invented."""

    lines: list[str]
    differences: list[str]

    @property
    def good(self) -> bool:
        return not self.differences


async def judge(
    truths: Sequence[Truth], watch: Watch, console: str, sent: Mapping[str, int]
) -> Verdict:
    """Compares customer by customer; the console tells who is who."""
    for _ in watch.poll(1.0):
        pass
    happened: Counter[tuple[str, str]] = Counter()
    found: Counter[tuple[str, str]] = Counter()
    differences: list[str] = []
    async with aiohttp.ClientSession() as session:
        for truth in truths:
            customer = await _customer(session, console, truth)
            expected = _expected(truth)
            seen = _seen(watch, customer)
            for (kind, _), n in expected.items():
                happened[kind, "all"] += n
            for (kind, what), n in seen.items():
                found[kind, "all"] += min(n, expected[kind, what])
            for kind, what in sorted((expected - seen).keys()):
                differences.append(f"{truth.person.name} {truth.title}: missed {kind} {what}")
            for kind, what in sorted((seen - expected).keys()):
                differences.append(f"{truth.person.name} {truth.title}: invented {kind} {what}")
    lines = [f"{len(truths)} customers; " + ", ".join(f"{n} {what}" for what, n in sent.items())]
    for kind in ("journey", "switch", "transfer", "notice", "correction", "join", "split"):
        missed = sum(1 for d in differences if f"missed {kind} " in d)
        invented = sum(1 for d in differences if f"invented {kind} " in d)
        lines.append(
            f"{kind:10} {happened[kind, 'all']:4} happened, {found[kind, 'all']:4} found, "
            f"{missed} missed, {invented} invented"
        )
    letters = sum(watch.dead_letters.values())
    lines.append(f"{letters} dead letters, {len(watch.facts)} facts, {len(watch.notices)} notices")
    return Verdict(lines, differences)


async def _customer(session: aiohttp.ClientSession, console: str, truth: Truth) -> str:
    who = truth.person
    for kind, value in (("phone", who.phone), ("user", who.crm)):
        async with session.get(f"{console}/v1/context", params={kind: value}) as answer:
            if answer.status == 200:
                return str((await answer.json())["customer"])
    return ""


_CORRECTED: Mapping[type, str] = {ChannelSwitched: "switch", SlaBreached: "breach"}
"""What the judge counts when it was taken back."""


def _expected(truth: Truth) -> Counter[tuple[str, str]]:
    wanted: Counter[tuple[str, str]] = Counter()
    wanted["journey", "opened"] = truth.journeys
    for origin, to, forced in truth.switches:
        wanted["switch", f"{origin}→{to} {'forced' if forced else 'chosen'}"] += 1
    for kind, outcome in truth.transfers:
        wanted["transfer", f"{kind} {outcome}"] += 1
    for rule in truth.notices:
        wanted["notice", rule] += 1
    for what in truth.corrections:
        wanted["correction", what] += 1
    wanted["join", "of two customers"] = truth.joins
    wanted["split", "of a join"] = truth.splits
    return wanted


def _seen(watch: Watch, customer: str) -> Counter[tuple[str, str]]:
    seen: Counter[tuple[str, str]] = Counter()
    for fact in watch.facts.values():
        if fact.customer != customer or fact.state != "asserted":
            continue
        match fact:
            case JourneyOpened():
                seen["journey", "opened"] += 1
            case ChannelSwitched():
                chosen = "forced" if fact.forced else "chosen"
                seen["switch", f"{fact.from_}→{fact.to} {chosen}"] += 1
            case TransferConcluded():
                seen["transfer", f"{fact.kind} {fact.outcome}"] += 1
    for fact in watch.taken_back.values():
        if fact.customer == customer and (what := _CORRECTED.get(type(fact))) is not None:
            seen["correction", what] += 1
    seen["join", "of two customers"] = sum(1 for one in watch.joins if one.customer == customer)
    seen["split", "of a join"] = sum(1 for one in watch.splits if one.customer == customer)
    for (_, op), notice in watch.notices.items():
        if notice.customer == customer and op == "send":
            seen["notice", notice.rule.partition("@")[0]] += 1
    return seen
