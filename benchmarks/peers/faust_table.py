"""Faust with tables: states in memory, every change sent to a changelog topic.

`faust_table.py BOOTSTRAP EVENTS SWITCHES GROUP PARTITIONS`: runs until it is ended.
"""

import sys

import faust
import orjson
from running import run

bootstrap, source, target, group, partitions = sys.argv[1:6]
app = faust.App(
    group, broker=f"kafka://{bootstrap}", web_enabled=False, store="memory://",
    topic_disable_leader=True, topic_partitions=int(partitions), topic_replication_factor=1,
)  # fmt: skip
events = app.topic(source, value_type=bytes, value_serializer="raw")
switches = app.topic(target, value_type=bytes, value_serializer="raw")
states = app.Table("states", partitions=int(partitions))
panes = app.Table("panes", default=int, partitions=int(partitions))


@app.agent(events)
async def agent(stream):
    async for event in stream.events():
        said = orjson.loads(event.value)["data"]
        customer, channel, at_ms = said["customer"], said["channel"], said["time_ms"]
        known = states.get(customer)
        if known and known["channel"] != channel:
            text = f"{customer} {known['channel']} {channel} {at_ms}"
            await switches.send(key=customer.encode(), value=text.encode())
        states[customer] = {
            "channel": channel, "at_ms": at_ms, "events": known["events"] + 1 if known else 1,
        }  # fmt: skip
        # A table's changelog goes by partition; its memory does not: the partition is in the key.
        panes[f"{channel} {at_ms - at_ms % 10_000} {event.message.partition}"] += 1


if __name__ == "__main__":
    run(app)
