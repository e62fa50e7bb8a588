"""A campaign's books: what each transition of a recipient changes in the counters."""

from collections import Counter
from collections.abc import Iterator, Mapping

from campaigns.domain.model import Recipient
from campaigns.domain.recipient import RecipientStatus

#: Statuses that have a counter; `pending` is what is left of the total, `sending` is the gate's.
BOOKED = frozenset(RecipientStatus) - {RecipientStatus.PENDING, RecipientStatus.SENDING}
#: Beside the counters: when the newest request that was answered with a 201 left.
LAST_SEND_AT = "last_send_at"

_TIMES_SENT = "times_sent."
_RESPONSES = "responses."


def times_sent(message_id: str) -> str:
    """The counter of a wording."""
    return f"{_TIMES_SENT}{message_id}"


def responses(message_id: str) -> str:
    """The counter of those who answered a wording."""
    return f"{_RESPONSES}{message_id}"


def is_book(name: str) -> bool:
    """Whether a number of the counters' item is a count of recipients."""
    return name in BOOKED or name.startswith((_TIMES_SENT, _RESPONSES))


def counted(recipient: Recipient) -> Iterator[str]:
    """Every counter in which the recipient, as it stands, is one."""
    if recipient.status in BOOKED:
        yield recipient.status
    if recipient.message_id and recipient.sent_at is not None:
        yield times_sent(recipient.message_id)
    if recipient.message_id and recipient.responded_at is not None:
        yield responses(recipient.message_id)


def booking(before: Recipient, after: Recipient) -> Mapping[str, int]:
    """What one transition changes in the counters: what a recount would find, and no more."""
    changes = Counter(counted(after))
    changes.subtract(counted(before))
    return {name: change for name, change in changes.items() if change}
