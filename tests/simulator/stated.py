"""What a recipient's states mean, said once more: the judge asks nothing of the code it judges."""

from collections.abc import Iterator, Mapping
from typing import Final

from campaigns.domain.recipient import RecipientStatus

_S = RecipientStatus

SENT_OR_FURTHER: Final = (_S.SENT, _S.DELIVERED, _S.READ, _S.RESPONDED)
SETTLED: Final = frozenset({*SENT_OR_FURTHER, _S.FAILED, _S.SKIPPED, _S.UNCONFIRMED})
#: Statuses that have a counter.
_COUNTED: Final = SETTLED | {_S.UNKNOWN}
_MOVES: Final[Mapping[RecipientStatus | None, frozenset[RecipientStatus | None]]] = {
    None: frozenset({_S.PENDING}),
    _S.PENDING: frozenset({None, _S.SENDING, _S.FAILED, _S.SKIPPED}),
    _S.SENDING: frozenset({*SENT_OR_FURTHER, _S.FAILED, _S.SKIPPED, _S.UNKNOWN, _S.PENDING}),
    _S.UNKNOWN: frozenset({*SENT_OR_FURTHER, _S.SENDING, _S.UNCONFIRMED}),
    _S.UNCONFIRMED: frozenset({*SENT_OR_FURTHER, _S.FAILED, _S.PENDING}),
    _S.SENT: frozenset({_S.DELIVERED, _S.READ, _S.RESPONDED, _S.FAILED}),
    _S.DELIVERED: frozenset({_S.READ, _S.RESPONDED}),
    _S.READ: frozenset({_S.RESPONDED}),
    _S.FAILED: frozenset({_S.PENDING}),
}
_TIMES_SENT: Final = "times_sent."
_RESPONSES: Final = "responses."


def may_move(
    before: RecipientStatus | None, after: RecipientStatus | None, *, may_have_been_sent: bool
) -> bool:
    """None before: laid; after: removed. Who may have been sent to is not retried, and of nobody
    else does the proof of an earlier try come late."""
    if before is after:
        return True
    if may_have_been_sent and (before, after) == (_S.FAILED, _S.PENDING):
        return False
    if may_have_been_sent and before is _S.PENDING and after in {*SENT_OR_FURTHER, _S.UNKNOWN}:
        return True
    return after in _MOVES.get(before, frozenset())


def is_book(name: str) -> bool:
    """Whether a number of the counters' item is a count of recipients."""
    return name in _COUNTED or name.startswith((_TIMES_SENT, _RESPONSES))


def counted(
    status: RecipientStatus, message_id: str | None, *, is_sent: bool, has_responded: bool
) -> Iterator[str]:
    """Every counter in which such a recipient is one."""
    if status in _COUNTED:
        yield status
    if message_id and is_sent:
        yield f"{_TIMES_SENT}{message_id}"
    if message_id and has_responded:
        yield f"{_RESPONSES}{message_id}"
