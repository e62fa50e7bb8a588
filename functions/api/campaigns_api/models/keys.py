"""Keys as the API reads and shows them; the text of one is in the answer that makes it, only."""

from typing import Annotated, Self

from pydantic import Field

from campaigns.domain.bearer_key import NewKey, prefix_of
from campaigns.domain.instants import to_iso
from campaigns.domain.model import Key, Role
from campaigns.domain.tenant_settings import NAME_LIMIT
from campaigns_api.models.base import Answer, Body, Moment, NextCursor, iso_or_none


class KeyIn(Body):
    """A key to create."""

    name: Annotated[
        str,
        Field(
            min_length=1,
            max_length=NAME_LIMIT,
            description="Who or what uses it.",
            examples=["Sistema da loja"],
        ),
    ]
    role: Annotated[
        Role,
        Field(
            strict=False,
            description="`viewer` reads, `operator` also writes and runs campaigns, `owner` also "
            "manages instances, keys and the tenant.",
        ),
    ]


class KeyOut(Answer):
    """A key without its secret."""

    versioned_by = frozenset({"id", "name", "role"})

    id: Annotated[str, Field(examples=["01hz7q3v9k2m4n6p8r0s2t4v6x"])]
    name: str
    role: Role
    prefix: Annotated[
        str,
        Field(
            description="What the key begins with, to know it by.",
            examples=["ak_01hz7q3v9k2m4n6p8r0s2t4v6x"],
        ),
    ]
    last_used_at: Annotated[Moment | None, Field(description="Exact to an hour; null: never.")]
    created_at: Moment

    @classmethod
    def of(cls, key: Key) -> Self:
        return cls(
            id=key.key_id,
            name=key.name,
            role=key.role,
            prefix=prefix_of(key),
            last_used_at=iso_or_none(key.last_used_at),
            created_at=to_iso(key.created_at),
        )


class KeyCreated(KeyOut):
    """A key that was just made, with its whole text."""

    holds_secret = True

    key: Annotated[
        str,
        Field(
            description="Send it as `Authorization: Bearer <key>`. It is never shown again.",
            examples=["ak_01hz7q3v9k2m4n6p8r0s2t4v6x_" + "0af4" * 16],
        ),
    ]

    @classmethod
    def made(cls, new: NewKey) -> Self:
        return cls(**KeyOut.of(new.key).model_dump(), key=new.text)


class KeyPage(Answer):
    """Keys in the order in which they were created."""

    results: list[KeyOut]
    next: NextCursor
