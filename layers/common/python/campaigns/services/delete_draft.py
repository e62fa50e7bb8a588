"""Delete a draft: its head at once, so that it is gone; all that hangs on it behind the answer."""

from typing import Final

from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.errors import ConcurrentUpdate, InvalidState
from campaigns.domain.instants import MINUTE_MS, SECOND_MS
from campaigns.domain.model import Campaign
from campaigns.domain.removal import RemovalKey
from campaigns.services.ports import Clock
from campaigns.services.ports_removal import Removals

#: Whoever lays a draft's recipients, or copies them into another draft, is done by then.
LEFT_ALONE_MS: Final = 60 * MINUTE_MS
#: A piece is begun only with this much time left.
_PIECE_MS: Final = 15 * SECOND_MS


class DeleteDraft:
    """Takes the head away: nobody finds the campaign any more, and no write to it goes through."""

    def __init__(self, *, removals: Removals, clock: Clock) -> None:
        self._removals = removals
        self._clock = clock

    def delete(self, campaign: Campaign) -> None:
        """Raises :class:`InvalidState` for anything but a draft, and :class:`ConcurrentUpdate`
        where it is no longer as it was read.

        Sweeping begins an hour later: a layer writes on until it counts what it laid, which is
        refused, and a duplicate takes over whoever was there when it was made.
        """
        if campaign.status is not CampaignStatus.DRAFT:
            raise InvalidState(campaign.status)
        due_at = self._clock.now() + LEFT_ALONE_MS
        if not self._removals.begin(campaign, due_at):
            raise ConcurrentUpdate


class SweepRemoved:
    """Removes what deleted drafts left, a piece at a time. A crash leaves it to the next run."""

    def __init__(self, *, removals: Removals, clock: Clock) -> None:
        self._removals = removals
        self._clock = clock

    def sweep(self, key: RemovalKey, deadline: int) -> None:
        """Go on until nothing is left or the time (epoch ms) is up."""
        removal = self._removals.read(key)
        while removal is not None:
            if self._clock.now() > deadline - _PIECE_MS:
                self._removals.save(removal)
                return
            removal = self._removals.sweep(removal)
