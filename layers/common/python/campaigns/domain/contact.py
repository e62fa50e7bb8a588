"""Contacts: what a caller gives becomes a contact that is whole and valid, or a list of its faults.

A draft says only what was given: None is "not given", an empty text takes a value away. Putting a
draft over a stored contact replaces the values that it gives, one custom variable at a time, and
unites the tags. An edit gives every value, and replaces each of them whole.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from campaigns.domain.errors import FieldError
from campaigns.domain.model import Contact
from campaigns.domain.phone import InvalidPhone, Phone, parse_phone
from campaigns.domain.plain_text import has_controls, is_blank
from campaigns.domain.rendering import check_custom_vars, fold_name

NAME_LIMIT: Final = 200
QUEM_INDICOU_LIMIT: Final = 200
NOTES_LIMIT: Final = 2_000
TAGS_LIMIT: Final = 50
TAG_LIMIT: Final = 60
#: RFC 5321 allows a path of 256 octets with its angle brackets.
EMAIL_LIMIT: Final = 254
CONSENT_FIELDS: Final = ("given_at", "channel", "text")
CONSENT_LIMIT: Final = 2_000

#: Sorts before every character that a folded name can hold.
_END_OF_NAME: Final = "\x1f"
#: A sort key holds 1,024 bytes, the contact's id among them.
_FOLDED_NAME_BYTES: Final = 900
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class ContactSource(StrEnum):
    """How a contact came into being (closed list of the contract).

    By hand, with many others in one bulk call, alone over the API, or by writing to us herself.
    """

    MANUAL = "manual"
    IMPORT = "import"
    API = "api"
    INBOUND = "inbound"


@dataclass(frozen=True, slots=True)
class ContactDraft:
    """A contact as a caller gives it; `phone` as people type it."""

    phone: str = field(repr=False)
    name: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)
    quem_indicou: str | None = field(default=None, repr=False)
    tags: tuple[str, ...] | None = None
    custom_vars: Mapping[str, str] | None = field(default=None, repr=False)
    notes: str | None = field(default=None, repr=False)
    is_active: bool | None = None
    consent: Mapping[str, str] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ContactValues:
    """All of a contact that may be edited; `phone` as people type it."""

    phone: str = field(repr=False)
    name: str = field(repr=False)
    email: str | None = field(default=None, repr=False)
    quem_indicou: str | None = field(default=None, repr=False)
    tags: tuple[str, ...] = ()
    custom_vars: Mapping[str, str] = field(default_factory=dict, repr=False)
    notes: str | None = field(default=None, repr=False)
    is_active: bool = True
    consent: Mapping[str, str] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Birth:
    """What a contact that does not exist yet gets beside its draft's values."""

    contact_id: str
    tenant_id: str
    person: str
    source: ContactSource
    import_id: str | None = None


def read_phone(text: str) -> Phone | FieldError:
    """The draft's phone, or why it is none."""
    try:
        return parse_phone(text)
    except InvalidPhone as problem:
        return FieldError("phone", problem.code.value, problem.code.value)


def new_contact(draft: ContactDraft, phone: Phone, birth: Birth, now: int) -> Contact:
    """The draft as a contact of its own."""
    blank = Contact(
        contact_id=birth.contact_id,
        tenant_id=birth.tenant_id,
        person=birth.person,
        name="",
        phone=phone.e164,
        created_at=now,
        updated_at=now,
        source=birth.source.value,
        import_id=birth.import_id,
    )
    return put_over(blank, draft, now)


def put_over(stored: Contact, draft: ContactDraft, now: int) -> Contact:
    """Given values replace, tags unite. The phone stays: another spelling is the same person."""
    return replace(
        stored,
        name=stored.name if draft.name is None else draft.name.strip(),
        email=_given(draft.email, stored.email),
        quem_indicou=_given(draft.quem_indicou, stored.quem_indicou),
        notes=_given(draft.notes, stored.notes),
        tags=_united(stored.tags, draft.tags or ()),
        custom_vars=_with_given(stored.custom_vars, draft.custom_vars or {}),
        is_active=stored.is_active if draft.is_active is None else draft.is_active,
        consent=stored.consent if draft.consent is None else (dict(draft.consent) or None),
        updated_at=now,
    )


def edited(stored: Contact, values: ContactValues, phone: Phone, now: int) -> Contact:
    """Every value replaces the stored one; the stored contact itself where nothing differs."""
    wanted = replace(
        stored,
        **asdict(values)
        | {
            "phone": phone.e164,
            "name": values.name.strip(),
            "email": _given(values.email or "", None),
            "quem_indicou": _given(values.quem_indicou or "", None),
            "notes": _given(values.notes or "", None),
            "tags": _united((), values.tags),
            "consent": dict(values.consent) if values.consent else None,
        },
    )
    return stored if wanted == stored else replace(wanted, updated_at=now)


def check_contact(contact: Contact) -> tuple[FieldError, ...]:
    """A contact keeps every limit of the contract; all faults are told at once."""
    return (
        *_check_name(contact.name),
        *_check_controls(contact),
        *_check_length("quem_indicou", contact.quem_indicou, QUEM_INDICOU_LIMIT),
        *_check_length("notes", contact.notes, NOTES_LIMIT),
        *_check_email(contact.email),
        *_check_tags(contact.tags),
        *check_custom_vars(contact.custom_vars),
        *_check_consent(contact.consent or {}),
    )


def fold_text(text: str) -> str:
    """Texts are ordered and searched by this form: case, accents and the width of gaps are gone."""
    # Case folding can yield accents and decomposing can yield capitals, hence the second round.
    for _ in range(2):
        letters = unicodedata.normalize("NFKD", text.casefold())
        text = "".join(letter for letter in letters if _counts(letter))
    return " ".join(text.split())


def name_prefix(text: str) -> str:
    """What the sort keys of all contacts whose folded name begins with the text begin with."""
    encoded = fold_text(text).encode()[:_FOLDED_NAME_BYTES]
    return encoded.decode(errors="ignore")


def tag_key(tag: str) -> str:
    """Tags are one where they differ only in case, accents or the width of gaps.

    Cut like a name, since it is part of a key; a key's own key is itself.
    """
    return name_prefix(tag).rstrip()


def name_sort_key(name: str, contact_id: str) -> str:
    """Contacts lie in the order of their folded names; of two alike, in that of their ids."""
    return f"{name_prefix(name)}{_END_OF_NAME}{contact_id}"


def phone_sort_key(e164: str, contact_id: str) -> str:
    """Contacts lie in the order of their digits, country code first."""
    return f"{e164.removeprefix('+')}{_END_OF_NAME}{contact_id}"


def contact_id_of(sort_key: str) -> str:
    """The contact that a sort key of either order names."""
    return sort_key.rpartition(_END_OF_NAME)[2]


def phone_prefixes(text: str) -> tuple[str, ...]:
    """The digits with which a stored phone may begin if the text is the beginning of a phone.

    A whole phone is one prefix, whatever its spelling. A fragment without a plus may be national
    or begin with its country code, so it can be two. None where the text is no phone.
    """
    try:
        return (parse_phone(text).e164.removeprefix("+"),)
    except InvalidPhone:
        digits = re.sub(r"[\s().-]", "", text)
    if not re.fullmatch(r"\+?[0-9]{1,15}", digits):
        return ()
    if digits.startswith(("+", "00")):
        international = digits.removeprefix("+").removeprefix("00")
        return (international,) if international else ()
    bare = digits.lstrip("0")
    if not bare:
        return ()
    national = "55" + bare
    return (bare,) if national.startswith(bare) else tuple(sorted((national, bare)))


def _counts(letter: str) -> bool:
    # Format characters (category Cf) are the invisible ones that come along with pasted text.
    return not unicodedata.combining(letter) and unicodedata.category(letter) != "Cf"


def _given(value: str | None, stored: str | None) -> str | None:
    return stored if value is None else (value.strip() or None)


def _united(stored: Sequence[str], given: Sequence[str]) -> tuple[str, ...]:
    """Of two spellings of a tag the one that was there first stays."""
    by_key: dict[str, str] = {}
    for tag in (*stored, *(tag.strip() for tag in given)):
        by_key.setdefault(tag_key(tag), tag)
    return tuple(by_key.values())


def _with_given(stored: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """Names that differ only in case, white space or accents are one variable."""
    replaced = {fold_name(name) for name in given}
    kept = {name: value for name, value in stored.items() if fold_name(name) not in replaced}
    return kept | dict(given)


def _check_name(name: str) -> tuple[FieldError, ...]:
    if is_blank(name):
        return (FieldError("name", "required", "required"),)
    return _check_length("name", name, NAME_LIMIT)


def _check_controls(contact: Contact) -> tuple[FieldError, ...]:
    """What names or addresses something is one line; other texts may be several."""
    consent = contact.consent or {}
    one_line = {
        "name": contact.name,
        "email": contact.email or "",
        "tags": "".join(contact.tags),
        "custom_vars": "".join(contact.custom_vars),
        "consent.channel": consent.get("channel", ""),
    }
    lines = {
        "quem_indicou": contact.quem_indicou or "",
        "notes": contact.notes or "",
        "custom_vars": "".join(contact.custom_vars.values()),
        "consent.text": consent.get("text", ""),
    }
    wrong = [name for name, text in one_line.items() if has_controls(text, lines=False)]
    wrong += [name for name, text in lines.items() if has_controls(text, lines=True)]
    return tuple(FieldError(name, "invalid_text", "invalid_text") for name in dict.fromkeys(wrong))


def _check_length(field_name: str, value: str | None, limit: int) -> tuple[FieldError, ...]:
    if value is None or len(value) <= limit:
        return ()
    return (FieldError(field_name, "too_long", "too_long", {"limit": limit}),)


def _check_email(email: str | None) -> tuple[FieldError, ...]:
    if email and not _EMAIL.fullmatch(email):
        return (FieldError("email", "invalid_email", "invalid_email"),)
    return _check_length("email", email, EMAIL_LIMIT)


def _check_tags(tags: Sequence[str]) -> tuple[FieldError, ...]:
    errors = []
    if len(tags) > TAGS_LIMIT:
        errors.append(FieldError("tags", "too_many", "too_many", {"limit": TAGS_LIMIT}))
    if any(is_blank(tag) or not tag_key(tag) for tag in tags):
        errors.append(FieldError("tags", "blank", "blank"))
    if any(len(tag) > TAG_LIMIT for tag in tags):
        errors.append(FieldError("tags", "too_long", "too_long", {"limit": TAG_LIMIT}))
    return tuple(errors)


def _check_consent(consent: Mapping[str, str]) -> tuple[FieldError, ...]:
    unknown = [
        FieldError("consent", "unknown_field", "unknown_field")
        for _ in consent.keys() - set(CONSENT_FIELDS)
    ]
    too_long = [
        error
        for name, value in consent.items()
        for error in _check_length(f"consent.{name}", value, CONSENT_LIMIT)
    ]
    # It has to stand as evidence: without when and where it is none.
    missing = [
        FieldError(f"consent.{name}", "required", "required")
        for name in ("given_at", "channel")
        if consent and is_blank(consent.get(name, ""))
    ]
    return (*unknown[:1], *missing, *too_long, *_check_given_at(consent.get("given_at", "")))


def _check_given_at(given_at: str) -> tuple[FieldError, ...]:
    """A day or a moment in ISO 8601."""
    try:
        if not is_blank(given_at):
            datetime.fromisoformat(given_at)
    except ValueError:
        return (FieldError("consent.given_at", "invalid_moment", "invalid_moment"),)
    return ()
