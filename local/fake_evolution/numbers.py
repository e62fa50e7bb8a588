"""How Evolution and WhatsApp read a phone number.

Written apart from the product's own phone identity on purpose: what the phones of the fake show
must not share a mistake with the code that it judges.
"""

from __future__ import annotations

import re

_SUFFIX = "@s.whatsapp.net"
_WELL_FORMED = re.compile(rf"\d{{8,15}}({re.escape(_SUFFIX)})?")
_BRAZIL_WITH_NINTH = re.compile(r"55(\d{2})9(\d{8})")
_BRAZIL_MOBILE = re.compile(r"55(\d{2})9?([6-9]\d{7})")
_OPTIONAL_THIRD_DIGIT = re.compile(r"(?:(52)1|(54)9)(\d{10})")
_FIRST_AREA_CODE_WITHOUT_NINTH = 31


def digits_of(number: str) -> str:
    """Only the digits of a number, without the suffix of a jid."""
    return re.sub(r"\D", "", number.partition("@")[0].partition(":")[0])


def is_well_formed(number: str) -> bool:
    """Digits only, country code first: anything else is looked up wrongly."""
    return _WELL_FORMED.fullmatch(number) is not None


def jid_of(number: str) -> str:
    """The address that Evolution looks up.

    It drops Brazil's ninth digit where the area code is 31 or above and the first subscriber
    digit is 7 or more, and the optional digit of Mexico (52 1) and Argentina (54 9).
    """
    digits = _without_optional_digit(digits_of(number))
    brazil = _BRAZIL_WITH_NINTH.fullmatch(digits)
    if brazil:
        area, subscriber = brazil.groups()
        if int(area) >= _FIRST_AREA_CODE_WITHOUT_NINTH and subscriber[0] >= "7":
            digits = f"55{area}{subscriber}"
    return digits + _SUFFIX


def canonical_phone(number: str) -> str:
    """One phone is one person, with or without the optional digit; Brazil's is shown with it."""
    digits = _without_optional_digit(digits_of(number))
    mobile = _BRAZIL_MOBILE.fullmatch(digits)
    return f"55{mobile[1]}9{mobile[2]}" if mobile else digits


def _without_optional_digit(digits: str) -> str:
    found = _OPTIONAL_THIRD_DIGIT.fullmatch(digits)
    return f"{found[1] or found[2]}{found[3]}" if found else digits
