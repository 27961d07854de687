"""Telephone numbers in one form each, whoever wrote them and wherever they are from.

The rules of numbering plans are Google's (`phonenumbers`).  Ours are the cases in which one
subscriber is written in two forms that are both right, and what stands for nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import phonenumbers

_WITHHELD = frozenset({"266696687", "7378742833", "2562533", "8656696", "86282452253"})
"""What Twilio gives for a caller who hides, with a plus or without: ANONYMOUS and its like, spelt
on a telephone's keys."""

_SCHEME = re.compile(r"^\s*(tel|sips?|whatsapp|callto|sms):", re.IGNORECASE)
_POSTE = re.compile(r"\b(?:poste|durchwahl|interno|ramal)\s*(?=\d+\s*$)", re.IGNORECASE)
_INTERNATIONAL = re.compile(r"^\D*00[\s.-]*(?=[1-9])")
# Until 2019 Mexican mobiles were dialled with these before their ten digits.
_MEXICO_MOBILE = re.compile(r"^(?:\+52\s*1|0?4[45]\s?|01\s?)(?=\D*\d(?:\D*\d){9}\s*$)")
_TRUNK_ZERO = re.compile(r"^(\+\d{1,3}\s*)\(0\)")


@lru_cache(maxsize=65_536)  # a parse takes a tenth of a millisecond, and customers come back
def phone(value: str, region: str = "") -> str:
    """E.164 with a plus, or empty when it is no number of a subscriber.  An extension of a
    switchboard follows as RFC 3966 writes it (`;ext=12`): colleagues are not one person.

    `region` (ISO 3166, such as FR) is where a number without country code is from.
    """
    text = _POSTE.sub(" ext ", _SCHEME.sub("", value).partition("@")[0].strip())
    if text.removeprefix("+") in _WITHHELD:
        return ""
    number = _read(text, region.upper())
    if number is None or _stands_for_nothing(number):
        return ""
    e164 = _one_form(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    if e164[1:] in _WITHHELD:
        return ""
    return f"{e164};ext={number.extension}" if number.extension else e164


def _read(text: str, region: str) -> phonenumbers.PhoneNumber | None:
    """The first reading that its numbering plan gives to somebody, mobiles before others (some
    plans give nearly all digits to landlines); else the first one that is as long as numbers are
    there, for plans grow.
    """
    found = [number for number in _readings(text, region) if number is not None]
    if len(found) > 1:
        valid = [number for number in found if phonenumbers.is_valid_number(number)]
        found = [number for number in valid if _is_mobile(number)] or valid or found
    return found[0] if found else None


def _is_mobile(number: phonenumbers.PhoneNumber) -> bool:
    return phonenumbers.number_type(number) in {
        phonenumbers.PhoneNumberType.MOBILE,
        phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
    }


def _readings(text: str, region: str) -> Iterator[phonenumbers.PhoneNumber | None]:
    """As it is dialled in its region; as one from abroad; as an international one that has lost
    its plus, or kept the trunk's zero.
    """
    if region == "MX" or text.startswith("+52"):
        text = _MEXICO_MOBILE.sub("+52 ", text)
    yield _parsed(text, region)
    if (abroad := _INTERNATIONAL.sub("+", text)) != text:
        yield _parsed(abroad, "")
    if (bare := _TRUNK_ZERO.sub(r"\1", text)) != text:
        yield _parsed(bare, "")
    code = phonenumbers.country_code_for_region(region) if region else 0
    if code and text.startswith(str(code)):
        yield from _readings(f"+{text}", "")


def _stands_for_nothing(number: phonenumbers.PhoneNumber) -> bool:
    """One digit over and over is typed into a field that must not be empty; some of these are
    somebody's.
    """
    digits = phonenumbers.national_significant_number(number)
    return len(set(digits)) == 1 and not phonenumbers.is_valid_number(number)


def _parsed(text: str, region: str) -> phonenumbers.PhoneNumber | None:
    """None as well for a number that is complete only within its town."""
    try:
        number = phonenumbers.parse(text, region or None)
    except phonenumbers.NumberParseException:
        return None
    possible = phonenumbers.is_possible_number_with_reason(number)
    return number if possible == phonenumbers.ValidationResult.IS_POSSIBLE else None


def _one_form(e164: str) -> str:
    """Argentine mobiles are called from abroad with a 9 and at home with a 15; Brazilian mobiles
    have got a ninth digit.  Vendors, and the numbers that they once stored, have them either way.
    """
    if e164.startswith("+54") and not e164.startswith("+549") and len(e164) == 13:
        return "+549" + e164[3:]
    if e164.startswith("+55") and len(e164) == 13 and e164[5] in "6789":
        return e164[:5] + "9" + e164[5:]
    return e164
