"""Who it is: what joins, what only finds, what does neither."""

from __future__ import annotations

import pytest

from schemas.common import Actor, ConversationRef, Identifier
from schemas.events import (
    ClockTick,
    ContextViewed,
    IdentityJoined,
    IdentityLinked,
    MessagePosted,
    MessageStatusChanged,
    PolicyChanged,
)
from streams.identity.identifiers import Writing, normalise
from streams.identity.mail import RULES, MailRule
from streams.identity.phones import phone
from tests.world import World

PHONE = "+33612345678"


def says(world: World, *identifiers: Identifier, conversation: str = "") -> str:
    """A message with these identifiers; the customer to whom it went."""
    world._numbers += 1
    world.event(
        MessagePosted, conversation=conversation, identifiers=identifiers,
        message_id=f"m{world._numbers}", direction="inbound",
    ) if conversation else world.event(
        MessagePosted, identifiers=identifiers, message_id=f"m{world._numbers}",
        direction="inbound",
    )  # fmt: skip
    return next(e.customer for e in reversed(world.events) if isinstance(e, MessagePosted))


def one(kind: str, value: str, trust: str) -> Identifier:
    return Identifier(kind, value, trust)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "region", "e164"),
    [
        ("06 12 34 56 78", "FR", PHONE),
        ("6 12 34 56 78", "FR", PHONE),
        ("33612345678", "FR", PHONE),
        ("0033 6 12 34 56 78", "FR", PHONE),
        ("00 33 6 12 34 56 78", "", PHONE),
        ("0033 6 12 34 56 78", "US", PHONE),
        ("011 33 6 12 34 56 78", "US", PHONE),
        ("+33 (0)6 12 34 56 78", "", PHONE),
        ("+33 06 12 34 56 78", "", PHONE),
        ("tel:0612345678;phone-context=+33", "", PHONE),
        ("sip:+33612345678@pbx.example", "", PHONE),
        ("whatsapp:+33612345678", "", PHONE),
        ("+54 11 2345 6789", "", "+5491123456789"),
        ("+54 9 11 2345 6789", "", "+5491123456789"),
        ("+54 11 15 2345 6789", "", "+5491123456789"),
        ("011 15-2345-6789", "AR", "+5491123456789"),
        ("+55 11 8765-4321", "", "+5511987654321"),
        ("(11) 98765-4321", "BR", "+5511987654321"),
        ("0 15 11 98765-4321", "BR", "+5511987654321"),
        ("+55 11 3065-4321", "", "+551130654321"),
        ("+52 1 55 1234 5678", "", "+525512345678"),
        ("044 55 1234 5678", "MX", "+525512345678"),
        ("442 123 4567", "MX", "+524421234567"),
        ("8 912 345-67-89", "RU", "+79123456789"),
        ("02 1234567", "IT", "+39021234567"),
        ("٠٦١٢٣٤٥٦٧٨", "MA", "+212612345678"),
        ("01 42 68 53 00 poste 12", "FR", "+33142685300;ext=12"),
        ("+1 (415) 555-2671 x3", "", "+14155552671;ext=3"),
        ("555-2671", "US", ""),
        ("0612345678", "", ""),
        ("+266696687", "", ""),
        ("client:bob", "", ""),
        ("12", "FR", ""),
        ("anonymous", "FR", ""),
    ],
)
def test_a_number_has_one_form_whoever_wrote_it(value: str, region: str, e164: str) -> None:
    assert phone(value, region) == e164


OURS = {**RULES, "acme.example": MailRule(plus=True, team=frozenset({"achats"}))}


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Ada.Byron+news@GoogleMail.com", "adabyron@gmail.com"),
        ("Ada.Byron+news@Outlook.com", "ada.byron@outlook.com"),
        ("ada+news@me.com", "ada@icloud.com"),
        ("Ada.Byron@Example.com", "ada.byron@example.com"),
        ("ada+news@example.com", "ada+news@example.com"),
        ("ada+news@acme.example", "ada@acme.example"),
        ("mailto:ada@example.com", "ada@example.com"),
        ("<ada@example.com>", "ada@example.com"),
        ("ada at example.com", None),
    ],
)
def test_an_address_has_one_form(written: str, kept: str | None) -> None:
    found = normalise(one("email", written, "curated"), Writing(mail=OURS))
    assert (found.value if found else None) == kept


def test_where_capitals_matter_they_are_kept() -> None:
    rules = {"strict.example": MailRule(case=True)}
    found = normalise(one("email", "Ada@STRICT.example", "curated"), Writing(mail=rules))
    assert found is not None and found.value == "Ada@strict.example"


def test_a_domain_names_its_own_teams() -> None:
    found = normalise(one("email", "Achats@acme.example", "asserted"), Writing(mail=OURS))
    assert found == one("email", "achats@acme.example", "claimed")


def test_a_whatsapp_id_is_the_number_itself() -> None:
    world = World()
    ada = says(world, one("whatsapp", "5511 8765 4321", "asserted"))
    assert says(world, one("phone", "+55 11 98765-4321", "network")) == ada


def test_a_teams_mailbox_is_only_claimed() -> None:
    found = normalise(one("email", "support@example.com", "asserted"))
    assert found is not None and found.trust == "claimed"


def test_the_same_asserted_identifier_is_the_same_customer_over_channels() -> None:
    world = World()
    a = says(world, one("user", "7", "asserted"), conversation="c1")
    b = says(world, one("user", "7", "asserted"), conversation="c2")
    assert a == b


def test_two_asserted_identifiers_that_meet_join_their_customers_and_the_older_stays() -> None:
    world = World()
    older = says(world, one("user", "7", "asserted"))
    world.now += 1
    younger = says(world, one("phone", PHONE, "asserted"))
    assert older != younger
    world.event(
        IdentityLinked, channel="web", actor=Actor("system"), rel="same", by="login",
        identifiers=(one("user", "7", "asserted"), one("phone", PHONE, "asserted")),
    )  # fmt: skip
    [joined] = [e for e in world.events if isinstance(e, IdentityJoined)]
    assert (joined.customer, joined.loser) == (older, younger)
    assert says(world, one("phone", PHONE, "asserted")) == older


def test_a_number_that_the_network_shows_finds_its_customer_and_joins_nobody() -> None:
    world = World()
    ada = says(world, one("phone", PHONE, "curated"))
    assert says(world, one("phone", PHONE, "network")) == ada
    bo = says(world, one("user", "bo", "asserted"))
    assert bo == says(world, one("user", "bo", "asserted"), one("phone", PHONE, "network"))
    assert not [e for e in world.events if isinstance(e, IdentityJoined)]


def test_a_claimed_address_attaches_as_probable_and_joins_nobody() -> None:
    world = World()
    ada = says(world, one("email", "ada@example.com", "asserted"))
    assert says(world, one("email", "ada@example.com", "claimed"), conversation="c9") == ada
    assert world.events[-1].probable
    assert not [e for e in world.events if isinstance(e, IdentityJoined)]


def test_whoever_proves_an_identifier_takes_it_over_from_whoever_only_claimed_it() -> None:
    world = World()
    intruder = says(world, one("email", "ada@example.com", "claimed"), conversation="form")
    ada = says(world, one("email", "ada@example.com", "asserted"))
    assert ada != intruder
    assert says(world, one("email", "ada@example.com", "asserted")) == ada
    [joined] = [e for e in world.events if isinstance(e, IdentityJoined)]
    assert joined.loser == intruder and joined.probable


def test_a_conversation_of_which_nothing_is_known_has_a_provisional_customer_who_loses() -> None:
    world = World()
    ada = says(world, one("user", "7", "asserted"))
    nobody = says(world, conversation="c1")
    assert ada != nobody
    assert says(world, one("user", "7", "asserted"), conversation="c1") == ada
    [joined] = [e for e in world.events if isinstance(e, IdentityJoined)]
    assert (joined.customer, joined.loser) == (ada, nobody)
    assert says(world, conversation="c1") == ada


def test_a_receipt_finds_its_customer_by_the_message_alone() -> None:
    world = World()
    ada = says(world, one("user", "7", "asserted"), conversation="c1")
    world.event(
        MessagePosted, conversation="c1", actor=Actor("agent"), message_id="out-1",
        direction="outbound",
    )  # fmt: skip
    world.event(MessageStatusChanged, actor=Actor("system"), message_id="out-1", status="delivered")
    receipt = world.events[-1]
    assert isinstance(receipt, MessageStatusChanged)
    assert receipt.customer == ada
    assert receipt.conversation == ConversationRef("s", "c1")


def test_a_new_number_takes_the_customer_along_and_the_old_one_is_free() -> None:
    world = World()
    ada = says(world, one("whatsapp", "33612345678", "asserted"))
    world.event(
        IdentityLinked, channel="whatsapp", actor=Actor("system"), rel="replaces", by="vendor",
        identifiers=(
            one("whatsapp", "33612345678", "asserted"), one("whatsapp", "33612345699", "asserted"),
        ),
    )  # fmt: skip
    assert says(world, one("whatsapp", "33612345699", "asserted")) == ada
    recycled = says(world, one("whatsapp", "33612345678", "asserted"))
    assert recycled != ada
    assert recycled.endswith("-1")  # the same number, another person: the next incarnation


def test_ticks_and_policies_reach_every_partition() -> None:
    world = World()
    world.normalise.fold._partitions = 3  # type: ignore[attr-defined]
    for kind, fields in ((ClockTick, {}), (PolicyChanged, {"version": "2"})):
        world.events.clear()
        world.event(kind, actor=Actor("system"), **fields)
        assert len(world.events) == 3


def test_a_look_up_goes_to_whom_the_customer_is_now() -> None:
    world = World()
    older = says(world, one("user", "7", "asserted"))
    world.now += 1
    younger = says(world, one("phone", PHONE, "asserted"))
    says(world, one("user", "7", "asserted"), one("phone", PHONE, "asserted"))
    world.event(ContextViewed, actor=Actor("agent", "zoe"), customer=younger)
    assert world.events[-1].customer == older


def test_an_event_that_names_nobody_is_a_dead_letter() -> None:
    world = World()
    world.event(MessagePosted, message_id="x", direction="inbound")
    assert world.letters == ["no_customer"]


@pytest.mark.parametrize("time_ms", [0, 1, 32_503_680_000_000])
def test_a_time_of_0_or_of_the_year_3000_is_not_believed(time_ms: int) -> None:
    from streams.stages.normalise import _in_time

    world = World()
    event = world.event(
        MessagePosted, time_ms, identifiers=(one("user", "7", "asserted"),), message_id="x",
        direction="inbound",
    )  # fmt: skip
    mended = _in_time(event, world.now)
    assert world.now <= mended.time_ms <= world.now + 5_000
    assert mended.estimated is (time_ms < 10)
