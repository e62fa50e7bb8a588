"""What direct messages need from outside, as a protocol."""

from dataclasses import dataclass
from typing import Protocol

from campaigns.domain.direct_message import DirectMessage, DirectStatus


@dataclass(frozen=True, slots=True)
class DirectGuard:
    """What must be true of the stored message for a write to happen.

    `wanted_at` (epoch ms): its time must not be over then, when its request leaves at the latest.
    """

    statuses: frozenset[DirectStatus]
    lease_token: str | None = None
    wanted_at: int | None = None


class DirectMessages(Protocol):
    def create(self, message: DirectMessage) -> None:
        """Its id is fresh: nothing stands there."""

    def withdraw(self, message: DirectMessage) -> bool:
        """Delete it while it is queued; False where a sender has it already."""

    def read(self, tenant_id: str, direct_message_id: str) -> DirectMessage | None:
        """Consistently."""

    def save(self, message: DirectMessage, guard: DirectGuard) -> bool:
        """Write its state if the guard holds; whether it was written."""
