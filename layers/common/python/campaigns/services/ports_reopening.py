"""What putting recipients back needs of the store."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from campaigns.domain.model import Campaign, LogEntry, Recipient


@dataclass(frozen=True, slots=True)
class Moved:
    """A recipient before and after; the write asserts status and plan number of `before`."""

    before: Recipient
    after: Recipient


class Reopenings(Protocol):
    def put_back(
        self,
        old: Campaign,
        new: Campaign,
        entries: Sequence[LogEntry],
        moved: Moved | None = None,
    ) -> bool:
        """Head, lane (due at once, and its books again), log and recipient in one step; a completed
        campaign takes its instance, which must be free. False where any of them is not as it was
        read.
        """

    def resolve(
        self, campaign: Campaign, moved: Moved, entry: LogEntry, *, recount_at: int | None
    ) -> bool:
        """Recipient and log in one step, and the lane, whose books are due at `recount_at` (epoch
        ms; None: it is visited anyway). False where the recipient is not as it was read.
        """


class FailedRecipients(Protocol):
    def failed(self, tenant_id: str, campaign_id: str, start: int, stop: int) -> list[Recipient]:
        """The failed ones with ``start <= sequence < stop``, by sequence; read consistently."""
