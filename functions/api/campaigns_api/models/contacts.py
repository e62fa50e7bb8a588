"""Contacts as the API reads and shows them."""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import FailFast, Field, WithJsonSchema

from campaigns.domain.contact import (
    CONSENT_LIMIT,
    EMAIL_LIMIT,
    NAME_LIMIT,
    NOTES_LIMIT,
    QUEM_INDICOU_LIMIT,
    TAG_LIMIT,
    TAGS_LIMIT,
    ContactDraft,
)
from campaigns.domain.contact_bulk import OnDuplicate, RowOutcome, RowResult
from campaigns.domain.instants import to_iso
from campaigns.domain.rendering import (
    CUSTOM_VAR_NAME_LIMIT,
    CUSTOM_VAR_VALUE_LIMIT,
    CUSTOM_VARS_LIMIT,
)
from campaigns.services.manage_contacts import ContactView
from campaigns_api.models.base import Answer, Body, ListQuery, Moment, NextCursor, iso_or_none
from campaigns_api.models.problems import FieldProblem

BULK_LIMIT = 1_000
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


class ContactRow(_ContactFields):
    """A row of a bulk call; without a name it can only update."""

    name: ContactName | None = None
    phone: Phone

    def draft(self) -> ContactDraft:
        return _draft(self, self.name, self.phone)


class BulkIn(Body):
    """Rows to create or update. Each row is judged alone."""

    contacts: Annotated[
        list[Annotated[Any, WithJsonSchema({"type": "object", "additionalProperties": True})]],
        Field(min_length=1, max_length=BULK_LIMIT, description="Rows, each a `ContactRow`."),
    ]
    on_duplicate: Annotated[
        OnDuplicate, Field(strict=False, description="What becomes of a person who is there.")
    ] = OnDuplicate.UPDATE


class OptOutIn(Body):
    """Why a person went out, or came back."""

    reason: Annotated[str | None, Field(max_length=_REASON_LIMIT)] = None


class ContactQuery(ListQuery):
    """Contacts by name."""

    search: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=NAME_LIMIT,
            description="Beginning of the name or of the phone; case and accents do not matter.",
        ),
    ] = None


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
    source: Annotated[str, Field(examples=["api"])]
    opted_out_at: Moment | None
    opt_out_source: str | None
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
            source=contact.source,
            opted_out_at=iso_or_none(suppression.opted_out_at if suppression else None),
            opt_out_source=suppression.source if suppression else None,
            created_at=to_iso(contact.created_at),
            updated_at=to_iso(contact.updated_at),
        )


class ContactPage(Answer):
    """Contacts by name."""

    results: list[ContactOut]
    next: NextCursor


class BulkError(Answer):
    """A row that was refused."""

    index: int
    code: str
    errors: list[FieldProblem]


class BulkContact(Answer):
    """A row that was taken."""

    index: int
    id: str
    phone: str
    result: RowOutcome

    @classmethod
    def of(cls, row: RowResult) -> Self:
        return cls(index=row.index, id=row.id or "", phone=row.phone or "", result=row.result)


class BulkOut(Answer):
    """What became of each row: 201 if any was created, 422 if every row is bad, else 200."""

    created: int
    updated: int
    skipped: int
    errors: list[BulkError]
    contacts: list[BulkContact]


def _draft(fields: _ContactFields, name: str | None, phone: str) -> ContactDraft:
    consent: Mapping[str, str] | None = None
    if fields.consent is not None:
        consent = {key: value for key, value in fields.consent.model_dump().items() if value}
    return ContactDraft(
        phone=phone,
        name=name,
        email=fields.email,
        quem_indicou=fields.quem_indicou,
        tags=None if fields.tags is None else tuple(fields.tags),
        custom_vars=fields.custom_vars,
        notes=fields.notes,
        is_active=fields.is_active,
        consent=consent,
    )
