"""What somebody chose or typed in Slack's Block Kit: in a message's buttons, or in a form.

Slack has no ratings of its own but for feedback buttons under an AI's answer.  A rating that your
app asks for is recognised by its name: an `action_id` or `block_id` that is or begins with `csat`,
`nps`, `ces` or `rating`, and a number of its scale as value.
Source: docs.slack.dev, "Block elements" and "View interaction payloads".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from streams.channels.body import dig, number, rows, table, text

_RATING = re.compile(r"(csat|nps|ces|rating)(?:[^a-z].*)?", re.IGNORECASE | re.DOTALL)
_SCALES = {"csat": (1.0, 5.0), "rating": (1.0, 5.0), "ces": (1.0, 7.0), "nps": (0.0, 10.0)}
_VALUES = ("value", "selected_date", "selected_time", "selected_date_time", "selected_user",
           "selected_conversation", "selected_channel")  # fmt: skip
_SEVERAL = ("selected_options", "selected_users", "selected_conversations", "selected_channels")


class Answer(msgspec.Struct, frozen=True):
    """One field of a form; `value` is for programs, `words` are as people saw it."""

    block: str
    name: str
    kind: str
    label: str
    value: str
    words: str


def answers(body: dict[str, Any]) -> list[Answer]:
    """Of a modal's state, or of an old dialog."""
    view = table(body, "view")
    labels = {
        text(block, "block_id"): text(block, "label", "text") for block in rows(view, "blocks")
    }
    found = []
    for block, fields in table(view, "state", "values").items():
        for name, field in fields.items() if isinstance(fields, dict) else ():
            value, words = _chosen(field)
            kind = text(field, "type")
            found.append(Answer(block, name, kind, labels.get(block) or name, value, words))
    for name, said in table(body, "submission").items():
        found.append(Answer("", name, "", name, text(said), text(said)))
    return found


def chosen(action: dict[str, Any], body: dict[str, Any]) -> tuple[str, str]:
    """Value and words of one click.  A feedback button's value is one or zero: good or bad."""
    if text(action, "type") == "feedback_buttons":
        return _verdict(action, body), text(action, "text", "text")
    value, words = _chosen(action)
    return value, words or text(action, "text", "text") or text(action, "text")


def _verdict(action: dict[str, Any], body: dict[str, Any]) -> str:
    """Which of the two it was stands in the message that shows them."""
    for element in _elements(table(body, "message")):
        if text(element, "action_id") == text(action, "action_id"):
            for side, verdict in (("positive_button", "1"), ("negative_button", "0")):
                if text(element, side, "value") == text(action, "value"):
                    return verdict
    return ""


def _elements(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for block in rows(message, "blocks"):
        yield from rows(block, "elements")


def _chosen(field: Any) -> tuple[str, str]:
    """Value and words; of several choices all."""
    if option := table(field, "selected_option"):
        return text(option, "value"), text(option, "text", "text") or text(option, "text")
    for name in _SEVERAL:
        several = dig(field, name)
        if isinstance(several, list) and several:
            values = [text(one, "value") or text(one) for one in several]
            words = [text(one, "text", "text") or text(one) for one in several]
            return ", ".join(values), ", ".join(words)
    value = next((found for name in _VALUES if (found := text(field, name))), "")
    return value, value


def instrument(name: str, block: str, value: str, kind: str) -> dict[str, Any] | None:
    """The fields of a rating, or None when it is none."""
    score = number(value)
    if kind == "feedback_buttons":
        if score is None:
            return None
        return {"instrument": "rating", "score": score, "scale_min": 0.0, "scale_max": 1.0}
    named = _RATING.fullmatch(name) or _RATING.fullmatch(block)
    if named is None or score is None:
        return None
    what = named[1].lower()
    low, high = _SCALES[what]
    if not low <= score <= high:
        return None
    return {
        "instrument": what,
        "score": score,
        "scale_min": low,
        "scale_max": high,
        "easy_is_low": False if what == "ces" else None,
        "survey_id": name or block,
    }
