"""Phones: what people type becomes one E.164 number and one person, or is refused with a reason.

Brazil's numbering is read here, since libphonenumber calls its eight-digit mobiles invalid and
reads `0055...` as carrier 55; libphonenumber's metadata still judges the result (area codes among
it), and parses every other country.

Mobiles got a ninth digit, a leading 9, between 2012 and 2016; the eight-digit form is the same
line under its old name. So E.164 is always the nine-digit number, the one that can be dialled
today, and is itself the identity. Landlines (2 to 5) never had it: with and without a 9 before
them are two subscribers.

No phone appears in an exception or in a `repr`.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from phonenumbers import NumberParseException, PhoneNumber

BRAZIL = "55"
MEXICO = "52"


class PhoneProblem(StrEnum):
    """Why a text is no phone; stable codes."""

    MISSING = "phone_missing"
    SCIENTIFIC_NOTATION = "phone_scientific_notation"
    SEVERAL = "phone_several"
    HAS_LETTERS = "phone_has_letters"
    TOO_SHORT = "phone_too_short"
    TOO_LONG = "phone_too_long"
    NO_AREA_CODE = "phone_no_area_code"
    BAD_AREA_CODE = "phone_bad_area_code"
    BAD_COUNTRY_CODE = "phone_bad_country_code"
    INVALID = "phone_invalid"


class InvalidPhone(ValueError):
    """The text is no phone; `code` says why, and nothing here repeats the text."""

    def __init__(self, code: PhoneProblem) -> None:
        super().__init__(code.value)
        self.code = code


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone as it is stored (`e164`) and as it identifies a person (`person_key`, digits)."""

    e164: str = field(repr=False)
    person_key: str = field(repr=False)


def parse_phone(text: str, default_region: str = "BR") -> Phone:
    """Read a phone as people type it; without a country code it is one of `default_region`."""
    digits = _digits_of(text)
    if default_region == "BR" and digits.startswith("00"):
        digits = "+" + digits[2:]
    if digits.startswith("+" + BRAZIL):
        e164 = _brazilian(digits[3:])
    elif default_region == "BR" and not digits.startswith("+"):
        e164 = _brazilian(_without_country(digits))
    else:
        e164 = _international(digits, default_region)
    return Phone(e164, _person_key(e164))


def evolution_number(e164: str) -> str:
    """Evolution takes digits only, country code first."""
    return e164.removeprefix("+")


def national(e164: str) -> str:
    """A Brazilian phone as Brazilians write it, ``(11) 99000-1234``; any other stays E.164."""
    found = _BRAZILIAN.fullmatch(e164)
    return "({}) {}-{}".format(*found.groups()) if found else e164


def _person_key(e164: str) -> str:
    """Spellings of one WhatsApp account share one key: Argentina's 9 after 54 is left out.

    Brazil's ninth digit and Mexico's 1 after 52 are settled in E.164 already; Argentina's stays
    there, because with and without it are a mobile and a fixed line for the network.
    """
    digits = evolution_number(e164)
    if len(digits) == 13 and digits.startswith("549"):
        return "54" + digits[3:]
    return digits


# --- From text to digits ---

_QUOTES = " \"'`‘’"
#: Invisible marks, symbols such as a little telephone, and what is combined with them.
_LEFT_OUT = frozenset({"Cf", "So", "Mn", "Me"})
_SCIENTIFIC = re.compile(r"[0-9]+(?:[.,][0-9]+)?\s*e\s*[+-]?\s*[0-9]+", re.IGNORECASE)
_DECIMAL_PLACES = re.compile(r"(?<=[0-9]{8})[.,]0{1,2}$")
_LABEL = re.compile(
    r"\b(?:tel|telefone|fone|phone|cel|celular|whatsapp|whats|wpp|zap)(?![^\W\d_])[.:]*",
    re.IGNORECASE,
)
_LINK = re.compile(
    r"(?:https?://)?(?:wa\.me/|(?:api|web)\.whatsapp\.com/)|whatsapp://", re.IGNORECASE
)
#: `0xx11` and `0**11`: the carrier is left to the caller.
_ANY_CARRIER = re.compile(
    r"^([\s()+]*(?:55)?[\s()]*)0?\s*(?:xx|\*\*)(?=[\s()]*[0-9]{2})", re.IGNORECASE
)
_BETWEEN_PHONES = re.compile(r"[/;|\n]|,\s|\s(?:e|ou)\s", re.IGNORECASE)
_PUNCTUATION = re.compile(r"[\s().,;|/\[\]_-]+")
_NUMBER = re.compile(r"\+?[0-9]+")
_BRAZILIAN = re.compile(r"\+55([0-9]{2})([0-9]{4,5})([0-9]{4})")


def _digits_of(text: str) -> str:
    """The digits of the one phone in the text, with a leading + where it was written."""
    plain = _plain(text)
    if _LINK.match(plain):
        plain = _phone_of_link(plain)
    if _SCIENTIFIC.fullmatch(plain):
        raise InvalidPhone(PhoneProblem.SCIENTIFIC_NOTATION)
    plain = _DECIMAL_PLACES.sub("", _ANY_CARRIER.sub(r"\1", _LABEL.sub("", plain)))
    if _holds_several(plain):
        raise InvalidPhone(PhoneProblem.SEVERAL)
    digits = _PUNCTUATION.sub("", plain)
    if not digits:
        raise InvalidPhone(PhoneProblem.MISSING)
    if not _NUMBER.fullmatch(digits):
        has_letter = any(character.isalpha() for character in digits)
        raise InvalidPhone(PhoneProblem.HAS_LETTERS if has_letter else PhoneProblem.INVALID)
    return digits


def _plain(text: str) -> str:
    """One spelling of digits, dashes and spaces, without a spreadsheet's `'` and `="..."`."""
    characters: list[str] = []
    for character in unicodedata.normalize("NFKC", text):
        category = unicodedata.category(character)
        if category == "Nd":
            characters.append(str(unicodedata.decimal(character)))
        elif category == "Pd" or character == "\N{MINUS SIGN}":
            characters.append("-")
        elif category not in _LEFT_OUT:
            characters.append(character)
    return "".join(characters).strip().removeprefix("=").strip(_QUOTES)


def _phone_of_link(link: str) -> str:
    """A WhatsApp link names its phone in international form without the +."""
    try:
        url = urlsplit(link if "//" in link else "//" + link)
    except ValueError:
        raise InvalidPhone(PhoneProblem.INVALID) from None
    phone = parse_qs(url.query).get("phone", [url.path])[0]
    return "+" + phone.strip("/+ ")


def _holds_several(plain: str) -> bool:
    """A second piece with digits after a whole number; "11/99000-2471" is an area code first."""
    digits = 0
    for piece in _BETWEEN_PHONES.split(plain):
        found = sum(character.isdigit() for character in piece)
        if found and digits >= 8:
            return True
        digits += found
    return plain.count("+") > 1


# --- Brazil ---


def _without_country(digits: str) -> str:
    """A 55 in front is the country where what follows is an area code and a whole number.

    With fewer digits it is area code 55, with a zero in front carrier 55 or area code 55.
    """
    if digits.startswith(BRAZIL) and len(digits) > 11:
        return digits.removeprefix(BRAZIL)
    return digits


def _brazilian(national: str) -> str:
    """Area code and subscriber, after a trunk zero with or without a carrier's two digits."""
    if national.startswith("0"):
        national = national[1:]
        if len(national) in (12, 13):
            national = national[2:]
    _check_length(national)
    area, subscriber = national[:2], national[2:]
    if not _is_valid_brazilian(area + "30001234"):
        raise InvalidPhone(PhoneProblem.BAD_AREA_CODE)
    if len(subscriber) == 8 and subscriber[0] in "6789":
        subscriber = "9" + subscriber
    if not _is_valid_brazilian(area + subscriber):
        raise InvalidPhone(PhoneProblem.INVALID)
    return f"+{BRAZIL}{area}{subscriber}"


def _check_length(national: str) -> None:
    if len(national) < 8:
        raise InvalidPhone(PhoneProblem.TOO_SHORT)
    if len(national) < 10:
        raise InvalidPhone(PhoneProblem.NO_AREA_CODE)
    if len(national) > 11:
        raise InvalidPhone(PhoneProblem.TOO_LONG)


def _is_valid_brazilian(national: str) -> bool:
    import phonenumbers

    number = phonenumbers.PhoneNumber(country_code=int(BRAZIL), national_number=int(national))
    return not national.startswith("0") and phonenumbers.is_valid_number(number)


# --- Other countries ---


def _international(digits: str, region: str) -> str:
    """libphonenumber's reading and judgement; Mexico's mobile 1, abolished in 2019, is dropped."""
    import phonenumbers

    try:
        number = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException as error:
        raise InvalidPhone(_parse_problem(error)) from None
    country = str(number.country_code)
    national = phonenumbers.national_significant_number(number)
    if country == BRAZIL:
        return _brazilian(national)
    if country == MEXICO and len(national) == 11 and national.startswith("1"):
        number.national_number = int(national[1:])
    if not phonenumbers.is_valid_number(number):
        raise InvalidPhone(_validity_problem(number))
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _parse_problem(error: "NumberParseException") -> PhoneProblem:
    match error.error_type:
        case error.INVALID_COUNTRY_CODE:
            return PhoneProblem.BAD_COUNTRY_CODE
        case error.TOO_LONG:
            return PhoneProblem.TOO_LONG
        case _:
            return PhoneProblem.TOO_SHORT


def _validity_problem(number: "PhoneNumber") -> PhoneProblem:
    from phonenumbers import ValidationResult, is_possible_number_with_reason

    match is_possible_number_with_reason(number):
        case ValidationResult.TOO_SHORT:
            return PhoneProblem.TOO_SHORT
        case ValidationResult.TOO_LONG:
            return PhoneProblem.TOO_LONG
        case ValidationResult.IS_POSSIBLE_LOCAL_ONLY:
            return PhoneProblem.NO_AREA_CODE
        case _:
            return PhoneProblem.INVALID
