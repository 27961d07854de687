"""The store in Redis (6.2 to 8, Valkey, or a cluster): one slot a lane, one script a commit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import redis.asyncio

from streams.engine.batch import Batch, Outgoing, Position
from streams.engine.keys import PANES, LaneKeys
from streams.engine.store import (
    Claimed,
    ClaimRefusedError,
    FencedError,
    OutOfDateError,
    Pins,
    StaleError,
    Store,
    SupersededError,
)

_SCRIPTS = Path(__file__).parent / "scripts"
_WORDS = 1_000
"""Arguments in one operation; Lua's `unpack` has a limit of some thousands."""

_KEPT_MS = {size: width_ms + kept_ms for size, width_ms, kept_ms in PANES}
_LEDGER_KEPT_MS = _KEPT_MS["1h"]
RECENT_KEPT = 100
"""Lines of a short list."""

_encode = msgspec.msgpack.Encoder().encode
_decode_publish = msgspec.msgpack.Decoder(Outgoing)
_clocks = msgspec.json.Decoder(dict[int, int])
_marks = msgspec.json.Decoder(dict[str, tuple[int, int, int]])
_to_json = msgspec.json.Encoder().encode


class RedisStore(Store):
    """See `Store`. `client` is this lane's own: its commands keep their order."""

    def __init__(self, client: redis.asyncio.Redis, keys: LaneKeys) -> None:
        self._client = client
        self._keys = keys
        self._claim = client.register_script((_SCRIPTS / "claim.lua").read_text())
        self._commit = client.register_script((_SCRIPTS / "commit.lua").read_text())
        self._fenced = client.register_script((_SCRIPTS / "fenced.lua").read_text())

    async def claim(
        self, pins: Pins, owner: str, generation: int, session_ms: int, born_ms: int = 0
    ) -> Claimed:
        keys = self._keys
        fields = [word for pair in msgspec.structs.asdict(pins).items() for word in pair]
        reply: Any = await self._claim(
            keys=[keys.fence], args=[owner, born_ms, generation, session_ms, *fields]
        )
        match reply[0]:
            case b"MISMATCH":
                _, field, stored, ours = (word.decode() for word in reply)
                raise ClaimRefusedError(
                    f"The state in Redis belongs to {field} {stored!r}, this worker has {ours!r}. "
                    "Use another keyspace and rebuild it by replay, or put the setting back."
                )
            case b"SUPERSEDED":
                raise SupersededError(owner)
            case b"REFUSED":
                raise OutOfDateError(
                    f"Worker {reply[1].decode()} claimed this partition {reply[2]} ms ago in a "
                    "later generation of the group; this one is out of date."
                )
        return await self._claimed(int(reply[1]), int(reply[2]))

    async def _claimed(self, epoch: int, claims: int) -> Claimed:
        keys, client = self._keys, self._client
        fence: Any = await client.hgetall(keys.fence)
        outbox: Any = await client.xrange(keys.outbox)
        timers: Any = await client.zrange(keys.timers, 0, -1)
        skip: Any = await client.smembers(keys.skip)
        offset = fence.get(b"offset")
        return Claimed(
            epoch=epoch,
            position=Position(int(offset), int(fence.get(b"step", 0))) if offset else None,
            clocks=_clocks.decode(fence.get(b"clocks", b"{}")),
            marks=_marks.decode(fence.get(b"marks", b"{}")),
            timers=list(timers),
            outbox=[_decode_publish.decode(fields[b"e"]) for _, fields in outbox],
            skip={_position(member) for member in skip},
            hold_below=int(fence.get(b"hold", 0)),
            claims=claims,
        )

    async def load(self, keys: Sequence[str]) -> list[bytes | None]:
        if not keys:
            return []
        found: Any = await self._client.hmget(self._keys.states, list(keys))
        return list(found)

    async def commit(self, epoch: int, batch: Batch, trim_to: str | None) -> None:
        before = batch.before
        call = _Call([self._keys.fence, self._keys.pane_index])
        for words in _operations(batch, trim_to, self._keys):
            call.add(words)
        fields: list[Any] = []
        if batch.clocks:
            fields += ["clocks", _to_json(batch.clocks)]
        if batch.marks:
            fields += ["marks", _to_json(batch.marks)]
        if fields:
            call.add(("HSET", self._keys.fence, fields))
        reply: Any = await self._commit(
            keys=call.keys,
            args=[
                epoch, before.offset, before.step, batch.after.offset, batch.after.step,
                _encode(call.operations),
            ],
        )  # fmt: skip
        _check(reply)

    async def begin(self, epoch: int, offset: int, hold_below: int = 0) -> None:
        fields = ("offset", offset, "step", 0, "hold", hold_below)
        await self._write(epoch, self._keys.fence, "HSET", *fields)

    async def set_aside(self, epoch: int, position: Position) -> None:
        member = f"{position.offset}/{position.step}"
        await self._write(epoch, self._keys.skip, "SADD", member)

    async def _write(self, epoch: int, key: str, verb: str, *words: Any) -> None:
        _check(await self._fenced(keys=[self._keys.fence, key], args=[epoch, verb, *words]))

    async def close(self) -> None:
        await self._client.aclose()


class _Call:
    """Collects operations and numbers the keys that they name."""

    def __init__(self, keys: list[str]) -> None:
        self.keys = keys
        self.operations: list[list[Any]] = []
        self._numbers = {key: number for number, key in enumerate(keys, 1)}

    def add(self, operation: Operation) -> None:
        verb, key, arguments = operation
        number = self._numbers.get(key)
        if number is None:
            self.keys.append(key)
            number = self._numbers[key] = len(self.keys)
        words = [_text(word) if type(word) is bytes else word for word in arguments]
        self.operations.append([verb, number, *words])


def _text(raw: bytes) -> msgspec.Raw:
    """Redis's MessagePack knows no binary type, and its strings hold any bytes."""
    return msgspec.Raw(b"\xdb" + len(raw).to_bytes(4, "big") + raw)


Operation = tuple[str, str, list[Any]]


def _operations(batch: Batch, trim_to: str | None, keys: LaneKeys) -> Iterator[Operation]:
    """A batch as operations of the commit script."""
    put = [w for key, raw in batch.states.items() if raw is not None for w in (key, raw)]
    yield from _chunks("HSET", keys.states, put)
    yield from _chunks("HDEL", keys.states, [k for k, raw in batch.states.items() if raw is None])
    armed = [w for t, due in batch.timers.items() if due is not None for w in (due, t)]
    yield from _chunks("ZADD", keys.timers, armed)
    gone = [t for t, due in batch.timers.items() if due is None]
    yield from _chunks("ZREM", keys.timers, gone)
    for size, start in batch.expired:
        yield "DEL", keys.pane(size, start), []
        yield "ZREM", keys.pane_index, [keys.pane(size, start)]
        if size == "1h":
            yield "DEL", keys.ledger(start), []
    for (size, start), cells in batch.panes.items():
        pane = keys.pane(size, start)
        changed = [w for cell, amount in cells.items() if amount for w in (cell, amount)]
        yield from _chunks("PANE", pane, changed)
        # Only a net, at twice the time: a late take-back must meet the pane it takes from.
        yield "PEXPIRE", pane, [2 * _KEPT_MS[size]]
    yield from _chunks("ADD", keys.live, [w for c, a in batch.live.items() if a for w in (c, a)])
    for name, members in batch.waiting.items():
        key = keys.waiting(name)
        since = [w for m, ms in members.items() if ms is not None for w in (ms, m)]
        yield from _chunks("ZADD", key, since)
        yield from _chunks("ZREM", key, [m for m, ms in members.items() if ms is None])
    for hour, entries in batch.ledger.items():
        key = keys.ledger(hour)
        kept = [w for e, value in entries.items() if value is not None for w in (e, value)]
        yield from _chunks("HSET", key, kept)
        yield from _chunks("HDEL", key, [e for e, value in entries.items() if value is None])
        yield "PEXPIRE", key, [2 * _LEDGER_KEPT_MS]
    for name, lines in batch.recent.items():
        yield from _chunks("LPUSH", keys.recent(name), lines[-RECENT_KEPT:])
        yield "LTRIM", keys.recent(name), [0, RECENT_KEPT - 1]
    if trim_to is not None:
        yield "XTRIM", keys.outbox, ["MINID", _after(trim_to)]
    effects = [w for o in batch.outbox for w in (o.entry, _encode(o))]
    yield from _chunks("OUT", keys.outbox, effects)


def _chunks(verb: str, key: str, words: list[Any]) -> Iterator[Operation]:
    for at in range(0, len(words), _WORDS):
        yield verb, key, words[at : at + _WORDS]


def _position(member: bytes) -> Position:
    offset, _, step = member.partition(b"/")
    return Position(int(offset), int(step or 0))


def _after(entry: str) -> str:
    first, second = entry.split("-")
    return f"{first}-{int(second) + 1}"


def _check(reply: bytes | list[bytes]) -> None:
    if isinstance(reply, list):
        raise FencedError(reply[1].decode(), int(reply[2]))
    if reply == b"STALE":
        raise StaleError("Redis has lost our claim, or holds another position than we continue")


def panes_of(keys: LaneKeys, names: Iterable[bytes]) -> list[tuple[str, int]]:
    """Pane keys, as the index lists them, to (size, start ms)."""
    prefix = f"{keys.base}:pane:"
    found = []
    for name in names:
        size, _, start = name.decode().removeprefix(prefix).partition(":")
        found.append((size, int(start)))
    return found
