"""Bytewax with recovery on: snapshots of states and offsets in SQLite, every 10 s as by default.

`python -m bytewax.run bytewax_flow.py -r FOLDER -s 10 -b 0`, with BOOTSTRAP, EVENTS, SWITCHES and
PANES in the environment.  Its counters leave by a topic: the snapshots are its own.
"""

import os

import bytewax.operators as op
import orjson
from bytewax.connectors.kafka import KafkaSink, KafkaSinkMessage, KafkaSource
from bytewax.dataflow import Dataflow
from bytewax.operators import StatefulBatchLogic

brokers = [os.environ["BOOTSTRAP"]]
partitioner = {"partitioner": "murmur2"}


def read(message):
    said = orjson.loads(message.value)["data"]
    return said["customer"], (said["channel"], said["time_ms"])


def switched(state, said):
    channel, at_ms = said
    known = state or (None, 0, 0)
    return (channel, at_ms, known[2] + 1), (known[0], channel, at_ms)


def switch(item):
    customer, (before, channel, at_ms) = item
    if before is None or before == channel:
        return None
    text = f"{customer} {before} {channel} {at_ms}"
    return KafkaSinkMessage(customer.encode(), text.encode())


class Counter(StatefulBatchLogic):
    """A pane's counter; its value leaves once a batch."""

    def __init__(self, count):
        self.count = count or 0

    def on_batch(self, batch):
        self.count += len(batch)
        return (self.count,), StatefulBatchLogic.RETAIN

    def snapshot(self):
        return self.count


def cell(item):
    _, (channel, at_ms) = item
    return f"{channel} {at_ms - at_ms % 10_000}"


flow = Dataflow("small")
events = op.input("events", flow, KafkaSource(brokers, [os.environ["EVENTS"]]))
said = op.map("read", events, read)
moves = op.stateful_map("seen", said, switched)
records = op.filter_map("switches", moves, switch)
op.output("out", records, KafkaSink(brokers, os.environ["SWITCHES"], partitioner))
panes = op.stateful_batch("panes", op.key_on("cells", said, cell), Counter)
counts = op.map("counts", panes, lambda pair: KafkaSinkMessage(pair[0].encode(), b"%d" % pair[1]))
op.output("counters", counts, KafkaSink(brokers, os.environ["PANES"], partitioner))
