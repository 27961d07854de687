"""The judge: what the product found beside what the player knows to be true."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

import aiohttp
import msgspec

from schemas.facts import ChannelSwitched, JourneyOpened, SlaBreached, TransferConcluded
from streams.demo.stories import Truth
from streams.demo.watch import Seen, Watch


class Verdict(msgspec.Struct):
    """`good` when nothing was missed and nothing invented."""

    lines: list[str]
    differences: list[str]

    @property
    def good(self) -> bool:
        return not self.differences


async def judge(
    truths: Sequence[Truth],
    watch: Watch,
    console: str,
    sent: Mapping[str, int],
    vendors: Collection[str],
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
            wanted = expected(truth)
            shown = seen(watch, customer)
            for (kind, _), n in wanted.items():
                happened[kind, "all"] += n
            for (kind, what), n in shown.items():
                found[kind, "all"] += min(n, wanted[kind, what])
            for kind, what in sorted((wanted - shown).keys()):
                differences.append(f"{truth.person.name} {truth.title}: missed {kind} {what}")
            for kind, what in sorted((shown - wanted).keys()):
                differences.append(f"{truth.person.name} {truth.title}: invented {kind} {what}")
    lines = [
        f"{len(truths)} customers, {len(vendors)} vendors; "
        + ", ".join(f"{n} {what}" for what, n in sent.items())
    ]
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


def expected(truth: Truth) -> Counter[tuple[str, str]]:
    """What should be concluded of the customer: (kind, what) → how often."""
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


def seen(published: Seen, customer: str) -> Counter[tuple[str, str]]:
    """What was concluded of the customer, as `expected` has it."""
    found: Counter[tuple[str, str]] = Counter()
    for fact in published.facts.values():
        if fact.customer != customer or fact.state != "asserted":
            continue
        match fact:
            case JourneyOpened():
                found["journey", "opened"] += 1
            case ChannelSwitched():
                chosen = "forced" if fact.forced else "chosen"
                found["switch", f"{fact.from_}→{fact.to} {chosen}"] += 1
            case TransferConcluded():
                found["transfer", f"{fact.kind} {fact.outcome}"] += 1
    for fact in published.taken_back.values():
        if fact.customer == customer and (what := _CORRECTED.get(type(fact))) is not None:
            found["correction", what] += 1
    found["join", "of two customers"] = sum(
        1 for one in published.joins if one.customer == customer
    )
    found["split", "of a join"] = sum(1 for one in published.splits if one.customer == customer)
    for (_, op), notice in published.notices.items():
        if notice.customer == customer and op == "send":
            found["notice", notice.rule.partition("@")[0]] += 1
    return found
