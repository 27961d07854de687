"""Plays the stories, several at a time, with the mess of real life around them."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

import aiohttp
from yarl import URL

from streams.demo.cast import person
from streams.demo.stories import Stage, Story, Truth
from streams.demo.traffic.call import Call
from streams.demo.traffic.generator import Generator
from streams.demo.visits import programme

PAUSE_S = 1.2
"""Between two stories' beginnings."""


class Player:
    """`truths` is what really happened; `sent` counts requests by what was done to them; `vendors`
    are those that had something to tell.
    """

    def __init__(
        self, gateway: str, console: str, sources: Mapping[str, Generator], seed: int
    ) -> None:
        self._gateway = gateway
        self._console = console
        self._random = random.Random(seed)  # noqa: S311 - a demo's dice
        self._programme = programme(random.Random(seed), sources)  # noqa: S311 - the same
        self._session = aiohttp.ClientSession()
        self._stage = Stage(self._post, self._operate, sources)
        self.truths: list[Truth] = []
        self.sent: Counter[str] = Counter()
        self.vendors: set[str] = set()
        self._late: set[asyncio.Task[None]] = set()

    async def play(self, seconds: float | None) -> None:
        """Begins stories for so long (None: for ever), and waits for the last to end."""
        ends = time.monotonic() + seconds if seconds is not None else None
        under_way: set[asyncio.Task[None]] = set()
        numbers = itertools.count(1)
        for story in self._programme:
            if ends is not None and time.monotonic() >= ends:
                break
            task = asyncio.create_task(self._tell(story, next(numbers)))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
            await asyncio.sleep(PAUSE_S)
            if next(numbers) % 5 == 0:
                await self._nonsense()
        await asyncio.gather(*under_way, *self._late)

    async def _tell(self, story: Story, number: int) -> None:
        self.truths.extend(await story(self._stage, person(number)))

    async def _post(self, call: Call) -> None:
        """Once, sometimes twice (a retry that was not needed)."""
        await self._once(call)
        self.sent["webhooks"] += 1
        if self._random.random() < 0.15:
            self.sent["repeated"] += 1
            task = asyncio.create_task(self._again(call))
            self._late.add(task)
            task.add_done_callback(self._late.discard)

    async def _again(self, call: Call) -> None:
        await asyncio.sleep(self._random.uniform(0.2, 2.0))
        await self._once(call)

    async def _once(self, call: Call) -> None:
        url = URL(f"{self._gateway}/v1/in/{call.source}{call.query}", encoded=True)
        self.vendors.add(self._stage.sources[call.source].vendor)
        async with self._session.post(url, data=call.body, headers=dict(call.headers)) as answer:
            if answer.status >= 300:
                text = await answer.text()
                raise RuntimeError(f"{call.source} was answered {answer.status}: {text}")

    async def _operate(self, path: str, said: dict[str, str] | None) -> dict[str, Any]:
        """What an operator does at the console."""
        method = "GET" if said is None else "POST"
        url = URL(self._console + path, encoded=True)
        async with self._session.request(method, url, json=said) as answer:
            told: dict[str, Any] = await answer.json()
        if answer.status >= 300:
            raise RuntimeError(f"The console answers {answer.status} to {path}: {told}")
        return told

    async def _nonsense(self) -> None:
        """Bad bodies and forged ones: refused, or kept as dead letters."""
        forged = {"X-Hub-Signature-256": "sha256=00", "Content-Type": "application/json"}
        url = f"{self._gateway}/v1/in/whatsapp"
        async with self._session.post(url, data=b"{}", headers=forged) as answer:
            self.sent["forged, refused"] += answer.status == 401
        broken = self._stage.company.broken()
        await self._once(broken)
        self.sent["not JSON, kept as dead letter"] += 1

    async def close(self) -> None:
        await self._session.close()
