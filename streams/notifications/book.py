"""What a customer was told, and what may still be withdrawn."""

from __future__ import annotations

import msgspec

REMEMBERED = 32


class Sent(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A notice that went out: by which rule, about what, until when it may matter."""

    rule: str
    subject_id: str
    revision: int
    collapse_key: str
    at_ms: int
    expires_ms: int
    journey: str = ""


class NoticeBook(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Part of a customer's state; bounded, newest last."""

    sent: tuple[Sent, ...] = ()

    def added(self, notice: Sent) -> NoticeBook:
        return NoticeBook((*self.sent, notice)[-REMEMBERED:])

    def without(self, notice: Sent) -> NoticeBook:
        return NoticeBook(tuple(one for one in self.sent if one is not notice))

    def united(self, other: NoticeBook) -> NoticeBook:
        both = sorted((*self.sent, *other.sent), key=lambda one: (one.at_ms, one.subject_id))
        return NoticeBook(tuple(both)[-REMEMBERED:])
