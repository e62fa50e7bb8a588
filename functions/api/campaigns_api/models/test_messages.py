"""Test messages as the API reads and shows them."""

from typing import Annotated, Self

from pydantic import Field

from campaigns.domain.direct_message import (
    DirectErrorCode,
    DirectMessage,
    DirectStatus,
    ErrorCode,
)
from campaigns.domain.instants import to_iso
from campaigns.domain.recipient import RecipientErrorCode
from campaigns.domain.rendering import TEXT_LIMIT
from campaigns_api.language import Language, say
from campaigns_api.models.base import Answer, Body, Moment, iso_or_none
from campaigns_api.models.contacts import Phone

_ContactId = Annotated[
    str | None,
    Field(
        min_length=1,
        max_length=64,
        description="Whose values fill the variables. The message goes to `phone` all the same.",
        examples=["ct_6m2v5k3hq7wznp4jx8tbdyr2ce"],
    ),
]
_Id = Annotated[str, Field(examples=["dm_01hz7q3v9k2m4n6p8r0s2t4v6x"])]
_NotBefore = Annotated[
    Moment, Field(description="When it may leave, as far as the instance's gap goes.")
]


class TestTextIn(Body):
    """A text to send to one phone at once, to see it there."""

    phone: Phone
    text: Annotated[
        str,
        Field(
            min_length=1,
            max_length=TEXT_LIMIT,
            description="Variables need a `contact_id`, or a default as in `{{nome|amigo}}`.",
            examples=["Oi! Este é um teste da Loja do centro."],
        ),
    ]
    contact_id: _ContactId = None


class TestWordingIn(Body):
    """Where a campaign's message is to be sent to, to see it there."""

    phone: Phone
    contact_id: _ContactId = None


class TestMessageQueued(Answer):
    """A test message on its way."""

    id: _Id
    status: DirectStatus
    not_before: _NotBefore

    @classmethod
    def of(cls, message: DirectMessage) -> Self:
        return cls(
            id=message.direct_message_id,
            status=message.status,
            not_before=to_iso(message.slot_at),
        )


class TestMessageOut(Answer):
    """A test message as it stands."""

    id: _Id
    status: Annotated[
        DirectStatus,
        Field(
            description="`sent` is handed to WhatsApp; `unconfirmed` may have been, and is never "
            "sent again."
        ),
    ]
    not_before: _NotBefore
    give_up_at: Annotated[Moment, Field(description="It is not sent from then on.")]
    instance_id: str
    phone: str
    text: Annotated[str, Field(description="As the phone shows it.")]
    error_code: Annotated[
        RecipientErrorCode | DirectErrorCode | None,
        Field(description="While it is queued: why the last try was not sent."),
    ]
    error_message: str | None
    created_at: Moment
    updated_at: Moment
    sent_at: Moment | None

    @classmethod
    def whole(cls, message: DirectMessage, language: Language) -> Self:
        code = message.error_code
        return cls(
            id=message.direct_message_id,
            status=message.status,
            not_before=to_iso(message.slot_at),
            give_up_at=to_iso(message.give_up_at),
            instance_id=message.instance_id,
            phone=message.phone,
            text=message.text,
            error_code=code,
            error_message=code and _sentence(code, language),
            created_at=to_iso(message.created_at),
            updated_at=to_iso(message.updated_at),
            sent_at=iso_or_none(message.sent_at),
        )


def _sentence(code: ErrorCode, language: Language) -> str:
    kind = "direct" if isinstance(code, DirectErrorCode) else "recipient"
    return say(f"{kind}.{code}", language)
