"""Stock Faust with Redis, an event at a time, as its manual shows.

`stock_faust.py BOOTSTRAP EVENTS SWITCHES GROUP REDIS_URL`: runs until it is ended.
"""

import sys

import faust
import orjson
import redis.asyncio
from running import run

bootstrap, source, target, group, url = sys.argv[1:6]
app = faust.App(
    group, broker=f"kafka://{bootstrap}", web_enabled=False, store="memory://",
    topic_disable_leader=True, topic_allow_declare=False,
)  # fmt: skip
events = app.topic(source, value_type=bytes, value_serializer="raw")
switches = app.topic(target, value_type=bytes, value_serializer="raw")
client = redis.asyncio.Redis.from_url(url)


@app.agent(events)
async def agent(stream):
    async for value in stream:
        said = orjson.loads(value)["data"]
        customer, channel, at_ms = said["customer"], said["channel"], said["time_ms"]
        raw = await client.get(f"{group}:{customer}")
        known = orjson.loads(raw) if raw else None
        if known and known["channel"] != channel:
            text = f"{customer} {known['channel']} {channel} {at_ms}"
            sent = await switches.send(key=customer.encode(), value=text.encode())
            await sent
        state = {"channel": channel, "at_ms": at_ms, "events": known["events"] + 1 if known else 1}
        await client.set(f"{group}:{customer}", orjson.dumps(state))
        await client.hincrby(f"{group}:panes", f"{channel} {at_ms - at_ms % 10_000}", 1)


if __name__ == "__main__":
    run(app)
