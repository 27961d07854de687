"""Whoever asks gets the oracle's figures: over HTTP, from Prometheus' page, and from a backtest."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import ClientSession
from click.testing import CliRunner

from schemas.events import PolicyChanged
from schemas.facts import Fact
from streams.cli import main
from streams.console.server import Console
from streams.engine.keys import LaneKeys
from streams.engine.redis_client import connect
from streams.engine.redis_store import RedisStore
from streams.engine.store import Pins
from streams.kpis.panes import WINDOWS
from streams.kpis.scorecard import Figure
from streams.settings import Console as ConsoleSettings
from streams.settings import Domain, Kafka, Redis, Settings
from tests.examples import QUICK
from tests.lanes import PARTITIONS
from tests.property import kpi_oracle as oracle
from tests.property.kpi_histories import Counted, history, pass_time
from tests.property.kpi_oracle_test import SPLITS, UNITS, agree
from tests.servers.embedded import EmbeddedRedis
from tests.world import DOMAIN, HOUR

SEEDS = range(1 if QUICK else 8)


async def committed(lanes: Counted, url: str) -> None:
    """All that the lanes have committed, in Redis."""
    client = connect(url)
    await client.flushall()
    for number in range(PARTITIONS):
        store = RedisStore(client, LaneKeys("main", "journeys", number, PARTITIONS))
        pins = Pins("cluster", "events", PARTITIONS, "main", "filrouge", "journeys-1")
        epoch = (await store.claim(pins, "a", 1, 10_000)).epoch
        await store.begin(epoch, 0)
        for lane, batch in lanes.batches:
            if lane == number:
                await store.commit(epoch, batch, None)
    await client.aclose()


def settings(url: str) -> Settings:
    return Settings(
        kafka=Kafka(bootstrap="127.0.0.1:1", events_partitions=PARTITIONS),
        redis=Redis(url=url),
        console=ConsoleSettings(port=0, tokens=("t",), refresh_ms=50),
        domain=(Domain(name=DOMAIN, key="k" * 16),),
    )


class Asking:
    """A console, asked over HTTP."""

    def __init__(self, console: Console, session: ClientSession) -> None:
        self._base, self._session = f"http://127.0.0.1:{console.port}", session

    async def get(self, path: str) -> Any:
        headers = {"Authorization": "Bearer t"}
        async with self._session.get(self._base + path, headers=headers) as answer:
            text = await answer.text()
            assert answer.status == 200, text
            return json.loads(text) if path.startswith("/v1/") else text

    async def figures(self, query: str) -> list[Figure]:
        return msgspec.convert((await self.get(f"/v1/kpis?{query}"))["kpis"], list[Figure])


@pytest.mark.parametrize("seed", SEEDS)
async def test_the_console_says_what_the_oracle_says(
    seed: int, embedded: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = random.Random(seed)
    lanes, events = Counted(dice), history(dice)
    for event in events:
        lanes.put(event)
    now_ms = pass_time(lanes, events[-1].recorded_ms, dice.choice((1_000, HOUR, 8 * HOUR)))
    facts = oracle.standing(lanes.facts.values())
    monkeypatch.setattr("streams.console.board._now_ms", lambda: now_ms)
    monkeypatch.setattr("streams.console.asked.now_ms", lambda: now_ms)
    await committed(lanes, embedded.url)
    console = Console(settings(embedded.url))
    await console._freshness.renew()
    await console.start()
    try:
        async with ClientSession() as session:
            await _asked(Asking(console, session), facts, now_ms)
    finally:
        await console.stop()


async def _asked(asking: Asking, facts: list[Any], now_ms: int) -> None:
    for window in WINDOWS:
        from_ms, until_ms, _ = oracle.window(window, now_ms)
        recent = [fact for fact in facts if from_ms <= fact.at_ms < until_ms]
        for by in SPLITS if window == "30d" else SPLITS[:2]:
            figures = await asking.figures(f"window={window}&domain={DOMAIN}&by={','.join(by)}")
            agree(figures, recent, by, window)
        if window in {"1h", "24h", "30d"}:
            for kpi in UNITS:
                told = await asking.get(f"/v1/kpis/{kpi}/cycles?window={window}")
                _opens(told, oracle.samples(kpi, recent))
    hour_ms = oracle.window("1h", now_ms)[0]
    recent = [fact for fact in facts if hour_ms <= fact.at_ms <= now_ms]
    page = await asking.get("/metrics")
    for kpi, unit in UNITS.items():
        want = oracle.figure(unit, oracle.samples(kpi, recent)).value
        if want is not None:
            line = rf'^filrouge_kpi{{domain="{DOMAIN}",kpi="{kpi}",window="1h"}} (\S+)$'
            [have] = re.findall(line, page, re.MULTILINE)
            assert float(have) == pytest.approx(want, abs=0.001), kpi


def _opens(told: dict[str, Any], counted: list[oracle.Sample]) -> None:
    """The entries are the oracle's, with its parts, and add up to the sum beside them."""
    wanted = {"n": sum(s.n for s in counted), "hit": sum(s.hit for s in counted)}
    wanted |= {"pending": sum(s.pending for s in counted)}
    for entries in ([{"parts": list(told["sum"].items())}], told["entries"]):
        parts = [part for entry in entries for part in entry["parts"]]
        for name, want in wanted.items():
            assert sum(amount for part, amount in parts if part == name) == want, told["kpi"]
    listed = [(entry["subject"], entry["journey"], entry["at_ms"]) for entry in told["entries"]]
    facts = [(s.fact.subject_id, s.fact.journey, s.fact.at_ms) for s in counted]
    assert sorted(listed) == sorted(facts), told["kpi"]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_backtest_says_what_the_oracle_says(seed: int, tmp_path: Path) -> None:
    events = [e for e in history(random.Random(seed)) if not isinstance(e, PolicyChanged)]
    log, written = tmp_path / "log.jsonl", tmp_path / "facts.jsonl"
    log.write_bytes(b"".join(msgspec.json.encode(event) + b"\n" for event in events))
    dims = [by[0] for by in SPLITS if len(by) == 1]
    args = ["backtest", str(log), "--json", "--facts", str(written)]
    args += ["--by", ",".join(dims), "--open", ",".join(UNITS)]
    found = CliRunner().invoke(main, args)
    assert found.exit_code == 0, found.output
    told = json.loads(found.stdout)
    facts = [msgspec.json.decode(line, type=Fact) for line in written.read_bytes().splitlines()]
    stand = oracle.standing(facts)
    agree(msgspec.convert(told["kpis"], list[Figure]), stand, (), "backtest")
    for name in dims:
        figures = msgspec.convert(told["kpis_by"][name], list[Figure])
        agree(figures, stand, (name,), "backtest")
    for kpi in UNITS:
        listed = sorted((entry["subject_id"], entry["at_ms"]) for entry in told["opened"][kpi])
        counted = oracle.samples(kpi, stand)
        assert listed == sorted((s.fact.subject_id, s.fact.at_ms) for s in counted), kpi
