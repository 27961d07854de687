"""Our partitions are those of Kafka's own clients: vectors of murmur2, and librdkafka itself."""

from __future__ import annotations

from confluent_kafka import Producer

from streams.engine.keys import slot_tag
from streams.engine.partition import murmur2, partition_for


def test_the_hash_is_kafkas() -> None:
    """Vectors of org.apache.kafka.common.utils.UtilsTest (as unsigned)."""
    for key, signed in (
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
    ):
        assert murmur2(key) == signed % 2**32


def test_librdkafka_puts_a_key_where_we_expect_it() -> None:
    broker = Producer({"test.mock.num.brokers": 1, "bootstrap.servers": "x", "log_level": 0})
    [found] = broker.list_topics(timeout=10).brokers.values()
    count = len(broker.list_topics("t", 10).topics["t"].partitions)
    producer = Producer(
        {
            "bootstrap.servers": f"{found.host}:{found.port}",
            "partitioner": "murmur2",
            "log_level": 0,
        }
    )
    went: dict[str, int] = {}

    def delivered(error: object, message: object) -> None:
        assert error is None
        went[message.key().decode()] = message.partition()  # type: ignore[attr-defined]

    for number in range(50):
        producer.produce("t", b"", f"customer{number}-0", on_delivery=delivered)
    producer.flush(10)
    assert went == {key: partition_for(key, count) for key in went} and len(went) == 50


def test_partitions_spread_evenly_over_the_slots() -> None:
    import binascii

    for count in (1, 4, 16, 100):
        slots = [binascii.crc_hqx(slot_tag(p, count).encode(), 0) % 16384 for p in range(count)]
        assert slots == [int((p + 0.5) * 16384 / count) for p in range(count)]
