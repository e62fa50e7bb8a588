"""Groups and tags as the API reads and shows them."""

from typing import Annotated, Final, Self

from pydantic import FailFast, Field

from campaigns.domain.group import DESCRIPTION_LIMIT, NAME_LIMIT
from campaigns.domain.instants import to_iso
from campaigns.services.manage_groups import GroupChange, GroupView, TagView
from campaigns_api.models.base import Answer, Body, Moment, NextCursor, omitted

CONTACT_IDS_LIMIT: Final = 1_000
_Name = Annotated[
    str,
    Field(
        min_length=1,
        max_length=NAME_LIMIT,
        description="Two groups may have the same.",
        examples=["Clientes de Osasco"],
    ),
]
_Description = Annotated[str, Field(max_length=DESCRIPTION_LIMIT)]
_ContactId = Annotated[str, Field(min_length=1, max_length=64)]


class GroupIn(Body):
    """A group to create, or as it is to be."""

    name: _Name
    description: _Description = ""


class GroupPatch(Body):
    """Changes to a group; whatever is left out stays."""

    name: _Name = omitted()
    description: _Description = omitted()


class GroupContactsIn(Body):
    """Contacts that go into a group or out of it."""

    contact_ids: Annotated[
        list[_ContactId],
        FailFast(),
        Field(
            min_length=1,
            max_length=CONTACT_IDS_LIMIT,
            description="Repeats, and contacts that are in the group (or out of it), do no harm.",
        ),
    ]


class GroupOut(Answer):
    """Contacts that were put together under a name."""

    versioned_by = frozenset({"name", "description", "updated_at"})
    made_on_reading = frozenset({"contacts_count"})

    id: Annotated[str, Field(examples=["gr_01hz7q3v9k2m4n6p8r0s2t4v6x"])]
    name: str
    description: str
    contacts_count: int
    created_at: Moment
    updated_at: Moment

    @classmethod
    def of(cls, view: GroupView) -> Self:
        group = view.group
        return cls(
            id=group.group_id,
            name=group.name,
            description=group.description,
            contacts_count=view.contacts_count,
            created_at=to_iso(group.created_at),
            updated_at=to_iso(group.updated_at),
        )


class GroupPage(Answer):
    """Groups by name."""

    results: list[GroupOut]
    next: NextCursor


class GroupChangeOut(Answer):
    """What became of the contacts that were given."""

    changed: Annotated[int, Field(description="How many went in, or out.")]
    unknown: Annotated[
        list[str], Field(description="The ids of which there is no contact, as they were given.")
    ]
    total_contacts: Annotated[int, Field(description="How many the group has now.")]

    @classmethod
    def of(cls, change: GroupChange) -> Self:
        return cls(
            changed=change.changed,
            unknown=list(change.unknown),
            total_contacts=change.total_contacts,
        )


class TagOut(Answer):
    """A tag that some contact has."""

    tag: Annotated[str, Field(description="As it was first written.", examples=["vip"])]
    contacts_count: int

    @classmethod
    def of(cls, view: TagView) -> Self:
        return cls(tag=view.tag, contacts_count=view.contacts_count)


class TagPage(Answer):
    """Tags in their alphabetical order; case and accents do not matter."""

    results: list[TagOut]
    next: NextCursor
