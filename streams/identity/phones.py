"""Telephone numbers in one form each, whoever wrote them and wherever they are from.

The rules of numbering plans are Google's (`phonenumbers`).  Ours are the cases in which one
subscriber is written in two forms that are both right, and what stands for nobody.
"""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers

_WITHHELD = frozenset({"+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253"})
"""What Twilio gives for a caller who hides: ANONYMOUS and its like, spelt on a telephone's keys."""

_SCHEME = re.compile(r"^\s*(tel|sips?|whatsapp|callto|sms):", re.IGNORECASE)
_POSTE = re.compile(r"\b(?:poste|durchwahl|interno|ramal)\s*(?=\d+\s*$)", re.IGNORECASE)
_INTERNATIONAL = re.compile(r"^\D*00[\s.-]*(?=[1-9])")
# Until 2019 Mexican mobiles were dialled with these before their ten digits.
_MEXICO_MOBILE = re.compile(r"^(?:\+52\s*1|0?4[45]\s?)(?=\D*\d(?:\D*\d){9}\s*$)")


@lru_cache(maxsize=65_536)  # a parse takes a tenth of a millisecond, and customers come back
def phone(value: str, region: str = "") -> str:
    """E.164 with a plus, or empty when it is no number of a subscriber.  An extension of a
    switchboard follows as RFC 3966 writes it (`;ext=12`): colleagues are not one person.

    `region` (ISO 3166, such as FR) is where a number without country code is from.
    """
    text = _POSTE.sub(" ext ", _SCHEME.sub("", value).partition("@")[0].strip())
    region = region.upper()
    if region == "MX" or text.startswith("+52"):
        text = _MEXICO_MOBILE.sub("+52 ", text)
    number = _parsed(text, region)
    if number is None and (abroad := _INTERNATIONAL.sub("+", text)) != text:
        number = _parsed(abroad, "")
    if number is None:
        return ""
    e164 = _one_form(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    if e164 in _WITHHELD:
        return ""
    return f"{e164};ext={number.extension}" if number.extension else e164


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
