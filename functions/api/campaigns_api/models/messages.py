"""A campaign's wordings as the API reads and shows them."""

from typing import Annotated, Self

from pydantic import Field

from campaigns.domain.campaign_draft import MESSAGES_LIMIT
from campaigns.domain.rendering import TEXT_LIMIT
from campaigns.services.manage_messages import MessageView, Preview
from campaigns_api.models.base import Answer, Body, MomentIn, NextCursor, Query, omitted

MessageTextIn = Annotated[
    str,
    Field(
        min_length=1,
        max_length=TEXT_LIMIT,
        description="With variables such as `{{primeiro_nome}}` or `{{cidade|sua cidade}}`.",
        examples=[
            "{{saudacao}}, {{primeiro_nome}}! Chegou a coleção nova.",
            "Hi {{primeiro_nome|there}}! Our new collection is here.",
        ],
    ),
]
_Order = Annotated[int, Field(ge=1, le=MESSAGES_LIMIT, description="Its place, unique.")]


class MessageIn(Body):
    """A wording to add to a draft; without `order` it takes the first free place."""

    message_text: MessageTextIn
    order: _Order | None = None
    is_active: bool = True


class MessagePut(Body):
    """A wording as it is to be."""

    message_text: MessageTextIn
    order: _Order
    is_active: bool = True


class MessagePatch(Body):
    """Changes to a wording; whatever is left out stays."""

    message_text: MessageTextIn = omitted()
    order: _Order = omitted()
    is_active: bool = omitted()


class MessageOut(Answer):
    """A wording and how it does."""

    versioned_by = frozenset({"message_text", "order", "is_active"})

    id: Annotated[str, Field(examples=["ms_01hz7q3v9k2m4n6p8r0s2t4v6x"])]
    message_text: str
    order: int
    is_active: bool
    times_sent: int
    response_count: int
    response_rate: Annotated[float | None, Field(description="Percent of sent.")]

    @classmethod
    def of(cls, view: MessageView) -> Self:
        return cls(
            id=view.message.message_id,
            message_text=view.message.text,
            order=view.message.order,
            is_active=view.message.is_active,
            times_sent=view.times_sent,
            response_count=view.responses,
            response_rate=view.response_rate,
        )


class MessageList(Answer):
    """All wordings of a campaign, by their order; five at most, so always one page."""

    results: list[MessageOut]
    next: NextCursor


class PreviewQuery(Query):
    """When the text would be read: greeting and weekday depend on it."""

    at: Annotated[MomentIn | None, Field(description="Now, where left out.")] = None


class PreviewIn(Body):
    """A text that is not stored; without a campaign it is shown for some contacts of the tenant."""

    message_text: MessageTextIn
    campaign_id: Annotated[str | None, Field(min_length=1, max_length=64)] = None
    at: Annotated[MomentIn | None, Field(description="Now, where left out.")] = None


class RenderedOut(Answer):
    """What one person would read."""

    contact_name: str
    contact_phone: str
    rendered_message: str


class PreviewOut(Answer):
    """A text as three people would read it."""

    original_message: str
    previews: list[RenderedOut]
    unknown_variables: Annotated[
        list[str], Field(description="Variables without a default that nobody has a value for.")
    ]

    @classmethod
    def of(cls, preview: Preview) -> Self:
        return cls(
            original_message=preview.original,
            previews=[
                RenderedOut(
                    contact_name=each.contact.name,
                    contact_phone=each.contact.phone,
                    rendered_message=each.text,
                )
                for each in preview.rendered
            ],
            unknown_variables=list(preview.unknown_variables),
        )
