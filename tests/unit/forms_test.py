"""Numbers and addresses as people, spreadsheets and switchboards write them: one form each."""

from __future__ import annotations

import phonenumbers
import pytest

from schemas.common import Identifier, Trust
from streams.identity.identifiers import normalise
from streams.identity.phones import phone

MOBILE = phonenumbers.PhoneNumberType.MOBILE
MOBILES = {
    region: number
    for region in sorted(phonenumbers.SUPPORTED_REGIONS)
    if (number := phonenumbers.example_number_for_type(region, MOBILE)) is not None
}


@pytest.mark.parametrize("form", ["national", "digits", "bare", "00", "(0)"])
def test_a_mobile_of_every_region_has_one_form(form: str) -> None:
    """`bare` has lost its plus; `digits` its spaces."""
    assert len(MOBILES) > 200
    other = {}
    for region, number in MOBILES.items():
        e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        national = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
        trunk = "(0)" if phonenumbers.ndd_prefix_for_region(region, True) == "0" else ""
        rest = phonenumbers.national_significant_number(number)
        written = {
            "national": national,
            "digits": "".join(filter(str.isdigit, national)),
            "bare": e164[1:],
            "00": f"00{e164[1:]}",
            "(0)": f"+{number.country_code} {trunk}{rest}",
        }[form]
        if phone(written, region) != phone(e164):
            other[region, written] = phone(written, region)
    assert not other


@pytest.mark.parametrize(
    ("value", "region", "e164"),
    [
        ("5215512345678", "MX", "+525512345678"),
        ("01 55 1234 5678", "MX", "+525512345678"),
        ("0081 90 1234 5678", "JP", "+819012345678"),
        ("\u202a+33 6 12 34 56 78\u202c", "", "+33612345678"),
        ("06 66 66 66 66", "FR", "+33666666666"),
        # Nobody.
        ("266696687", "FR", ""),
        ("7378742833", "US", ""),
        ("0000000000", "FR", ""),
        ("000-000-0000", "US", ""),
        ("+1 555 555 5555", "", ""),
    ],
)
def test_a_number_is_read_as_its_plan_gives_it_to_somebody(
    value: str, region: str, e164: str
) -> None:
    assert phone(value, region) == e164


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ('"Byron, Ada" <Ada@example.org>', "ada@example.org"),
        ("Ada Byron <ada@example.org>", "ada@example.org"),
        ("ada@example.org (Ada)", "ada@example.org"),
        ("mailto:ada@example.org?subject=Hello", "ada@example.org"),
        ("SMTP:Ada@example.org", "ada@example.org"),
        ('"ada"@example.org', "ada@example.org"),
        ("ada@example.org.", "ada@example.org"),
        ("ada@BÜCHER.example", "ada@bücher.example"),
        ("ada@xn--bcher-kva.example", "ada@bücher.example"),
        ("ada@xn--!.example", "ada@xn--!.example"),
        ("ade\u0301@example.org", "adé@example.org"),
        ("\ufeffada@example.org\u200b", "ada@example.org"),
        ("ada@example.org, bo@example.org", None),
        ("Ada <ada@example.org> <bo@example.org>", None),
    ],
)
def test_an_address_is_one_whatever_stands_beside_it(written: str, kept: str | None) -> None:
    found = normalise(Identifier("email", written, "curated"))
    assert (found.value if found else None) == kept


def test_an_id_with_marks_that_nobody_sees_is_the_same() -> None:
    found = normalise(Identifier("crm", "\u200e\u00a07\u200b", "curated"))
    assert found == Identifier("crm", "7", "curated")


@pytest.mark.parametrize(
    ("mailbox", "trust"),
    [
        ("no_reply", "claimed"),
        ("do-not-reply", "claimed"),
        ("MAILER-DAEMON", "claimed"),
        ("service.client", "claimed"),
        ("news-bounces", "claimed"),
        ("owner-news", "claimed"),
        ("webmaster", "claimed"),
        ("b.illing", "asserted"),
        ("a.owner", "asserted"),
        ("ada-byron", "asserted"),
    ],
)
def test_mailboxes_of_teams_machines_and_lists_stand_for_nobody(mailbox: str, trust: Trust) -> None:
    found = normalise(Identifier("email", f"{mailbox}@example.org", "asserted"))
    assert found is not None and found.trust == trust
