"""Contacts as the API reads and shows them."""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import AfterValidator, FailFast, Field
from pydantic_core import PydanticCustomError

from campaigns.domain.contact import (
    CONSENT_LIMIT,
    EMAIL_LIMIT,
    NAME_LIMIT,
    NOTES_LIMIT,
    QUEM_INDICOU_LIMIT,
    TAG_LIMIT,
    TAGS_LIMIT,
    ContactDraft,
    ContactSource,
    ContactValues,
)
from campaigns.domain.instants import to_iso
from campaigns.domain.model import Contact
from campaigns.domain.plain_text import has_controls
from campaigns.domain.rendering import (
    CUSTOM_VAR_NAME_LIMIT,
    CUSTOM_VAR_VALUE_LIMIT,
    CUSTOM_VARS_LIMIT,
)
from campaigns.services.read_contacts import ContactFilter, ContactView
from campaigns_api.models.base import (
    Answer,
    Body,
    FlagIn,
    ListQuery,
    Moment,
    NextCursor,
    iso_or_none,
    omitted,
)

_PHONE_EXAMPLE = "(11) 99000-2471"
#: Longer than any spelling of a phone; the rules say what is wrong with the rest.
_PHONE_LIMIT = 200
_REASON_LIMIT = 500

Tag = Annotated[str, Field(min_length=1, max_length=TAG_LIMIT)]
VariableName = Annotated[str, Field(min_length=1, max_length=CUSTOM_VAR_NAME_LIMIT)]
VariableValue = Annotated[str, Field(max_length=CUSTOM_VAR_VALUE_LIMIT)]
Phone = Annotated[
    str,
    Field(
        max_length=_PHONE_LIMIT,
        description="As people type it; without a country code it is Brazilian.",
        examples=[_PHONE_EXAMPLE],
    ),
]
ContactName = Annotated[
    str, Field(min_length=1, max_length=NAME_LIMIT, examples=["Maria Aparecida Souza"])
]


class Consent(Body):
    """How the person agreed to be messaged."""

    given_at: Annotated[str, Field(max_length=CONSENT_LIMIT, examples=["2026-03-01"])]
    channel: Annotated[str, Field(max_length=CONSENT_LIMIT, examples=["loja"])]
    text: Annotated[str, Field(max_length=CONSENT_LIMIT)] = ""

    def kept(self) -> Mapping[str, str]:
        """Without what is empty."""
        return {name: value for name, value in self.model_dump().items() if value}


def _no_controls(text: str | None) -> str | None:
    if text and has_controls(text, lines=True):
        raise PydanticCustomError("invalid_text", "control characters")
    return text


class _ContactFields(Body):
    email: Annotated[str | None, Field(max_length=EMAIL_LIMIT)] = None
    quem_indicou: Annotated[
        str | None, Field(max_length=QUEM_INDICOU_LIMIT, description="Who recommended us.")
    ] = None
    tags: Annotated[list[Tag], FailFast(), Field(max_length=TAGS_LIMIT)] | None = None
    custom_vars: Annotated[
        dict[VariableName, VariableValue] | None,
        Field(
            max_length=CUSTOM_VARS_LIMIT,
            description="Variables for texts, beside the built-in ones.",
            examples=[{"cidade": "Osasco"}],
        ),
    ] = None
    notes: Annotated[str | None, Field(max_length=NOTES_LIMIT)] = None
    is_active: bool | None = None
    consent: Consent | None = None


class ContactIn(_ContactFields):
    """A contact to create."""

    name: ContactName
    phone: Phone

    def draft(self) -> ContactDraft:
        return _draft(self, self.name, self.phone)


class ContactPut(_ContactFields):
    """A contact as it is to be: what is left out is empty from then on, and it is active."""

    name: ContactName
    phone: Phone
    is_active: bool = True

    def values(self) -> ContactValues:
        """All that may be edited of a contact, as the caller wants it."""
        return ContactValues(**_given(self, set(type(self).model_fields)))


class ContactPatch(_ContactFields):
    """Changes to a contact; whatever is left out stays, and null empties a field.

    A field is replaced whole: `tags` and `custom_vars` are not united with those that were there.
    """

    name: ContactName = omitted()
    phone: Phone = omitted()
    is_active: bool = omitted()

    def values_over(self, stored: Contact) -> ContactValues:
        """All that may be edited of a contact, with the changes."""
        kept = {name: getattr(stored, name) for name in type(self).model_fields}
        return ContactValues(**kept | _given(self, self.model_fields_set))


class ContactRow(_ContactFields):
    """A row of a bulk call; without a name it can only update."""

    name: ContactName | None = None
    phone: Phone

    def draft(self) -> ContactDraft:
        return _draft(self, self.name, self.phone)


class OptOutIn(Body):
    """Why a person went out, or came back."""

    reason: Annotated[str | None, Field(max_length=_REASON_LIMIT), AfterValidator(_no_controls)] = (
        None
    )


class ContactQuery(ListQuery):
    """Contacts by name; one filter at a time."""

    exclusive = ("search", "tag", "group", "opted_out", "is_active")

    search: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=NAME_LIMIT,
            description=(
                "Beginning of the name or of the phone; case and accents do not matter. Those that "
                "only their phone finds come last, by phone."
            ),
        ),
    ] = None
    tag: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=TAG_LIMIT,
            description="Those that have it; case and accents do not matter.",
        ),
    ] = None
    group: Annotated[
        str | None, Field(min_length=1, max_length=64, description="Those in it, by its id.")
    ] = None
    opted_out: Annotated[
        FlagIn | None, Field(description="Those that asked for no message, or all the others.")
    ] = None
    is_active: FlagIn | None = None

    def wanted(self) -> ContactFilter:
        return ContactFilter(
            search=self.search,
            tag=self.tag,
            group_id=self.group,
            opted_out=self.opted_out,
            is_active=self.is_active,
        )


class ContactOut(Answer):
    """A contact: one person as this tenant knows her."""

    versioned_by = frozenset(
        {
            "name",
            "phone",
            "email",
            "quem_indicou",
            "tags",
            "custom_vars",
            "notes",
            "is_active",
            "consent",
            "updated_at",
        }
    )
    made_on_reading = frozenset({"last_messaged_at", "last_replied_at", "groups_count"})

    id: Annotated[str, Field(examples=["ct_6m2v5k3hq7wznp4jx8tbdyr2ce"])]
    name: str
    phone: Annotated[str, Field(description="E.164.", examples=["+5511990002471"])]
    email: str | None
    quem_indicou: str | None
    tags: list[str]
    custom_vars: dict[str, str]
    notes: str | None
    is_active: bool
    consent: dict[str, str] | None
    source: Annotated[
        ContactSource,
        Field(
            description=(
                "How it came into being: `api` alone, `import` in a bulk call, `manual` by hand, "
                "`inbound` by writing to an instance."
            )
        ),
    ]
    import_id: Annotated[
        str | None, Field(description="The same for all that one bulk call created.")
    ]
    opted_out_at: Moment | None
    opt_out_source: str | None
    last_messaged_at: Annotated[
        Moment | None, Field(description="When a message to this person last left, or may have.")
    ]
    last_replied_at: Moment | None
    groups_count: int
    created_at: Moment
    updated_at: Moment

    @classmethod
    def of(cls, view: ContactView) -> Self:
        contact, suppression = view.contact, view.suppression
        return cls(
            id=contact.contact_id,
            name=contact.name,
            phone=contact.phone,
            email=contact.email,
            quem_indicou=contact.quem_indicou,
            tags=list(contact.tags),
            custom_vars=dict(contact.custom_vars),
            notes=contact.notes,
            is_active=contact.is_active,
            consent=dict(contact.consent) if contact.consent else None,
            source=ContactSource(contact.source),
            import_id=contact.import_id,
            opted_out_at=iso_or_none(suppression.opted_out_at if suppression else None),
            opt_out_source=suppression.source if suppression else None,
            last_messaged_at=iso_or_none(view.activity.last_messaged_at),
            last_replied_at=iso_or_none(view.activity.last_replied_at),
            groups_count=view.groups_count,
            created_at=to_iso(contact.created_at),
            updated_at=to_iso(contact.updated_at),
        )


class ContactPage(Answer):
    """Contacts by name."""

    results: list[ContactOut]
    next: NextCursor


def _draft(fields: _ContactFields, name: str | None, phone: str) -> ContactDraft:
    return ContactDraft(
        phone=phone,
        name=name,
        email=fields.email,
        quem_indicou=fields.quem_indicou,
        tags=None if fields.tags is None else tuple(fields.tags),
        custom_vars=fields.custom_vars,
        notes=fields.notes,
        is_active=fields.is_active,
        consent=None if fields.consent is None else fields.consent.kept(),
    )


def _given(fields: _ContactFields, names: set[str]) -> dict[str, Any]:
    """The named fields as the rules take them: null is empty."""
    consent = fields.consent.kept() if fields.consent else None
    values = fields.model_dump(include=names) | {
        "tags": tuple(fields.tags or ()),
        "custom_vars": fields.custom_vars or {},
        "consent": consent,
    }
    return {name: values[name] for name in names}
