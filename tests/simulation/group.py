"""A simulated consumer group: members, heartbeats, generations, committed offsets.

It is harsher than Kafka's: a new assignment holds at once, and members hear of it at their next
heartbeat, so an old owner often works on while the new one has claimed already.
"""

from __future__ import annotations

from collections.abc import Mapping

from streams.engine.host import Partition
from tests.simulation.chance import Chance

SESSION_S = 2.0
HEARTBEAT_S = 0.25


class Group:
    def __init__(self, partitions: list[Partition], chance: Chance) -> None:
        self._partitions = partitions
        self._chance = chance
        self._seen: dict[str, float] = {}
        self._joined: dict[str, int] = {}
        """Member → the generation that it knows."""
        self.generation = 0
        self.owners: dict[Partition, str] = {}
        self.committed: dict[Partition, tuple[int, str]] = {}

    def join(self, member: str, now_s: float) -> tuple[int, list[Partition]]:
        """Takes part in the newest generation; the member's partitions in it."""
        if member not in self._seen:
            self._seen[member] = now_s
            self.rebalance()
        self._seen[member] = now_s
        self._joined[member] = self.generation
        return self.generation, [p for p, owner in self.owners.items() if owner == member]

    def beat(self, member: str, now_s: float) -> bool:
        """Whether the generation that the member knows is still the newest one."""
        for other, seen_s in list(self._seen.items()):
            if now_s - seen_s > SESSION_S:
                self.leave(other)
        if member not in self._seen:
            return False
        self._seen[member] = now_s
        return self._joined.get(member) == self.generation

    def leave(self, member: str) -> None:
        if self._seen.pop(member, None) is not None:
            self._joined.pop(member, None)
            self.rebalance()

    def rebalance(self) -> None:
        self.generation += 1
        members = self._chance.shuffled(sorted(self._seen))
        self.owners = {
            where: members[number % len(members)]
            for number, where in enumerate(self._partitions)
            if members
        }

    def commit(
        self, member: str, generation: int, offsets: Mapping[Partition, int], metadata: str
    ) -> None:
        """Kafka takes no offsets of an older generation."""
        if generation == self.generation and member in self._seen:
            for where, offset in offsets.items():
                self.committed[where] = (offset, metadata)
