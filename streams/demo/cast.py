"""Invented people: a fresh customer for each story, and the agents who serve them."""

from __future__ import annotations

from streams.demo.traffic.call import Agent, Person

_FIRST = (
    "Ada", "Basile", "Chloé", "Dario", "Élise", "Farid", "Greta", "Hugo", "Inès", "Jonas",
    "Kenza", "Louis", "Maya", "Nils", "Ondine", "Pablo", "Quitterie", "Rosa", "Samir", "Thea",
)  # fmt: skip
_LAST = (
    "Aubert", "Brandt", "Castel", "Dumas", "Estève", "Fabre", "Garnier", "Hoffmann", "Imbert",
    "Jourdan", "Keller",
)  # fmt: skip

STRANGERS = 700
"""Customers from this number on: those with whom somebody is mixed up."""

_AREAS = (212, 202, 415, 206, 312, 303, 404, 512, 602, 617, 702, 713, 808, 907, 973)

AGENTS = tuple(
    Agent(number, name)
    for number, name in enumerate(("Zoé", "Yannick", "Wanda", "Victor", "Ulla"), 501)
)


def person(number: int) -> Person:
    """Customer `number` (from 1), with a phone number of the range that is kept for fiction
    (555-0100 to 555-0199) in one of the area codes below.
    """
    first = _FIRST[number % len(_FIRST)]
    last = _LAST[number // len(_FIRST) % len(_LAST)]
    return Person(
        number=number,
        name=f"{first} {last}",
        phone=f"+1{_AREAS[number // 100 % len(_AREAS)]}55501{number % 100:02d}",
        email=f"customer{number}@example.com",
    )
