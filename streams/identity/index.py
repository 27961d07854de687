"""Keys of the identity graph: keyed hashes, so that no address stands in Redis."""

from __future__ import annotations

import base64
import hashlib
import hmac
from functools import lru_cache

from schemas.common import ConversationRef, Identifier

_remembered = lru_cache(maxsize=65_536)
"""Keys are asked for when states are loaded, and again when they are read; customers come back."""


def _hash(domain_key: bytes, text: str) -> str:
    digest = hmac.new(domain_key, text.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:16]).decode().rstrip("=")


def _named(identifier: Identifier) -> str:
    """WhatsApp's id of a person is his telephone number without the plus: one and the same."""
    if identifier.kind == "whatsapp":
        return f"phone\x00+{identifier.value}"
    return f"{identifier.kind}\x00{identifier.value}"


@_remembered
def identifier_key(domain_key: bytes, identifier: Identifier) -> str:
    """State key of a normalised identifier; different in every domain."""
    return "i:" + _hash(domain_key, _named(identifier))


@_remembered
def customer_base(domain_key: bytes, identifier: Identifier) -> str:
    """The first part of a customer id: 22 characters; its incarnation follows after a dash."""
    return _hash(domain_key, f"customer\x00{_named(identifier)}")


@_remembered
def provisional_base(domain_key: bytes, conversation: ConversationRef) -> str:
    """A customer of whom nothing is known but one conversation."""
    return _hash(domain_key, f"provisional\x00{conversation.source}\x00{conversation.id}")


def conversation_key(domain: str, conversation: ConversationRef) -> str:
    return f"v:{domain}:{conversation.source}:{conversation.id}"


def message_key(domain: str, source: str, message_id: str) -> str:
    return f"m:{domain}:{source}:{message_id}"


def held_key(domain: str, source: str, message_id: str) -> str:
    """A carrier's message that waits for another source to tell it."""
    return f"h:{domain}:{source}:{message_id}"


def customer_key(customer: str) -> str:
    return f"c:{customer}"


def alias_key(customer: str) -> str:
    """A customer that lost a join: state is the winner's id."""
    return f"a:{customer}"


def join_key(join: str) -> str:
    """The ledger of a join."""
    return f"j:{join}"


def contact_key(identifier: str) -> str:
    """What a CRM said of the contact with this id's state key: state keys of identifiers."""
    return f"k:{identifier}"


def shared_key(domain: str) -> str:
    """The list of shared identifiers."""
    return f"s:{domain}"


def policy_key(domain: str) -> str:
    """The least trust that joins customers in this domain."""
    return f"p:{domain}"
