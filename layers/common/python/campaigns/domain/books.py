"""A campaign's books: what each transition of a recipient changes in the counters."""

from collections.abc import Mapping

from campaigns.domain.model import Recipient
from campaigns.domain.recipient import RecipientStatus

#: Statuses that have a counter; `pending` is what is left of the total, `sending` is the gate's.
BOOKED = frozenset(RecipientStatus) - {RecipientStatus.PENDING, RecipientStatus.SENDING}
#: Beside the counters: when the newest request that was answered with a 201 left.
LAST_SEND_AT = "last_send_at"

_TIMES_SENT = "times_sent."


def times_sent(message_id: str) -> str:
    """The counter of a wording."""
    return f"{_TIMES_SENT}{message_id}"


def is_book(name: str) -> bool:
    """Whether a number of the counters' item is a count of recipients."""
    return name in BOOKED or name.startswith(_TIMES_SENT)


def booking(before: Recipient, after: Recipient) -> Mapping[str, int]:
    """What one transition changes in the counters."""
    changes: dict[str, int] = {}
    if before.status in BOOKED:
        changes[before.status] = -1
    if after.status in BOOKED:
        changes[after.status] = changes.get(after.status, 0) + 1
    if after.sent_at is not None and before.sent_at is None and after.message_id:
        changes[times_sent(after.message_id)] = 1
    return {name: change for name, change in changes.items() if change}
