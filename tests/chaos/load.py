"""Load: customers of two organisations who write, call and are answered, by vendors who retry.

Every request is counted by its body: how often it was sent, and how often it was acknowledged.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections import Counter
from collections.abc import Callable
from io import BytesIO

import aiohttp

from streams.demo.cast import AGENTS, person
from streams.demo.setup import secret
from streams.demo.stories import now_ms
from streams.demo.traffic import meta_whatsapp
from streams.demo.traffic.aircall import Line
from streams.demo.traffic.call import Call, Person
from streams.demo.traffic.chatwoot import Desk
from streams.demo.traffic.cloudevents import Company
from streams.demo.traffic.zendesk import Tickets
from tests.chaos.stack import DOMAINS

PEOPLE = 1_400
"""So many different invented people there are; then they come back."""

Step = Callable[[], Call]


class Vendors:
    """One organisation's vendors, and what one of its customers goes through."""

    def __init__(self, domain: str, numbers: itertools.count[int]) -> None:
        self.whatsapp = f"{domain}-whatsapp"
        self.desk = Desk(f"{domain}-chatwoot", secret(f"{domain}-chatwoot"))
        self.phone = Line(f"{domain}-aircall", secret(f"{domain}-aircall"))
        self.tickets = Tickets(f"{domain}-zendesk", secret(f"{domain}-zendesk"))
        self.company = Company(f"{domain}-company", secret(f"{domain}-company"))
        self._numbers = numbers

    def number(self) -> int:
        return next(self._numbers)

    def writes(self, who: Person, mark: str = "") -> Call:
        ident = f"in{self.number():07d}{mark}"
        return meta_whatsapp.message(
            self.whatsapp, secret(self.whatsapp), who, ident, "Where is my parcel?", now_ms()
        )

    def answered(self, who: Person) -> Call:
        ident = f"out{self.number():07d}"
        key = secret(self.whatsapp)
        return meta_whatsapp.echo(self.whatsapp, key, who, ident, "On its way.", now_ms())

    def steps(self, who: Person, chance: random.Random) -> list[Step]:
        """Contact card, then two or three of the channels, in any order."""
        parts = [self._messages(who), self._call(who), self._chat(who), self._mail(who)]
        chosen = chance.sample(parts, chance.randint(1, 3))
        return [lambda: self.company.contact(who, now_ms()), *itertools.chain(*chosen)]

    def _messages(self, who: Person) -> list[Step]:
        return [lambda: self.writes(who), lambda: self.answered(who), lambda: self.writes(who)]

    def _call(self, who: Person) -> list[Step]:
        call, agent = self.number(), AGENTS[who.number % len(AGENTS)]

        def ended() -> Call:
            at = now_ms() // 1_000
            return self.phone.event(
                "call.ended", call, who, now_ms(), agent,
                started_at=at - 2, answered_at=at - 1, ended_at=at, duration=2,
            )  # fmt: skip

        return [
            lambda: self.phone.event("call.created", call, who, now_ms()),
            lambda: self.phone.event(
                "call.answered", call, who, now_ms(), agent, answered_at=now_ms() // 1_000
            ),
            ended,
        ]

    def _chat(self, who: Person) -> list[Step]:
        conversation, first, second = self.number(), AGENTS[0], AGENTS[1]
        desk = self.desk
        return [
            lambda: desk.message(conversation, self.number(), who, "Hello?", now_ms()),
            lambda: desk.assigned(conversation, who, None, first, now_ms()),
            lambda: desk.message(conversation, self.number(), who, "Hi.", now_ms(), first),
            lambda: desk.assigned(conversation, who, first, second, now_ms()),
            lambda: desk.status(conversation, who, "open", "resolved", now_ms()),
            lambda: desk.rating(conversation, self.number(), who, 4, now_ms()),
        ]

    def _mail(self, who: Person) -> list[Step]:
        ticket, tickets = self.number(), self.tickets
        return [
            lambda: tickets.user(who, now_ms()),
            lambda: tickets.created(ticket, who, "I could not get through", now_ms()),
            lambda: tickets.comment(ticket, self.number(), who, "We call.", now_ms(), AGENTS[2]),
        ]


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
        self.vendors = {domain: Vendors(domain, numbers) for domain in DOMAINS}

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
            call = step()
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
        url = f"{self._gateway}/v1/in/{call.source}"
        self.sent[call.body] += 1
        try:
            async with self._session.post(
                url, data=BytesIO(call.body), headers=dict(call.headers)
            ) as answer:
                if answer.status == 200:
                    self.acknowledged[call.body] += 1
                    return 200
                self.refused[str(answer.status)] += 1
                if answer.status == 413:
                    self.sent[call.body] -= 1
                    return 413
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self.refused[type(error).__name__] += 1
        return 0
