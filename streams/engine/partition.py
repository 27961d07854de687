"""Which partition a key belongs to: murmur2, as Kafka's own Java clients do it."""

from __future__ import annotations

from functools import lru_cache

_MASK = 0xFFFFFFFF


def murmur2(data: bytes) -> int:
    """The 32-bit hash of `org.apache.kafka.common.utils.Utils.murmur2`, unsigned."""
    m, length = 0x5BD1E995, len(data)
    h = (0x9747B28C ^ length) & _MASK
    for at in range(0, length - 3, 4):
        k = int.from_bytes(data[at : at + 4], "little") * m & _MASK
        k = (k ^ (k >> 24)) * m & _MASK
        h = (h * m & _MASK) ^ k
    if tail := data[length - length % 4 :]:
        h = (h ^ int.from_bytes(tail, "little")) * m & _MASK
    h = (h ^ (h >> 13)) * m & _MASK
    return h ^ (h >> 15)


@lru_cache(maxsize=65_536)
def partition_for(key: str, count: int) -> int:
    """The partition of `key` in a topic of `count` partitions."""
    return (murmur2(key.encode()) & 0x7FFFFFFF) % count
