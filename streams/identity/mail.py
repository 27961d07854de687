"""E-mail addresses in one form each; what of an address counts is for its domain to say."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

_ADDRESS = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s.]+$")


class MailRule(msgspec.Struct, frozen=True, kw_only=True):
    """How one mail domain reads the part before the @."""

    plus: bool = False
    """What follows a plus is a label of the owner's (subaddressing, RFC 5233)."""
    dots: bool = False
    """Dots are ignored."""
    case: bool = False
    """Capitals matter (as RFC 5321 allows and hardly anybody does)."""
    same_as: str = ""
    """Another domain with the same mailboxes."""
    team: frozenset[str] = frozenset()
    """More mailboxes that stand for a team."""


_PLUS = MailRule(plus=True)

RULES: Mapping[str, MailRule] = {
    "gmail.com": MailRule(plus=True, dots=True),
    "googlemail.com": MailRule(same_as="gmail.com"),
    "outlook.com": _PLUS, "hotmail.com": _PLUS, "live.com": _PLUS, "fastmail.com": _PLUS,
    "proton.me": _PLUS, "protonmail.com": MailRule(same_as="proton.me"),
    "icloud.com": _PLUS, "me.com": MailRule(same_as="icloud.com"),
    "mac.com": MailRule(same_as="icloud.com"),
}  # fmt: skip
"""Of the large providers, as they document them. Elsewhere a plus and dots may be anybody's."""

TEAMS = frozenset(
    {
        "accueil", "admin", "billing", "contact", "hello", "help", "info", "kontakt", "no-reply",
        "noreply", "office", "postmaster", "sales", "service", "support",
    }
)  # fmt: skip
"""Mailboxes of a team: they stand for nobody in particular, and never join customers."""


def address(value: str, rules: Mapping[str, MailRule] = RULES) -> str:
    """The address in its one form, or empty when it is none."""
    text = re.sub(r"^mailto:", "", value.strip().strip("<>"), flags=re.IGNORECASE)
    if not _ADDRESS.match(text):
        return ""
    local, _, domain = text.rpartition("@")
    domain = domain.lower()
    rule = rules.get(domain, MailRule())
    if rule.same_as:
        domain = rule.same_as
        rule = rules.get(domain, MailRule())
    if not rule.case:
        local = local.lower()
    if rule.plus:
        local = local.partition("+")[0] or local
    if rule.dots:
        local = local.replace(".", "") or local
    return f"{local}@{domain}"


def of_a_team(value: str, rules: Mapping[str, MailRule] = RULES) -> bool:
    """Does this address (in its one form) stand for a team rather than a person?"""
    local, _, domain = value.rpartition("@")
    local = local.lower().partition("+")[0]
    return local in TEAMS or local in rules.get(domain, MailRule()).team
