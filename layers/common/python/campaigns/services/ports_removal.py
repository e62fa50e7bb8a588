"""What deleting a draft needs from outside."""

from typing import Protocol

from campaigns.domain.model import Campaign
from campaigns.domain.removal import Removal, RemovalKey


class Removals(Protocol):
    def begin(self, draft: Campaign, due_at: int) -> bool:
        """Remove the head, and have the rest swept from `due_at` (epoch ms) on, in one write.

        False where the campaign is no draft any more, or was changed since it was read.
        """

    def read(self, key: RemovalKey) -> Removal | None:
        """Consistently; None where nothing is left to be removed."""

    def sweep(self, removal: Removal) -> Removal | None:
        """Remove a piece of what is left; what then still is to be done, None where that was all.

        Recipients go before all that leads to them: whoever repeats a piece finds the rest of it.
        """

    def save(self, removal: Removal) -> None:
        """Keep how far it has come, for the next to go on from there."""
