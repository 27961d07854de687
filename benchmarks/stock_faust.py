"""The same fold in a stock Faust agent with Redis, as its manual shows: an event at a time.

`calls`: a Redis call each, and every output awaited until Kafka has it, as an agent must do that
acknowledges its event only when its work is safe.  `pipeline`: one pipeline of Redis commands an
event, outputs not awaited; a crash loses what was under way.  Neither is exact: both double.
Run: `python -m benchmarks.stock_faust BOOTSTRAP REDIS_URL PREFIX COUNT calls|pipeline`.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time

import faust
import redis.asyncio

from streams.engine.driver import Driver
from streams.fold import Record
from streams.stages.journeys import Journeys

bootstrap, url, prefix, count = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
pipelined = sys.argv[5] == "pipeline"
app = faust.App(
    f"{prefix}stock", broker=f"kafka://{bootstrap}", web_enabled=False, store="memory://",
    topic_disable_leader=True, topic_allow_declare=False, stream_wait_empty=False,
)  # fmt: skip
source = app.topic(f"{prefix}events", value_type=bytes, value_serializer="raw")
outputs = {
    role: app.topic(f"{prefix}{role}", value_type=bytes, value_serializer="raw")
    for role in ("journeys", "context", "notifications", "dead-letters")
}
client = redis.asyncio.Redis.from_url(url)
fold = Journeys()
done = asyncio.Event()
seen = 0


@app.agent(source)
async def agent(stream):
    global seen
    async for event in stream.events():
        message = event.message
        record = Record(
            "events", 0, message.offset, int(message.timestamp * 1000), message.key, event.value
        )
        prepared = fold.prepare(record)
        keys = list(fold.keys(prepared))
        driver = Driver(fold, "stock", "events", message.partition)
        found = await client.hmget(f"{prefix}states", keys)
        driver.learn(zip(keys, found, strict=True))
        driver.pass_gap(message.offset)
        driver.take()
        driver.advance([(record, prepared, None)], 1_000)
        batch = driver.take()
        store = client.pipeline(transaction=False) if pipelined else client
        commands = [
            *(store.hset(f"{prefix}states", key, raw) for key, raw in batch.states.items()),
            *(
                store.hincrby(f"{prefix}pane:{size}:{start}", cell, amount)
                for (size, start), cells in batch.panes.items()
                for cell, amount in cells.items()
            ),
            *(store.hincrby(f"{prefix}live", cell, n) for cell, n in batch.live.items()),
        ]
        if pipelined:
            await store.execute()
        else:
            for command in commands:
                await command
        for outgoing in batch.outbox:
            publish = outgoing.publish
            sent = await outputs[publish.topic].send(key=publish.key, value=publish.value)
            if not pipelined:
                await sent
        seen += 1
        if seen == count:
            done.set()


async def main() -> None:
    await app.start()
    while seen == 0:
        await asyncio.sleep(0.01)
    first, started = seen, time.perf_counter()
    cpu = time.process_time()
    await done.wait()
    seconds = time.perf_counter() - started
    print((count - first) / seconds, (time.process_time() - cpu) / (count - first) * 1e6)
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main())
