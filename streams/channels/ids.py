"""Ids of canonical events: a hash of the source and of what makes the event unique there."""

from __future__ import annotations

import binascii
import hashlib

_URLSAFE = bytes.maketrans(b"+/", b"-_")


def event_id(source: str, key: str) -> str:
    """22 characters (128 bits): equal for every delivery of one event, different otherwise."""
    digest = hashlib.sha256(f"{source}\x00{key}".encode()).digest()
    return binascii.b2a_base64(digest[:16])[:22].translate(_URLSAFE).decode("ascii")
