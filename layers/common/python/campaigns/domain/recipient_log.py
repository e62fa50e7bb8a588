"""What happened to a recipient, told from its item: no row is written per message beside it."""

from collections.abc import Iterator
from dataclasses import replace

from campaigns.domain.campaign_log import SYSTEM
from campaigns.domain.model import EventType, LogEntry, LogLevel, Recipient
from campaigns.domain.recipient import DOUBTFUL, RecipientStatus

#: Every event that a recipient can tell of, with its level; a failed try is also told as a warning.
EVENT_LEVELS = {
    EventType.MESSAGE_SENT: LogLevel.SUCCESS,
    EventType.MESSAGE_DELIVERED: LogLevel.INFO,
    EventType.MESSAGE_READ: LogLevel.INFO,
    EventType.MESSAGE_RESPONDED: LogLevel.SUCCESS,
    EventType.MESSAGE_FAILED: LogLevel.ERROR,
    EventType.MESSAGE_SKIPPED: LogLevel.WARNING,
    EventType.MESSAGE_UNKNOWN: LogLevel.WARNING,
    EventType.MESSAGE_UNCONFIRMED: LogLevel.WARNING,
}
#: What ended a recipient that was not sent; it happened when the item was last written.
_ENDINGS = {
    RecipientStatus.FAILED: EventType.MESSAGE_FAILED,
    RecipientStatus.SKIPPED: EventType.MESSAGE_SKIPPED,
    RecipientStatus.UNCONFIRMED: EventType.MESSAGE_UNCONFIRMED,
}


def order_of(entry: LogEntry) -> tuple[int, str]:
    """Entries are ordered by time; the id decides between two of one millisecond."""
    return entry.created_at, entry.log_id


def entries_of(recipient: Recipient) -> tuple[LogEntry, ...]:
    """A recipient's tries, receipts and end, newest first; an entry keeps its id for good."""
    entries = (*_tries(recipient), *_receipts(recipient), *_ending(recipient))
    return tuple(sorted(entries, key=order_of, reverse=True))


def _tries(recipient: Recipient) -> Iterator[LogEntry]:
    """Tries that were no plain success, but for the one that ended it."""
    for number, failed in enumerate(recipient.failed_tries):
        is_last = number == len(recipient.failed_tries) - 1
        if (
            is_last
            and recipient.status is RecipientStatus.FAILED
            and failed.code == recipient.error_code
        ):
            continue
        event = EventType.MESSAGE_UNKNOWN if failed.code in DOUBTFUL else EventType.MESSAGE_FAILED
        yield _entry(recipient, event, failed.at, f"try{number:02d}", LogLevel.WARNING, failed.code)


def _receipts(recipient: Recipient) -> Iterator[LogEntry]:
    moments = (
        (EventType.MESSAGE_SENT, recipient.sent_at),
        (EventType.MESSAGE_DELIVERED, recipient.delivered_at),
        (EventType.MESSAGE_READ, recipient.read_at),
        (EventType.MESSAGE_RESPONDED, recipient.responded_at),
    )
    for rank, (event, at) in enumerate(moments):
        if at is not None:
            entry = _entry(recipient, event, at, f"was{rank}", EVENT_LEVELS[event])
            if event is EventType.MESSAGE_SENT and recipient.whatsapp_message_id:
                metadata = {**entry.metadata, "whatsapp_message_id": recipient.whatsapp_message_id}
                entry = replace(entry, metadata=metadata)
            yield entry


def _ending(recipient: Recipient) -> Iterator[LogEntry]:
    event = _ENDINGS.get(recipient.status)
    if event:
        level, code = EVENT_LEVELS[event], recipient.error_code
        yield _entry(recipient, event, recipient.updated_at, "zend", level, code)


def _entry(
    recipient: Recipient,
    event: EventType,
    at: int,
    suffix: str,
    level: LogLevel,
    error_code: str | None = None,
) -> LogEntry:
    """Suffixes sort as things happen: tries, receipts, the end."""
    metadata: dict[str, str | int] = {
        "recipient_id": recipient.recipient_id,
        "contact_id": recipient.contact_id,
        "sequence": recipient.sequence,
    }
    if error_code:
        metadata["error_code"] = str(error_code)
    return LogEntry(f"{recipient.recipient_id}.{suffix}", level, event, at, SYSTEM, metadata)
