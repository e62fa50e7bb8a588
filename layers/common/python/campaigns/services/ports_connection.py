"""What following an instance's connection needs from outside, as protocols."""

from typing import Protocol

from campaigns.domain.connection_check import ConnectionCheck, Underway


class ConnectionChecks(Protocol):
    def begin(self, instance_id: str, *, token: str, now: int) -> ConnectionCheck | Underway:
        """Take the look at an instance: one at a time, and one in five seconds."""

    def leave_due(self, instance_id: str, at: int) -> None:
        """A look is due then, or was before: whatever is under way does not undo this."""

    def end(
        self,
        check: ConnectionCheck,
        *,
        due_at: int | None,
        unsettled_since: int | None,
        failures: int,
    ) -> None:
        """The look is over, and the next one due at `due_at` unless one was left due meanwhile.

        Nothing happens where another look has begun since.
        """

    def forget(self, instance_id: str) -> None:
        """The instance is deleted."""
