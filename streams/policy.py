"""The policy: every duration and choice that a conclusion depends on, with its default.

It is an input of the folds: a change is a `policy.changed` record in the log, whose `policy`
holds the fields to change.  Times are ms.  `window_*`, `reopen_*`, `reply_target_*` are by group
of channels: live (chat, bot, web, app, voice, in_person), messaging (whatsapp, sms, messenger…,
social), mail (email, form).
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from streams.calendars import Calendar

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_LIVE = frozenset({"voice", "chat", "bot", "web", "app", "in_person"})
_MAIL = frozenset({"email", "form"})


def channel_group(channel: str) -> str:
    """`live`, `messaging` or `mail`."""
    return "live" if channel in _LIVE else "mail" if channel in _MAIL else "messaging"


Clock = Literal["first_reply", "next_reply", "resolution", "queue"]


class Promise(msgspec.Struct, frozen=True, gc=False):
    """A target of a clock, for whom all that is named fits; nothing named fits everybody.

    The clock `queue` is the wait for a human in a queue (service level).  With `business` it runs
    only while the calendar of the team is open.
    """

    clock: Clock
    target_ms: int
    channels: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    priorities: tuple[str, ...] = ()
    business: bool = False

    def fits(self, about: About) -> bool:
        return (
            (not self.channels or about.channel in self.channels)
            and (not self.queues or about.queue in self.queues)
            and (not self.teams or about.team in self.teams)
            and (not self.priorities or about.priority in self.priorities)
        )


class About(msgspec.Struct, frozen=True, gc=False):
    """What a promise is made by: names are empty where nothing is known."""

    channel: str
    queue: str = ""
    team: str = ""
    priority: str = ""


def _hidden() -> dict[str, tuple[str, ...]]:
    words = ("last_messages", "notes", "sentiment")
    return {"sales": words, "marketing": (*words, "name", "commitments", "stopped_at")}


class Policy(msgspec.Struct, frozen=True):
    version: str = "default-1"

    # To which journey an act belongs
    window_live_ms: int = 2 * HOUR
    window_messaging_ms: int = 24 * HOUR
    window_mail_ms: int = 72 * HOUR
    reopen_live_ms: int = 24 * HOUR
    reopen_messaging_ms: int = 72 * HOUR
    reopen_mail_ms: int = 7 * DAY
    follow_ms: int = 7 * DAY
    silence_ms: int = 24 * HOUR
    topic_settles_ms: int = 10 * MINUTE
    courtesy: bool = False
    """"Thanks" after a resolution does not reopen."""
    seal_ms: int = 7 * DAY
    expire_ms: int = 30 * DAY
    """An open journey on which nobody acts or works for so long is closed as expired."""

    # Who is who
    joins_from: Literal["asserted", "curated", "network"] = "curated"
    """The least trust with which identifiers that meet join their customers; with less (but more
    than a claim) they only find a customer.
    """

    # Switches and transfers
    parallel_ms: int = 5 * MINUTE
    bounce_ms: int = 10 * MINUTE
    twin_ms: int = 60 * SECOND
    late_ms: int = 5 * SECOND
    """How long conclusions from silence wait for late news."""
    lateness: dict[str, int] = {}
    """Source → ms, for vendors that tell later than that: what their adapters say, not set by hand.
    """

    # Clocks
    reply_target_live_ms: int = MINUTE
    reply_target_messaging_ms: int = 4 * HOUR
    reply_target_mail_ms: int = 24 * HOUR
    next_reply_target_live_ms: int = MINUTE
    next_reply_target_messaging_ms: int = 4 * HOUR
    next_reply_target_mail_ms: int = 24 * HOUR
    resolution_target_ms: int = 72 * HOUR
    promises: tuple[Promise, ...] = ()
    """The first that fits counts before the targets above, which are the promises to everybody."""
    calendars: dict[str, Calendar] = {}
    """By name.  A team works by the calendar that names it, else by the one called `default`, else
    at all hours.
    """
    at_risk_share: float = 0.8
    """A clock is at risk when this share of its target has gone."""
    short_abandon_ms: int = 5 * SECOND
    task_abandon_ms: int = HOUR
    fcr_lookback_ms: int = 7 * DAY

    # Context and notices
    excerpts: bool = True
    excerpt_chars: int = 280
    context_hides: dict[str, tuple[str, ...]] = msgspec.field(default_factory=_hidden)
    """Purpose of a look-up → parts of the context that it does not see; `service` sees all."""
    notice_cooldown_ms: int = 10 * MINUTE
    notice_expires_ms: int = 30 * MINUTE
    survey_expires_ms: int = 24 * HOUR
    locale: str = "en"

    def window_ms(self, channel: str) -> int:
        return int(getattr(self, f"window_{channel_group(channel)}_ms"))

    def reopen_ms(self, channel: str) -> int:
        return int(getattr(self, f"reopen_{channel_group(channel)}_ms"))

    def reply_target_ms(self, channel: str, which: str = "first") -> int:
        prefix = "reply_target" if which == "first" else "next_reply_target"
        return int(getattr(self, f"{prefix}_{channel_group(channel)}_ms"))

    def promise(self, clock: Clock, about: About) -> Promise | None:
        """None when nothing is promised: nobody promises a queue's wait unless told to."""
        for promise in self.promises:
            if promise.clock == clock and promise.fits(about):
                return promise
        if clock == "queue":
            return None
        if clock == "resolution":
            return Promise(clock, self.resolution_target_ms)
        which = clock.removesuffix("_reply")
        return Promise(clock, self.reply_target_ms(about.channel, which))

    def calendar(self, team: str) -> Calendar | None:
        """None is always open."""
        for calendar in self.calendars.values():
            if team in calendar.teams:
                return calendar
        return self.calendars.get("default")


def changed(policy: Policy, version: str, changes: dict[str, Any]) -> Policy:
    """The policy with `changes`; raises `msgspec.ValidationError` naming a wrong field or type."""
    unknown = set(changes) - set(Policy.__struct_fields__)
    if unknown:
        raise msgspec.ValidationError(f"the policy has no field {min(unknown)!r}")
    values = {**msgspec.to_builtins(policy), **changes, "version": version}
    return msgspec.convert(values, Policy)


decode_policy = msgspec.msgpack.Decoder(Policy).decode
