"""What a Freshdesk automation's template has filled in, by one set of names.

Names are those of Freshdesk's own list of placeholders (`ticket_latest_public_comment` for
`{{ticket.latest_public_comment}}`), with or without `freshdesk_webhook` around and `ticket_` before
them, nested or flat, as JSON or as a form.
Sources: Freshdesk support, "Using webhooks in automation rules" (content, encodings) and its list
of placeholders; zulip, `zerver/webhooks/freshdesk/view.py` (the notation of the trigger).
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from streams.channels.base import Request
from streams.channels.body import read_form, read_object, text

_URL = ("url", "portal_url", "public_url")
_IN_URL = re.compile(r"/tickets/(\d+)")
_FORM_NAME = re.compile(r"\w+\[(.+)\]")


def read_fields(request: Request) -> dict[str, str]:
    """All that the template says, by Freshdesk's names without `ticket_`; what is empty or was not
    filled in is kept as an empty text.
    """
    if request.body.lstrip()[:1] == b"<":
        raise ValueError("The body is XML: choose the encoding JSON in the rule.")
    found: dict[str, str] = {}
    if "form" in request.content_type:
        for name, value in read_form(request).items():
            inner = _FORM_NAME.fullmatch(name)
            _put(found, inner.group(1).replace("][", "_") if inner else name, value)
    else:
        body = read_object(request.body)
        hook = body.get("freshdesk_webhook")
        _flatten(hook if isinstance(hook, dict) else body, "", found)
    return found


def _flatten(value: dict[str, Any], prefix: str, found: dict[str, str]) -> None:
    for name, part in value.items():
        if isinstance(part, dict) and name not in {"triggered_event", "event"}:
            _flatten(part, f"{prefix}{name}_", found)
        elif isinstance(part, dict):
            _put(found, name, orjson.dumps(part).decode())
        elif isinstance(part, list):
            _put(found, f"{prefix}{name}", ", ".join(filter(None, map(text, part))))
        else:
            _put(found, f"{prefix}{name}", text(part))


def _put(found: dict[str, str], name: str, value: str) -> None:
    name = name.lower().replace(".", "_").removeprefix("ticket_")
    value = value.strip()
    if value.startswith("{{") or value in {"null", "None", "-"}:
        value = ""
    if value or name not in found:
        found[name] = value


def number_in_url(fields: dict[str, str]) -> str:
    """The ticket's number, where the template has only the way to it."""
    found = (_IN_URL.search(fields.get(name, "")) for name in _URL)
    return next((match.group(1) for match in found if match), "")


def pseudo_json(written: str) -> dict[str, Any]:
    """`{status:{from:4,to:6},note_type:public}`; true JSON too.  What cannot be read is empty."""
    found: dict[str, Any] = {}
    stack, name, word = [found], "", ""

    def close() -> None:
        nonlocal name, word
        if name:
            stack[-1][name] = word.strip().strip("\"'")
        name = word = ""

    for sign in written.strip().removeprefix("{"):
        if sign == ":" and not name:
            name, word = word.strip().strip("\"'").lower(), ""
        elif sign == "{" and name and not word.strip():
            inner: dict[str, Any] = {}
            stack[-1][name] = inner
            stack.append(inner)
            name = ""
        elif sign in ",}":
            close()
            if sign == "}" and len(stack) > 1:
                stack.pop()
        else:
            word += sign
    return found
