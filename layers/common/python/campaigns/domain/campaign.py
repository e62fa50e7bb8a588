"""A campaign's states, its books, and the figures that are made of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from campaigns.domain.errors import InvalidState


class CampaignStatus(StrEnum):
    """Where a campaign stands (closed list of the contract)."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    ACTIVE = "active"
    PAUSED = "paused"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class CampaignTrigger(StrEnum):
    """What moves a campaign: the operator's calls, and what the system does by itself."""

    START = "start"
    UNSCHEDULE = "unschedule"
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    RETRY_FAILED = "retry_failed"
    RESEND = "resend"
    DUE = "due"
    AUTO_PAUSE = "auto_pause"
    RECONNECT = "reconnect"
    ALL_SETTLED = "all_settled"


_S = CampaignStatus
_T = CampaignTrigger

#: Live campaigns hold their instance: there is one per instance.
LIVE = frozenset({_S.ACTIVE, _S.PAUSED})
#: Nothing more is sent by itself.
OVER = frozenset({_S.COMPLETED, _S.CANCELLED})

#: Every move that there is, and what may make it.
MOVES: Mapping[tuple[CampaignStatus, CampaignStatus], frozenset[CampaignTrigger]] = (
    MappingProxyType(
        {
            (_S.DRAFT, _S.ACTIVE): frozenset({_T.START}),
            # A start with `scheduled_at` in the future; it takes no instance yet.
            (_S.DRAFT, _S.SCHEDULED): frozenset({_T.START}),
            (_S.SCHEDULED, _S.DRAFT): frozenset({_T.UNSCHEDULE}),
            (_S.SCHEDULED, _S.ACTIVE): frozenset({_T.DUE}),
            (_S.SCHEDULED, _S.CANCELLED): frozenset({_T.CANCEL}),
            (_S.ACTIVE, _S.PAUSED): frozenset({_T.PAUSE, _T.AUTO_PAUSE}),
            (_S.ACTIVE, _S.CANCELLED): frozenset({_T.CANCEL}),
            (_S.ACTIVE, _S.COMPLETED): frozenset({_T.ALL_SETTLED}),
            (_S.PAUSED, _S.ACTIVE): frozenset({_T.RESUME, _T.RECONNECT}),
            (_S.PAUSED, _S.CANCELLED): frozenset({_T.CANCEL}),
            # People were put back: it holds its instance again and waits for a resume.
            (_S.COMPLETED, _S.PAUSED): frozenset({_T.RETRY_FAILED, _T.RESEND}),
        }
    )
)


def can_move(
    before: CampaignStatus, after: CampaignStatus, *, by: CampaignTrigger | None = None
) -> bool:
    """A campaign moves only along the table.

    Without `by` the question is whether anything at all may make the move. Staying is no move.
    """
    triggers = MOVES.get((before, after), frozenset())
    return bool(triggers) if by is None else by in triggers


def require_move(
    before: CampaignStatus, after: CampaignStatus, *, by: CampaignTrigger | None = None
) -> None:
    """Refuse a move that is not in the table, with the present status."""
    if not can_move(before, after, by=by):
        raise InvalidState(before, wanted_status=after.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """A campaign's books: how many recipients stand in each status, each counted once."""

    pending: int = 0
    sending: int = 0
    unknown: int = 0
    sent: int = 0
    delivered: int = 0
    read: int = 0
    responded: int = 0
    failed: int = 0
    skipped: int = 0
    unconfirmed: int = 0

    @property
    def total(self) -> int:
        return self.pending + self.in_flight + self.settled

    @property
    def in_flight(self) -> int:
        return self.sending + self.unknown

    @property
    def settled(self) -> int:
        return self.sent_or_further + self.failed + self.skipped + self.unconfirmed

    @property
    def sent_or_further(self) -> int:
        return self.sent + self.delivered_or_further

    @property
    def delivered_or_further(self) -> int:
        return self.delivered + self.read_or_further

    @property
    def read_or_further(self) -> int:
        """An answer counts as read: who responds has read, also where receipts are switched off."""
        return self.read + self.responded


def progress_percentage(counts: Counts) -> float | None:
    """Settled over total, rounded down to one decimal, so that 100 is shown at the end only."""
    if counts.total <= 0:
        return None
    return _bounded(counts.settled * 1000 // counts.total)


def delivery_rate(counts: Counts) -> float | None:
    """Delivered or further, in percent of sent or further."""
    return _rate(counts.delivered_or_further, counts.sent_or_further)


def read_rate(counts: Counts) -> float | None:
    """Read or further, in percent of delivered or further."""
    return _rate(counts.read_or_further, counts.delivered_or_further)


def response_rate(counts: Counts) -> float | None:
    """Responded, in percent of sent or further."""
    return _rate(counts.responded, counts.sent_or_further)


def _rate(part: int, whole: int) -> float | None:
    """Percent with one decimal, halves rounded up; None over nothing."""
    if whole <= 0:
        return None
    return _bounded((part * 2000 + whole) // (whole * 2))


def _bounded(tenths: int) -> float:
    # Until the recount the books may be off by a write that was cut short or counted twice.
    return max(0, min(tenths, 1000)) / 10
