"""What people have chosen, as a protocol: to be out, or to come back."""

from dataclasses import dataclass
from typing import Protocol

from campaigns.domain.model import Suppression
from campaigns.domain.opt_out import Choice


@dataclass(frozen=True, slots=True)
class Chosen:
    """What came of a choice. `is_in_force`: it is the newest of hers, told just now or before."""

    is_in_force: bool
    suppression: Suppression | None


class Choices(Protocol):
    """The newest choice of each person, and the suppression that follows from it, as one."""

    def heard_at(self, tenant_id: str, message: str, now: int) -> int:
        """When a message, by its hash, came first: `now`, or what was told then."""

    def newest(self, tenant_id: str, person: str) -> str | None:
        """The mark of the newest choice, consistently."""

    def choose(self, tenant_id: str, person: str, choice: Choice) -> Chosen:
        """By its own time: nothing changes where a newer choice stands."""

    def choose_over(
        self, tenant_id: str, person: str, choice: Choice, *, seen: str | None
    ) -> Chosen:
        """By its place behind what was `seen`: nothing changes where another choice stands."""
