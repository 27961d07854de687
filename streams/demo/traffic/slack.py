"""Slack: signed `v0:{timestamp}:{body}`; a thread in a channel that is shared with the customer."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlencode

import orjson

from streams.demo.traffic.call import Agent, Call, Person
from streams.demo.traffic.generator import Generator, Told, Visit, told

OURS, THEIRS = "T0OURS", "T0THEIRS"
"""Two workspaces; the first one's id belongs into the option `agents`."""


class SharedChannel:
    """A channel; its messages are told apart by their time, to the microsecond."""

    def __init__(self, source: str, secret: str, channel: str = "C0SUPPORT") -> None:
        self._source = source
        self._secret = secret
        self._channel = channel

    def message(
        self, who: Person, text: str, at_ms: int, thread_ms: int | None = None,
        agent: Agent | None = None, *, bot: bool = False,
    ) -> Call:  # fmt: skip
        """By the customer, unless an agent or the bot is named; `thread_ms` is the time of the
        message that it answers.
        """
        line: dict[str, Any] = {
            "type": "message",
            "user": f"U{who.number}",
            "team": THEIRS,
            "text": text,
            "ts": _ts(at_ms),
            "event_ts": _ts(at_ms),
            "channel": self._channel,
            "channel_type": "channel",
        }
        if agent:
            line |= {"user": f"U{agent.number}", "team": OURS}
        if bot:
            line |= {"user": "U0BOT", "team": OURS, "bot_id": "B0BOT"}
        if thread_ms is not None:
            line |= {"thread_ts": _ts(thread_ms), "parent_user_id": f"U{who.number}"}
        return self._event(line, at_ms)

    def reaction(self, who: Person, emoji: str, of_ms: int, at_ms: int) -> Call:
        """The customer answered the message of that time with an emoji."""
        item = {"type": "message", "channel": self._channel, "ts": _ts(of_ms)}
        shown = {
            "type": "reaction_added",
            "user": f"U{who.number}",
            "reaction": emoji,
            "item": item,
            "event_ts": _ts(at_ms),
        }
        return self._event(shown, at_ms)

    def rating(self, who: Person, stars: int, of_ms: int, at_ms: int) -> Call:
        """The customer chose a number under the message of that time."""
        payload = {
            "type": "block_actions",
            "user": {"id": f"U{who.number}", "team_id": THEIRS},
            "team": {"id": OURS},
            "channel": {"id": self._channel},
            "container": {"type": "message", "message_ts": _ts(of_ms), "channel_id": self._channel},
            "trigger_id": f"{at_ms}.1.{who.number}",
            "actions": [
                {
                    "type": "button",
                    "action_id": "csat",
                    "value": str(stars),
                    "action_ts": _ts(at_ms),
                }
            ],
        }
        form = urlencode({"payload": orjson.dumps(payload).decode()}).encode()
        return self._signed(form, at_ms, "application/x-www-form-urlencoded")

    def _event(self, event: dict[str, Any], at_ms: int) -> Call:
        ident = hashlib.sha256(orjson.dumps(event)).hexdigest()[:10].upper()
        body = {
            "team_id": OURS,
            "api_app_id": "A0DEMO",
            "type": "event_callback",
            "event_id": f"Ev{ident}",
            "event_time": at_ms // 1_000,
            "event": event,
        }
        return self._signed(orjson.dumps(body), at_ms, "application/json")

    def _signed(self, body: bytes, at_ms: int, content_type: str) -> Call:
        stamp = str(at_ms // 1_000)
        message = f"v0:{stamp}:".encode() + body
        digest = hmac.new(self._secret.encode(), message, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": content_type,
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": f"v0={digest}",
        }
        return Call(self._source, body, headers)


def _ts(at_ms: int) -> str:
    return f"{at_ms // 1_000}.{at_ms % 1_000:03}000"


class Traffic(Generator):
    """A thread in the shared channel; its first line is told apart by its time."""

    vendor = "slack"
    channel = "slack"
    options: ClassVar[Mapping[str, str]] = {"agents": OURS}

    def __init__(self, source: str, secret: str, url: str) -> None:
        super().__init__(source, secret, url)
        self._began_ms: dict[int, int] = {}

    def identifiers(self, who: Person) -> tuple[tuple[str, str], ...]:
        return (("slack", f"U{who.number}"),)

    def asks(self, visit: Visit, text: str, at_ms: int) -> list[Told]:
        self._began_ms[visit.thread] = at_ms
        return [told(self._channel(visit).message(visit.who, text, at_ms), "message.posted")]

    def answers(self, visit: Visit, text: str, at_ms: int) -> list[Told]:
        began_ms = self._began_ms[visit.thread]
        call = self._channel(visit).message(visit.who, text, at_ms, began_ms, visit.agent)
        return [told(call, "message.posted")]

    def _channel(self, visit: Visit) -> SharedChannel:
        """Each customer has a channel of his own."""
        return SharedChannel(self.source, self.secret, f"C{visit.who.number}")
