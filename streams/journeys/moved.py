"""One transfer as it is known so far, and what may become of it."""

from __future__ import annotations

import msgspec

from streams.policy import Policy

Hands = dict[str, str]
"""Who has a conversation: `agent`, `team`, `queue`, or `bot`."""


class Moved(msgspec.Struct, gc=False):
    id: str
    conversation: str
    channel: str
    kind: str
    started_ms: int
    before: Hands
    after: Hands
    accepted_ms: int | None = None
    failed_ms: int | None = None
    outcome: str = ""
    named: bool = False
    """The vendor itself called it a transfer."""
    presumed: bool = False
    """How it ended follows only from the end of the contact: a human elsewhere knows better."""
    into: str = ""
    """The conversation in which it was accepted."""
    left: bool = False
    """Whoever took it has gone."""
    declined_ms: int | None = None
    """When an agent declined it: refused, unless another takes it after all."""

    @property
    def waits(self) -> bool:
        """Nobody has taken it yet, and it may still be taken."""
        return self.accepted_ms is None and not self.outcome

    @property
    def turned_down(self) -> bool:
        """An agent declined it, and no other has taken it."""
        return self.declined_ms is not None and self.accepted_ms is None

    def fail(self, at_ms: int) -> None:
        if not self.outcome:
            self.outcome = "refused" if self.turned_down else "failed"
            self.failed_ms = at_ms

    def anew(self) -> None:
        """It is not known yet what becomes of it."""
        self.accepted_ms, self.failed_ms, self.outcome = None, None, ""
        self.presumed = False

    def bounce(self, at_ms: int) -> None:
        """It comes back; what an agent had declined, and nobody taken, was never away."""
        if self.turned_down:
            self.fail(at_ms)
            return
        self.outcome = "bounced"
        self.failed_ms = at_ms

    def accept(self, agent: str, at_ms: int) -> None:
        """A human takes it: whoever it was meant for, if he does not decline."""
        named = "" if self.declined_ms is not None else self.after.get("agent")
        self.accepted_ms = at_ms
        if agent:
            self.after = {**self.after, "agent": named or agent}

    def goes_past(self, new: Hands) -> bool:
        """It was somebody's by name, who did not take it, and goes on to another agent or a queue;
        or a team's, none of whom took it, and goes on to another team: that is the next transfer.
        (What a bot gave up may pass through several teams before a human has it.)
        """
        agent, team = self.after.get("agent"), self.after.get("team")
        if agent:
            return new.get("agent", "") != agent and bool(new.get("agent") or new.get("team"))
        if self.kind == "handoff" or new.get("agent"):
            return False
        return bool(team and new.get("team") and new["team"] != team)

    def goes_elsewhere(self, new: Hands) -> bool:
        """Its vendor named it, nobody has taken it, and the vendor names another elsewhere."""
        if not self.named or not self.waits:
            return False
        queue, other = self.after.get("queue"), new.get("queue")
        return self.goes_past(new) or bool(
            queue and other and queue != other and not new.get("agent")
        )

    def returns(self, new: Hands, at_ms: int, policy: Policy) -> bool:
        """Soon enough to whom it came from."""
        if at_ms - self.started_ms > policy.bounce_ms:
            return False
        before = self.before
        if before.get("agent"):
            return new.get("agent") == before["agent"]
        team = before.get("team")
        return bool(team) and new.get("team") == team and not new.get("agent")
