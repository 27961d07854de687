"""Bodies to plain values: JSON, forms and multipart forms; and careful ways into them."""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import parse_qsl

import orjson

from streams.channels.base import Request
from streams.channels.multipart import form_fields

_LARGEST = 1e12
"""Sums, seconds and scores stay far below it; what is above would not fit our integers."""

_NO_TEXT = frozenset({type(None), bool, dict, list})

_UNSEEN = re.compile(r"(?is)<(script|style|title)\b[^<>]*>[^<]*</\1>|<!--[^<>]*-->")
_BREAK = re.compile(r"(?i)<(?:br|/p|/div|/li|/tr|/blockquote|/h[1-6])\b[^<>]*>")
_TAG = re.compile(r"</?[a-zA-Z!][^<>]*>")


class BodyError(ValueError):
    """The body cannot be read; the text is a sentence."""


def is_json(body: bytes) -> bool:
    """Does it begin like a JSON object or list?  A form does not."""
    return body.lstrip()[:1] in {b"{", b"["}


def read_json(body: bytes) -> Any:
    """Raises `BodyError`. Integers up to 2^64 are exact."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BodyError(f"The body is not JSON: {error}.") from error


def read_object(body: bytes) -> dict[str, Any]:
    """Raises `BodyError` unless the body is a JSON object."""
    value = read_json(body)
    if not isinstance(value, dict):
        raise BodyError(f"The body is JSON but not an object: {type(value).__name__}.")
    return value


def read_form(request: Request) -> dict[str, str]:
    """URL-encoded or multipart; of repeated keys the first. Raises `BodyError`."""
    if "multipart/form-data" in request.content_type:
        return _multipart(request)
    try:
        text = request.body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BodyError("The body is neither a form nor JSON: it is not UTF-8.") from error
    pairs = parse_qsl(text.strip(), keep_blank_values=True)
    if not pairs:
        raise BodyError("The body is an empty form.")
    form: dict[str, str] = {}
    for key, value in pairs:
        form.setdefault(key, value)
    return form


def _multipart(request: Request) -> dict[str, str]:
    form = {field.name: field.text for field in form_fields(request) if field.file is None}
    if not form:
        raise BodyError("The body is a multipart form without fields.")
    return form


def dig(value: Any, *path: str | int) -> Any:
    """`value[path[0]][path[1]]…`, or None where it does not exist."""
    for step in path:
        # Asked a hundred times a body: types are compared, not classes searched.
        if type(value) is dict:
            value = value.get(step)
        elif type(value) is list and type(step) is int and -len(value) <= step < len(value):
            value = value[step]
        else:
            return None
    return value


def text(value: Any, step: str | int | None = None, /, *deeper: str | int) -> str:
    """What is there as a text, numbers too; empty when there is nothing."""
    # Asked most of all: the usual single step is taken in place, and needs no tuple.
    if type(value) is dict:
        value = value.get(step)
    elif step is not None:
        value = dig(value, step)
    if deeper:
        value = dig(value, *deeper)
    kind = type(value)
    if kind is str:
        return value  # type: ignore[no-any-return]
    return "" if kind in _NO_TEXT else str(value)


def number(value: Any, *path: str | int) -> float | None:
    """The number that is there, also as a text; None when it is none, or too large to be meant."""
    try:
        found = float(text(value, *path))
    except ValueError:
        return None
    return found if abs(found) <= _LARGEST else None


def rows(value: Any, *path: str | int) -> list[dict[str, Any]]:
    """The objects of the list that is there."""
    # Here and below too, a step into an object is taken in place: a call costs more.
    for step in path:
        value = value.get(step) if type(value) is dict else dig(value, step)
    return [row for row in value if type(row) is dict] if type(value) is list else []


def table(value: Any, *path: str | int) -> dict[str, Any]:
    """The object that is there, or an empty one."""
    for step in path:
        value = value.get(step) if type(value) is dict else dig(value, step)
    return value if type(value) is dict else {}


def plain(markup: str) -> str:
    """The words of a piece of HTML, a line for a paragraph; a text without any stays as it is."""
    if not _TAG.search(markup):
        return markup
    words = _TAG.sub("", _BREAK.sub("\n", _UNSEEN.sub("", markup)))
    lines = html.unescape(words).replace("\xa0", " ").splitlines()
    return "\n".join(line.strip() for line in lines if line.strip())


def count(value: str) -> int | None:
    """A whole number by which a vendor counts; None when it is none, or beyond 2^53."""
    return int(value) if value.isascii() and value.isdigit() and len(value) < 16 else None
