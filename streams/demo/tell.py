"""News as plain sentences, for the terminal."""

from __future__ import annotations

from datetime import datetime

from schemas.events import IdentityJoined, IdentitySplit
from schemas.facts import (
    ChannelSwitched,
    FactBase,
    FeedbackJoined,
    JourneyOpened,
    JourneyResolved,
    QueueAbandoned,
    SlaBreached,
    TransferConcluded,
    TransferStarted,
)
from schemas.notification import Notification
from streams.demo.watch import News
from streams.journeys.sentences import sentence

_TOLD = (
    ChannelSwitched, TransferStarted, TransferConcluded, QueueAbandoned, SlaBreached,
    JourneyResolved, FeedbackJoined,
)  # fmt: skip


class Teller:
    """Tells each thing once: a revision of which its sentence says nothing is no news."""

    def __init__(self) -> None:
        self._last: dict[str, str] = {}
        """What was said of a subject."""

    def told(self, news: News) -> str:
        """A line, or empty for what would only be noise."""
        line = _told(news)
        if isinstance(news, FactBase):
            if self._last.get(news.subject_id) == line:
                return ""
            self._last[news.subject_id] = line
        return line


def _told(news: News) -> str:
    if isinstance(news, IdentityJoined):
        why = "an operator says so" if news.by == "operator" else "both have the same identifier"
        text = f"{news.loser[:6]} is the same person: {why}; their needs are followed as one"
        return _line(news.recorded_ms, news.customer, text)
    if isinstance(news, IdentitySplit):
        what = "a join is undone" if news.join else "a conversation proves to be another's"
        text = f"{what}: {news.into[:6]} goes his own way, what was concluded is taken back"
        return _line(news.recorded_ms, news.customer, text)
    if isinstance(news, Notification):
        who, about = news.audience.kind, news.rule.partition("@")[0]
        text = (
            f"→ tells the {who}: {news.title}"
            if news.op == "send"
            else f"→ takes back what the {who} was told ({about}): its reason has gone"
        )
        return _line(news.created_ms, news.customer, text)
    if isinstance(news, _TOLD) or (isinstance(news, JourneyOpened) and news.revision == 1):
        return _line(news.at_ms, news.customer, sentence(news))
    return ""


def _line(at_ms: int, customer: str, text: str) -> str:
    at = datetime.fromtimestamp(at_ms / 1_000)  # noqa: DTZ006 - the watcher's own clock
    return f"[dim]{at:%H:%M:%S}[/dim] [cyan]{customer[:6]}[/cyan] {text}"
