"""Visits: a customer is served by one vendor's system, then goes on in another's.  Any two will do,
so that every vendor of ours has its customers in the demo.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from functools import partial

import msgspec

from streams.channels.base import Adapter
from streams.channels.registry import adapters
from streams.demo.cast import AGENTS
from streams.demo.stories import STORIES, Stage, Story, Truth
from streams.demo.traffic.call import Person
from streams.demo.traffic.generator import Generator, Told, Visit

_ASKED = ("Is my table ready?", "Do you have it in green?", "Which size do I need?")
_ANSWERED = ("Yes, since this morning.", "We do, from Friday on.", "The smaller one.")
_GOES_ON = ("And the matching lamp?", "One more thing: is there a chair to it?")
_TOLD_MORE = ("That too.", "There is, in oak.")


def programme(chance: random.Random, sources: Mapping[str, Generator]) -> Iterator[Story]:
    """Stories and visits by turns, for ever; every vendor is visited once a round."""
    stories = [*STORIES]
    while True:
        for number, pair in enumerate(pairs(chance, sources)):
            yield stories[number % len(stories)]
            yield partial(goes_on_elsewhere, *pair)


def pairs(
    chance: random.Random, sources: Mapping[str, Generator]
) -> Iterator[tuple[Generator, Generator]]:
    """All of them, two and two; an odd one goes with the first."""
    systems = [*sources.values()]
    chance.shuffle(systems)
    yield from zip(systems[::2], [*systems[1::2], systems[0]], strict=False)


async def goes_on_elsewhere(
    first: Generator, second: Generator, stage: Stage, who: Person
) -> list[Truth]:
    """Is answered by `first`, asks on at `second`, and is passed on there, if it can."""
    await stage.introduce(who, first, second)
    turn = who.number
    visit = _visit(stage, who, turn)
    await _post(stage, first.asks(visit, _ASKED[turn % 3], stage.now_ms()))
    await stage.wait(2)
    await _post(stage, first.answers(visit, _ANSWERED[turn % 3], stage.now_ms()))
    await stage.wait(1)
    if first.channel == "voice":
        await _post(stage, first.ends(visit, stage.now_ms()))
    await stage.wait(2)
    visit = _visit(stage, who, turn + 2)
    await _post(stage, second.asks(visit, _GOES_ON[turn % 2], stage.now_ms()))
    await stage.wait(2)
    await _post(stage, second.answers(visit, _TOLD_MORE[turn % 2], stage.now_ms()))
    await stage.wait(2)
    if _transfers(first, second):
        await _post(stage, second.passes(visit, stage.now_ms()))
        visit = msgspec.structs.replace(visit, passed=True)
        await stage.wait(6)  # it does not come back within what the demo calls soon
    await _post(stage, second.ends(visit, stage.now_ms()))
    return [_truth(who, first, second)]


def _visit(stage: Stage, who: Person, turn: int) -> Visit:
    agent, other = AGENTS[turn % len(AGENTS)], AGENTS[(turn + 1) % len(AGENTS)]
    return Visit(who, stage.number(), stage.number, agent, other)


def _transfers(first: Generator, second: Generator) -> bool:
    """Does it come to a transfer?  A vendor that may tell late holds conclusions back for longer
    than the demo lasts.
    """
    late = max(adapters()[one.vendor].lateness_ms for one in (first, second))
    return bool(second.transfer) and late <= Adapter.lateness_ms


async def _post(stage: Stage, told: list[Told]) -> None:
    await stage.post(*(one.call for one in told))


def _truth(who: Person, first: Generator, second: Generator) -> Truth:
    """A change of the medium is a switch; of the vendor alone it is none."""
    truth = Truth(who, f"is served by {first.source}, then by {second.source}")
    if first.channel != second.channel:
        truth.switches.append((first.channel, second.channel, False))
        truth.notices.append("switch.agent")
    if _transfers(first, second):
        truth.transfers.append((second.transfer, "successful"))
        truth.notices += ["transfer.customer", "transfer.agent"]
    if second.resolves:
        truth.notices.append("survey")
    return truth
