"""Ids of canonical events: a hash of the source and of what makes the event unique there."""

from __future__ import annotations

import binascii
import hashlib
from typing import Any

import orjson

_URLSAFE = bytes.maketrans(b"+/", b"-_")


def event_id(source: str, key: str) -> str:
    """22 characters (128 bits): equal for every delivery of one event, different otherwise."""
    digest = hashlib.sha256(f"{source}\x00{key}".encode()).digest()
    return binascii.b2a_base64(digest[:16])[:22].translate(_URLSAFE).decode("ascii")


def digest(value: Any) -> str:
    """32 characters for what a vendor gave neither id nor time: equal for equal JSON values."""
    told = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(told).hexdigest()[:32]
