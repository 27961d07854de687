"""Quix Streams: states in RocksDB, its changelog topic on, at least once.

`quix.py BOOTSTRAP EVENTS SWITCHES GROUP FOLDER`: runs until it is ended.
"""

import sys

from quixstreams import Application, message_context

bootstrap, source, target, group, folder = sys.argv[1:6]
app = Application(
    broker_address=bootstrap, consumer_group=group, auto_offset_reset="earliest", state_dir=folder,
    use_changelog_topics=True, auto_create_topics=True, loglevel="WARNING",
)  # fmt: skip
switches = app.topic(target, key_serializer="str", value_serializer="str")
stream = app.dataframe(app.topic(source, key_deserializer="str", value_deserializer="json"))


def panes():
    """The partition's counters.  A state belongs to its message's key; `group_by` would send every
    event through Kafka once more, so the counters get a prefix of their own in the same store.
    """
    place = stream.processing_context.checkpoint.get_store_transaction(
        stream_id=stream.stream_id, partition=message_context().partition
    )
    return place.as_state(prefix=b"panes")


def fold(value, state):
    said = value["data"]
    customer, channel, at_ms = said["customer"], said["channel"], said["time_ms"]
    known = state.get("seen")
    events = known["events"] + 1 if known else 1
    state.set("seen", {"channel": channel, "at_ms": at_ms, "events": events})
    counters, cell = panes(), f"{channel} {at_ms - at_ms % 10_000}"
    counters.set(cell, counters.get(cell, 0) + 1)
    if known and known["channel"] != channel:
        return f"{customer} {known['channel']} {channel} {at_ms}"
    return None


stream = stream.apply(fold, stateful=True)
stream.filter(lambda text: text is not None).to_topic(switches)

if __name__ == "__main__":
    app.run()
