"""Reopen: bring a campaign's mark back before anybody behind it is put back, and take its instance
again where it was completed.
"""

from collections.abc import Sequence
from random import Random

from campaigns.domain.campaign import CampaignStatus, CampaignTrigger
from campaigns.domain.campaign_log import new_entry
from campaigns.domain.errors import CheckFailure, StartRefused
from campaigns.domain.model import Campaign, EventType, LogEntry
from campaigns.domain.reopening import put_back
from campaigns.services.ports import Clock, Gates
from campaigns.services.ports_reopening import Moved, Reopenings
from campaigns.services.start_conditions import StartCheck


class Reopen:
    """The one write by which a mark goes back."""

    def __init__(
        self, *, reopenings: Reopenings, gates: Gates, clock: Clock, random: Random
    ) -> None:
        self._reopenings = reopenings
        self._gates = gates
        self._clock = clock
        self._random = random

    def put_back(
        self,
        campaign: Campaign,
        lowest: int,
        *,
        by: CampaignTrigger,
        actor: str,
        held_until: int,
        entries: Sequence[LogEntry] = (),
        moved: Moved | None = None,
    ) -> Campaign | None:
        """The campaign with its mark at `lowest` or below; None where it, or who is `moved`, has
        changed since it was read: read again and decide again.

        Raises :class:`InvalidState` for a campaign that is neither live nor completed, and
        :class:`StartRefused` where a completed one cannot take its instance.
        """
        now = self._clock.now()
        back = put_back(campaign, lowest, by=by, held_until=held_until, now=now)
        if campaign.status is CampaignStatus.COMPLETED:
            self._require_free(campaign)
            reopened = new_entry(EventType.CAMPAIGN_REOPENED, now, self._random, actor=actor)
            entries = [reopened, *entries]
        return back if self._reopenings.put_back(campaign, back, entries, moved) else None

    def _require_free(self, campaign: Campaign) -> None:
        """Told as a start tells it. The write's own condition decides, also where it was reopened
        just now and holds the instance itself.
        """
        gate = self._gates.read(campaign.instance_id, consistent=True)
        if gate is None:
            raise StartRefused([CheckFailure(StartCheck.INSTANCE_MISSING)])
        if gate.live_campaign_id not in {None, campaign.campaign_id}:
            context = {"campaign_id": gate.live_campaign_id}
            raise StartRefused([CheckFailure(StartCheck.INSTANCE_BUSY, context)])
