"""E-mail addresses in one form each; what of an address counts is for its domain to say."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

import msgspec

_ADDRESS = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s.]+\.?$")
_NAMED = re.compile(r"^[^<>]*<([^<>]+)>$")
_COMMENT = re.compile(r"\s+\([^()]*\)$")
_LINK = re.compile(r"^mailto:([^?]*)", re.IGNORECASE)
_SMTP = re.compile(r"^smtp:", re.IGNORECASE)
_QUOTED = re.compile(r'^"([\w!#$%&\'*+/=?^`{|}~.-]+)"$')
"""Quotation marks that need not be."""
_BETWEEN_WORDS = re.compile(r"[-_]|(?<=\w\w)\.(?=\w\w)")
"""An initial before a dot is a person's."""
_LIST = re.compile(r"^owner-|-(?:owner|request|bounces?|subscribe|unsubscribe)$")
"""A mailing list's own mailboxes (RFC 2142)."""


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
        "abuse", "accueil", "admin", "billing", "bounce", "bounces", "contact", "customercare",
        "customerservice", "donotreply", "hello", "help", "helpdesk", "hostmaster", "info",
        "kontakt", "kundenservice", "mailerdaemon", "marketing", "newsletter", "noreply",
        "notifications", "office", "postmaster", "root", "sales", "sav", "security", "service",
        "serviceclient", "support", "team", "webmaster",
    }
)  # fmt: skip
"""Mailboxes of a team or a machine (RFC 2142's, and the usual ones), without hyphens and dots: they
stand for nobody in particular, and never join customers."""


def address(value: str, rules: Mapping[str, MailRule] = RULES) -> str:
    """The address in its one form, or empty when it is none.  A name beside it is passed over."""
    text = _plain(value)
    if not _ADDRESS.match(text):
        return ""
    local, _, domain = text.rpartition("@")
    local = _QUOTED.sub(r"\1", local)
    domain = _domain(domain)
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


def _plain(value: str) -> str:
    """Without the name and the scheme that it was written with."""
    text = value.strip()
    if named := _NAMED.match(text):
        text = named[1].strip()
    text = _COMMENT.sub("", text.strip("<>"))
    if linked := _LINK.match(text):
        return linked[1]
    return _SMTP.sub("", text)


def _domain(written: str) -> str:
    """Small letters of its own script: `xn--bcher-kva.de` is bücher.de.  A dot at the end is the
    DNS's.
    """
    return ".".join(map(_label, written.lower().removesuffix(".").split(".")))


def _label(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return unicodedata.normalize("NFC", label[4:].encode("ascii").decode("punycode"))
    except UnicodeError:
        return label


def of_a_team(value: str, rules: Mapping[str, MailRule] = RULES) -> bool:
    """Does this address (in its one form) stand for a team rather than a person?"""
    local, _, domain = value.rpartition("@")
    local = local.lower().partition("+")[0]
    if local in rules.get(domain, MailRule()).team or _LIST.search(local):
        return True
    return local in TEAMS or _BETWEEN_WORDS.sub("", local) in TEAMS
