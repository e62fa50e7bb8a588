"""A campaign's recipients and its log, as the API shows them."""

from typing import Annotated, Self

from pydantic import Field

from campaigns.domain.instants import to_iso
from campaigns.domain.model import EventType, LogEntry, LogLevel
from campaigns.domain.recipient import RecipientErrorCode, RecipientStatus
from campaigns.services.read_recipients import RecipientView
from campaigns_api.language import Language, say
from campaigns_api.models.base import (
    Answer,
    ListQuery,
    Moment,
    NextCursor,
    PagedQuery,
    iso_or_none,
)

_PREVIEW_LENGTH = 100
#: What an operator does, and may say why.
_REASONED = frozenset(
    {
        EventType.CAMPAIGN_PAUSED,
        EventType.CAMPAIGN_RESUMED,
        EventType.CAMPAIGN_CANCELLED,
    }
)


class RecipientQuery(ListQuery):
    """A campaign's recipients by sequence."""

    status: RecipientStatus | None = None


class ExportQuery(PagedQuery):
    """A part of a campaign's recipients as a file."""

    cursor: Annotated[
        str | None, Field(max_length=4096, description="As the `Link` of the part before gives it.")
    ] = None


class ContactBrief(Answer):
    """The person; name and phone are gone with the contact."""

    id: str
    name: str | None
    phone: str | None


class RecipientOut(Answer):
    """One person in one campaign."""

    versioned_by = frozenset({"id", "sequence", "status", "attempts", "updated_at"})

    id: Annotated[str, Field(examples=["rc_6m2v5k3hq7wznp4jx8tbdyr2ce"])]
    sequence: int
    contact: ContactBrief
    status: RecipientStatus
    message_sent: Annotated[str | None, Field(description="Id of the wording that it got.")]
    message_sent_preview: Annotated[
        str | None, Field(description="The first 100 characters of the rendered text.")
    ]
    attempts: int
    retry_count: int
    error_code: RecipientErrorCode | None
    error_message: str | None
    scheduled_at: Moment | None
    sent_at: Moment | None
    delivered_at: Moment | None
    read_at: Moment | None
    responded_at: Moment | None
    updated_at: Moment

    @classmethod
    def of(cls, view: RecipientView, language: Language) -> Self:
        return cls.model_validate(fields_of(view, language))


class LogOut(Answer):
    """Something that happened; `message` is in the caller's language."""

    id: str
    level: LogLevel
    event_type: EventType
    message: str
    metadata: dict[str, str | int]
    actor: Annotated[str, Field(examples=["system"])]
    created_at: Moment

    @classmethod
    def of(cls, entry: LogEntry, language: Language) -> Self:
        return cls(
            id=entry.log_id,
            level=entry.level,
            event_type=entry.event_type,
            message=_told(entry, language),
            metadata=dict(entry.metadata),
            actor=entry.actor,
            created_at=to_iso(entry.created_at),
        )


class RecipientDetail(RecipientOut):
    """One person in one campaign, with the whole text and what happened."""

    rendered_text: str | None
    history: Annotated[list[LogOut], Field(description="Newest first.")]

    @classmethod
    def whole(cls, view: RecipientView, entries: tuple[LogEntry, ...], language: Language) -> Self:
        return cls.model_validate(
            fields_of(view, language)
            | {
                "rendered_text": view.recipient.rendered_text,
                "history": [LogOut.of(entry, language) for entry in entries],
            }
        )


class RecipientPage(Answer):
    """Recipients by sequence."""

    results: list[RecipientOut]
    next: NextCursor


class LogQuery(ListQuery):
    """A campaign's log."""

    exclusive = ("level", "event_type")

    level: LogLevel | None = None
    event_type: EventType | None = None


class LogPage(Answer):
    """A campaign's log, newest first."""

    results: list[LogOut]
    next: NextCursor


def fields_of(view: RecipientView, language: Language) -> dict[str, object]:
    """What both shapes of a recipient show."""
    recipient, contact = view.recipient, view.contact
    text, code = recipient.rendered_text, recipient.error_code
    return {
        "id": recipient.recipient_id,
        "sequence": recipient.sequence,
        "contact": ContactBrief(
            id=recipient.contact_id,
            name=contact.name if contact else None,
            phone=contact.phone if contact else None,
        ),
        "status": recipient.status,
        "message_sent": recipient.message_id,
        "message_sent_preview": text and text[:_PREVIEW_LENGTH],
        "attempts": recipient.attempts,
        "retry_count": recipient.retry_count,
        "error_code": code,
        "error_message": code and say(f"recipient.{code}", language),
        "scheduled_at": iso_or_none(recipient.slot_at),
        "sent_at": iso_or_none(recipient.sent_at),
        "delivered_at": iso_or_none(recipient.delivered_at),
        "read_at": iso_or_none(recipient.read_at),
        "responded_at": iso_or_none(recipient.responded_at),
        "updated_at": to_iso(recipient.updated_at),
    }


def _told(entry: LogEntry, language: Language) -> str:
    """The event in words, with the reason that an operator gave."""
    sentence = say(f"event.{entry.event_type}", language, _gaps(entry, language))
    if entry.event_type in _REASONED and (reason := entry.metadata.get("reason")):
        return f"{sentence} {say('event.because', language, {'reason': reason})}"
    return sentence


def _gaps(entry: LogEntry, language: Language) -> dict[str, object]:
    """What fills an event's sentence: the recipient's place from 1 on, and the reason in words."""
    gaps: dict[str, object] = dict(entry.metadata)
    if isinstance(sequence := gaps.get("sequence"), int):
        gaps["place"] = sequence + 1
    if code := gaps.get("error_code"):
        gaps["reason"] = say(f"recipient.{code}", language)
    elif entry.event_type is EventType.RECIPIENT_RESOLVED:
        gaps["decision"] = say(f"decision.{gaps.get('outcome')}", language)
    elif entry.event_type is EventType.CAMPAIGN_AUTO_PAUSED:
        gaps["reason"] = say(f"pause.{gaps.get('reason')}", language)
    return gaps
