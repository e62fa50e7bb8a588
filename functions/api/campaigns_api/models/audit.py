"""The audit trail as the API shows it."""

from typing import Annotated, Self

from pydantic import Field

from campaigns.domain import audit
from campaigns.domain.audit import AuditEntry
from campaigns.domain.instants import to_iso
from campaigns_api.models.base import Answer, Moment, NextCursor


class AuditObject(Answer):
    """What a change was made to, or what that lies in."""

    kind: Annotated[
        str,
        Field(description="Such as `campaign`, `contact`, `key`, `tenant`.", examples=["campaign"]),
    ]
    id: Annotated[
        str | None,
        Field(
            description="Null where the change was to many at once.",
            examples=["cp_01hz7q3v9k2m4n6p8r0s2t4v6x"],
        ),
    ]

    @classmethod
    def of(cls, changed: audit.AuditObject) -> Self:
        return cls(kind=changed.kind, id=changed.id)


class AuditEntryOut(Answer):
    """A change: by whom, of what, when. Of values it says nothing, only which fields they are."""

    id: Annotated[str, Field(examples=["au_01hz7q3v9k2m4n6p8r0s2t4v6x"])]
    actor: Annotated[
        str,
        Field(
            description="`key:` and the key's id; `admin` for whoever runs the deployment.",
            examples=["key:01hz7q3v9k2m4n6p8r0s2t4v6x"],
        ),
    ]
    action: Annotated[
        str,
        Field(
            description="The `operationId` of what was called.",
            examples=["change_campaign"],
        ),
    ]
    object: AuditObject
    parent: Annotated[
        AuditObject | None,
        Field(description="What the object lies in, as a message in a campaign."),
    ]
    fields: Annotated[
        list[str],
        Field(
            description="Names of the fields that changed, or that were given with an action.",
            examples=[["daily_limit", "name"]],
        ),
    ]
    counts: Annotated[
        dict[str, int],
        Field(
            description="How many, where the change was to many at once.",
            examples=[{"created": 12, "updated": 3}],
        ),
    ]
    created_at: Moment

    @classmethod
    def of(cls, entry: AuditEntry) -> Self:
        change = entry.change
        return cls(
            id=entry.entry_id,
            actor=entry.actor,
            action=change.action,
            object=AuditObject.of(change.object),
            parent=AuditObject.of(change.parent) if change.parent else None,
            fields=list(change.fields),
            counts=dict(change.counts),
            created_at=to_iso(entry.created_at),
        )


class AuditPage(Answer):
    """Changes, newest first."""

    results: list[AuditEntryOut]
    next: NextCursor
