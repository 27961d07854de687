"""Identifiers that change hands.

- A vendor says that one replaces another (a new WhatsApp number, a rotated business-scoped id): the
  customer keeps everything under the new one, and the old one is free.
- A CRM says what a contact has now: what it had there before and has no more is free.

Whoever turns up with a freed identifier is somebody new: customers count incarnations.
"""

from __future__ import annotations

import msgspec

from schemas.events import IdentityLinked
from streams.fold import View
from streams.identity.found import HANDLES, Found
from streams.identity.graph import STRENGTH, Known, Link, NewJoin, Tie, current
from streams.identity.index import contact_key, customer_key
from streams.identity.joins import join, known_of, unique

SAME_PERSON_MS = 3 * 86_400_000
"""A customer of whom only the new number is known, and no longer than this, is the one who changed
to it and wrote before the vendor told.  One who is known longer had the number before him.
"""


def replaced(
    event: IdentityLinked, old: Found, new: Found, customer: str, view: View
) -> tuple[NewJoin, ...]:
    """`customer` goes on under the new identifier. Returns whom that joins to him."""
    joins: tuple[NewJoin, ...] = ()
    if new.customer not in {None, customer} and new.link is not None and not new.shared:
        if _just_came(new, event.recorded_ms, view):
            one = NewJoin(new.customer or "", new.key)
            tie = Tie(f"{event.id}/{one.loser}", customer, new.link.customer)
            join(customer, one.loser, tie, one.by, view)
            joins = (one,)
        else:
            free(new.key, new.customer or "", view)
    known = known_of(view, customer)
    own = {
        kind: tuple(new.key if key == old.key else key for key in keys)
        for kind, keys in known.own.items()
    }
    kept = (key for key in known.identifiers if key != old.key)
    view.put(
        customer_key(customer),
        msgspec.structs.replace(
            known,
            provisional=False,
            identifiers=unique(*kept, new.key),
            own=own,
            domain=event.domain,
        ),
    )
    raw = old.link.customer if old.link and not old.shared else customer
    if not old.shared:
        view.delete(old.key)
    view.put(new.key, Link(raw, new.identifier.trust, handle=new.identifier.kind in HANDLES))
    return joins


def _just_came(new: Found, now_ms: int, view: View) -> bool:
    known = known_of(view, new.customer or "")
    alone = set(known.identifiers) <= {new.key} and not known.own
    return known.provisional or (alone and now_ms - known.first_ms <= SAME_PERSON_MS)


def contact_told(contact: Found, found: list[Found], view: View) -> None:
    """The CRM has these of the contact, and no others. To be called before they are resolved."""
    now = tuple(sorted(f.key for f in found if not f.team))
    before: tuple[str, ...] = view.get(contact_key(contact.key)) or ()
    if contact.customer:
        for key in before:
            if key not in now:
                free(key, contact.customer, view)
    if now != before:
        view.put(contact_key(contact.key), now)


def free(key: str, customer: str, view: View) -> None:
    """The customer has this identifier no more; what he has proven himself he keeps."""
    link: Link | None = view.get(key)
    if link is None or STRENGTH[link.trust] > STRENGTH["curated"]:
        return
    have = [link.customer, *link.others]
    left = [one for one in have if current(view, one) != customer]
    if len(left) == len(have):
        return
    if left:
        view.put(key, Link(left[0], link.trust, tuple(left[1:]), link.handle))
    else:
        view.delete(key)
    known: Known | None = view.get(customer_key(customer))
    if known is not None:
        kept = tuple(one for one in known.identifiers if one != key)
        view.put(customer_key(customer), msgspec.structs.replace(known, identifiers=kept))
