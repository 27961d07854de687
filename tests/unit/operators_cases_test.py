"""What operators say of who is who, over and over: joins, undone, made again, in chains."""

from __future__ import annotations

import msgspec
import pytest

from schemas.common import Identifier
from schemas.events import ContextViewed, IdentityJoined, IdentitySplit
from streams.identity.index import customer_key
from tests.persons import commands, last, tells, writes
from tests.world import World


def mail(name: str) -> Identifier:
    return Identifier("email", f"{name}@example.org", "curated")


def people(world: World, *names: str) -> list[str]:
    return [writes(world, "email", mail(name), conversation=name) for name in names]


def whose(world: World, *names: str) -> list[str]:
    """Whom each one's address leads to now."""
    return [writes(world, "chat", mail(name), conversation=f"chat-{name}") for name in names]


def join_of(world: World, one: str, other: str) -> str:
    commands(world, "join", winner=one, loser=other)
    assert not world.letters
    return str(last(world, IdentityJoined).join)


def undo(world: World, join: str) -> str:
    commands(world, "split", join=join)
    assert not world.letters
    return str(last(world, IdentitySplit).into)


def test_who_was_joined_again_by_an_operator_is_joined_with_others_as_ever() -> None:
    world = World()
    ada, bo, cy = people(world, "ada", "bo", "cy")
    join_of(world, ada, undo(world, join_of(world, ada, bo)))
    tells(world, mail("bo"), mail("cy"))
    assert last(world, IdentityJoined).loser == cy
    assert whose(world, "ada", "bo", "cy") == [ada] * 3
    assert world.normalise.states[customer_key(ada)].apart == ()


def test_who_was_joined_again_and_undone_again_stays_apart() -> None:
    world = World()
    ada, bo = people(world, "ada", "bo")
    again = undo(world, join_of(world, ada, bo))
    into = undo(world, join_of(world, ada, again))
    assert whose(world, "ada", "bo") == [ada, into] and into != again
    joins = sum(isinstance(e, IdentityJoined) for e in world.events)
    tells(world, mail("ada"), mail("bo"))
    assert sum(isinstance(e, IdentityJoined) for e in world.events) == joins


def test_an_undone_join_takes_nobody_along_who_came_by_another_one() -> None:
    """Bo came back under a new id; whoever leaves after him leaves alone."""
    world = World()
    ada, bo, cy = people(world, "ada", "bo", "cy")
    back = join_of(world, ada, undo(world, join_of(world, ada, bo)))
    into = undo(world, join_of(world, ada, cy))
    assert whose(world, "ada", "bo", "cy") == [ada, ada, into]
    alone = undo(world, back)
    assert whose(world, "ada", "bo", "cy") == [ada, alone, into]


@pytest.mark.parametrize("place", [0, 30, -1])
def test_of_more_joins_than_are_remembered_one_is_undone_alone(place: int) -> None:
    world = World()
    names = [f"p{number}" for number in range(80)]
    ada, *others = people(world, "ada", *names)
    joins = [join_of(world, ada, other) for other in others][-64:]
    kept = names[-64:]
    into = undo(world, joins[place])
    gone = kept[place]
    assert whose(world, gone) == [into]
    assert set(whose(world, *(name for name in names if name != gone))) == {ada}


@pytest.mark.parametrize("command", ["join", "split", "attach"])
def test_a_customer_of_another_domain_is_none_of_this_ones(command: str) -> None:
    """They may share a partition."""
    world = World()
    ada, bo, zed = people(world, "ada", "bo", "zed")
    join = join_of(world, zed, bo)
    key = customer_key(zed)
    known = world.normalise.states[key]
    world.normalise.states[key] = msgspec.structs.replace(known, domain="beta")
    before = dict(world.normalise.states)
    told = {
        "join": {"winner": ada, "loser": zed},
        "split": {"join": join},
        "attach": {"source": "s", "conversation": "ada", "customer": zed},
    }
    commands(world, command, **told[command])
    assert world.letters == ["refused_command"]
    assert {k: world.normalise.states[k] for k in before} == before


def test_nobody_is_looked_at_under_another_domains_name() -> None:
    world = World()
    [zed] = people(world, "zed")
    key = customer_key(zed)
    known = world.normalise.states[key]
    world.normalise.states[key] = msgspec.structs.replace(known, domain="beta")
    world.event(ContextViewed, customer=zed, purpose="service")
    assert world.letters == ["no_customer"]
    assert not [e for e in world.events if isinstance(e, ContextViewed)]
