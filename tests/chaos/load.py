"""Load: customers of two organisations who write, call and are answered, by vendors who retry.

Every request is counted by its body: how often it was sent, and how often it was acknowledged.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable
from io import BytesIO

import aiohttp
import msgspec
from yarl import URL

from streams.demo.cast import AGENTS, person
from streams.demo.setup import sources
from streams.demo.stories import now_ms
from streams.demo.traffic import meta_whatsapp
from streams.demo.traffic.call import Call, Person
from streams.demo.traffic.cloudevents import Company
from streams.demo.traffic.generator import Generator, Told, Visit
from tests.chaos.stack import DOMAINS

PEOPLE = 1_400
"""So many different invented people there are; then they come back."""

Step = Callable[[], list[Call]]


class Vendors:
    """One organisation's vendors, all of them, and what one of its customers goes through."""

    def __init__(self, gateway: str, domain: str, numbers: itertools.count[int]) -> None:
        self._sources = sources(gateway, f"{domain}-")
        self.whatsapp = self._sources[f"{domain}-whatsapp"]
        company = f"{domain}-company"
        self.company = Company(company, self._sources[company].secret)
        self._numbers = numbers

    def writes(self, who: Person, mark: str = "") -> Call:
        ident = f"in{next(self._numbers):07d}{mark}"
        source, secret = self.whatsapp.source, self.whatsapp.secret
        return meta_whatsapp.message(source, secret, who, ident, "Where is my parcel?", now_ms())

    def steps(self, who: Person, chance: random.Random) -> list[Step]:
        """Contact card, then one to three of the vendors, in any order."""
        met = chance.sample([*self._sources.values()], chance.randint(1, 3))
        ids = [one for system in met for one in system.identifiers(who)]
        visits = [self._visit(system, who, chance) for system in met]
        card: Step = lambda: [self.company.contact(who, now_ms(), ids)]  # noqa: E731
        return [card, *itertools.chain(*visits)]

    def _visit(self, system: Generator, who: Person, chance: random.Random) -> list[Step]:
        first, second = chance.sample(AGENTS, 2)
        visit = Visit(who, next(self._numbers), self._numbers.__next__, first, second)
        passed = msgspec.structs.replace(visit, passed=bool(system.transfer))
        return [
            lambda: calls(system.asks(visit, "Where is my parcel?", now_ms())),
            lambda: calls(system.answers(visit, "On its way.", now_ms())),
            lambda: calls(system.passes(visit, now_ms())),
            lambda: calls(system.ends(passed, now_ms())),
        ]


def calls(told: Iterable[Told]) -> list[Call]:
    return [one.call for one in told]


class Load:
    """`await run()` until `stop()`; then every customer under way comes to his end."""

    def __init__(self, gateway: str, seed: int, per_s: float) -> None:
        self._gateway = gateway
        self._chance = random.Random(seed)
        self._per_s = per_s
        self.sent: Counter[bytes] = Counter()
        self.acknowledged: Counter[bytes] = Counter()
        self.refused: Counter[str] = Counter()
        self._stopped = False
        self._next_s = 0.0
        self._session: aiohttp.ClientSession | None = None
        numbers = itertools.count(1)
        self.vendors = {domain: Vendors(gateway, domain, numbers) for domain in DOMAINS}

    async def run(self) -> None:
        timeout = aiohttp.ClientTimeout(total=6)
        connector = aiohttp.TCPConnector(limit=200)
        async with aiohttp.ClientSession(timeout=timeout, connector=connector) as self._session:
            under_way: set[asyncio.Task[None]] = set()
            for number in itertools.count(1):
                if self._stopped:
                    break
                vendors = self.vendors[DOMAINS[number % len(DOMAINS)]]
                steps = vendors.steps(person(number % PEOPLE + 1), self._chance)
                task = asyncio.create_task(self._customer(steps))
                under_way.add(task)
                task.add_done_callback(under_way.discard)
                while len(under_way) > 150 and not self._stopped:
                    await asyncio.sleep(0.05)
                await self._turn(len(steps))
            await asyncio.gather(*under_way)

    def stop(self) -> None:
        self._stopped = True

    async def _turn(self, count: float) -> None:
        """So that `per_s` requests go out a second."""
        now_s = time.monotonic()
        self._next_s = max(self._next_s, now_s - 1) + count / self._per_s
        await asyncio.sleep(max(0.0, self._next_s - now_s))

    async def _customer(self, steps: list[Step]) -> None:
        for step in steps:
            for call in step():
                await self.post(call)
                if self._chance.random() < 0.1:
                    await self.post(call)  # a retry that was not needed
            await asyncio.sleep(0 if self._stopped else self._chance.uniform(0.1, 3))

    async def post(self, call: Call) -> None:
        """As vendors do: again, until it is acknowledged."""
        while not await self.once(call):
            await asyncio.sleep(self._chance.uniform(0.3, 1.5))

    async def once(self, call: Call) -> int:
        """The status if it was acknowledged, else 0."""
        assert self._session is not None
        url = URL(f"{self._gateway}/v1/in/{call.source}{call.query}", encoded=True)
        self.sent[call.body] += 1
        try:
            async with self._session.post(
                url, data=BytesIO(call.body), headers=dict(call.headers)
            ) as answer:
                if answer.status < 300:
                    self.acknowledged[call.body] += 1
                    return 200
                self.refused[str(answer.status)] += 1
                if answer.status == 413:
                    self.sent[call.body] -= 1
                    return 413
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self.refused[type(error).__name__] += 1
        return 0
