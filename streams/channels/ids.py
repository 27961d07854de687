"""Ids of canonical events: a hash of the source and of what makes the event unique there."""

from __future__ import annotations

import base64
import hashlib


def event_id(source: str, key: str) -> str:
    """22 characters (128 bits): equal for every delivery of one event, different otherwise."""
    digest = hashlib.sha256(f"{source}\x00{key}".encode()).digest()
    return base64.urlsafe_b64encode(digest[:16]).decode().rstrip("=")
