"""Whom a campaign is for, as the API reads and shows it."""

from typing import Annotated, Self

from pydantic import FailFast, Field

from campaigns.domain.campaign_draft import NAME_LIMIT
from campaigns.domain.contact import TAG_LIMIT
from campaigns.domain.model import Recipients, RecipientsState
from campaigns.domain.sources import (
    CONTACT_IDS_LIMIT,
    GROUP_IDS_LIMIT,
    TAGS_LIMIT,
    Copied,
    NamedSources,
)
from campaigns.services.count_audience import Audience
from campaigns_api.models.base import Answer, Body

_Id = Annotated[str, Field(min_length=1, max_length=64)]

ContactIds = Annotated[
    list[_Id],
    FailFast(),
    Field(
        max_length=CONTACT_IDS_LIMIT,
        description="Contacts by id. All sources are merged without repeats: a snapshot.",
        examples=[["ct_6m2v5k3hq7wznp4jx8tbdyr2ce"]],
    ),
]
GroupIds = Annotated[
    list[_Id],
    FailFast(),
    Field(
        max_length=GROUP_IDS_LIMIT,
        description="The contacts of these groups.",
        examples=[["gr_01hz7q3v9k2m4n6p8r0s2t4v6x"]],
    ),
]
Tags = Annotated[
    list[Annotated[str, Field(max_length=TAG_LIMIT)]],
    FailFast(),
    Field(
        max_length=TAGS_LIMIT,
        description=(
            "The contacts that have any of these tags; case and accents do not matter. "
            "A tag that nobody has is no fault: it adds nobody."
        ),
        examples=[["vip"]],
    ),
]


class SourcesIn(Body):
    """Contacts named one by one, by their groups, by any of some tags."""

    contact_ids: ContactIds = Field(default_factory=list)
    group_ids: GroupIds = Field(default_factory=list)
    tags: Tags = Field(default_factory=list)

    @property
    def named(self) -> NamedSources:
        return NamedSources(self.contact_ids, self.group_ids, self.tags)


class RecipientsOut(Answer):
    """What laying has made of the sources so far."""

    state: RecipientsState
    requested: Annotated[
        int,
        Field(
            description=(
                "Contacts that were named. Those of groups and tags, and those of a duplicate's "
                "original, are counted while they are laid: the number is whole once the state is "
                "`ready`, and then the sum of the five below."
            )
        ),
    ]
    added: Annotated[int, Field(description="Became recipients.")]
    repeats: Annotated[int, Field(description="Were recipients already.")]
    opted_out: Annotated[int, Field(description="Left out: they had opted out.")]
    inactive: Annotated[int, Field(description="Left out: inactive, or deleted meanwhile.")]
    missing_values: Annotated[
        int,
        Field(
            description=(
                "Left out when the campaign was live already: they lack a variable's value, and "
                "`allow_missing` is false."
            )
        ),
    ]
    error: str | None

    @classmethod
    def of(cls, recipients: Recipients) -> Self:
        return cls(**{name: getattr(recipients, name) for name in cls.model_fields})


class AudienceOut(Answer):
    """How many people a campaign would reach, by what would become of them."""

    total: Annotated[int, Field(description="The sum of the three below: people, each once.")]
    reachable: int
    opted_out: int
    inactive: int
    exact: Annotated[
        bool,
        Field(
            description=(
                "False beyond 10,000 people: then the three below are estimated from an even "
                "sample, and of more than 50,000 those beyond are not counted."
            )
        ),
    ]

    @classmethod
    def of(cls, audience: Audience) -> Self:
        return cls(
            total=audience.total,
            reachable=audience.reachable,
            opted_out=audience.opted_out,
            inactive=audience.inactive,
            exact=audience.is_exact,
        )


class DuplicateIn(Body):
    """What a duplicate is called, and whom it takes over from the original."""

    name: Annotated[
        str, Field(min_length=1, max_length=NAME_LIMIT, examples=["Natal 2026, segunda rodada"])
    ]
    recipients: Annotated[
        Copied,
        Field(
            strict=False,
            description=(
                "`same`: all but those that were removed; `failed`: whose message failed; "
                "`not_responded`: who was sent the message and has not responded. As they stand "
                "while the duplicate is laid: the original may still be running."
            ),
        ),
    ] = Copied.NONE
