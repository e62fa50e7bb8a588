"""Reopening: what a campaign's head becomes before people behind its mark are put back.

The mark may only pass who is settled, and whoever is put back is settled no more. So the mark goes
back first, and is held while recipients are written: a walk in between would see them settled
still, and pass them. Times are epoch milliseconds.
"""

from dataclasses import replace
from typing import Final

from campaigns.domain.campaign import LIVE, CampaignStatus, CampaignTrigger, require_move
from campaigns.domain.errors import InvalidState
from campaigns.domain.instants import SECOND_MS
from campaigns.domain.model import Campaign

#: How long the mark is held at once: whoever crashes while holding it delays the walk no longer.
HOLD_MS: Final = 60 * SECOND_MS
#: Nobody is put back with less than this left of the hold: longer than any write may take, and
#: than the API's function lives, so that no call of it outlives its hold.
LEAST_HOLD_MS: Final = 45 * SECOND_MS


def is_held(campaign: Campaign, now: int) -> bool:
    """While the mark is held the walk moves nothing on, and the campaign is not completed."""
    return campaign.mark_held_until is not None and campaign.mark_held_until > now


def put_back(
    campaign: Campaign, lowest: int, *, by: CampaignTrigger, held_until: int, now: int
) -> Campaign:
    """The head before recipients from the sequence `lowest` on are put back.

    Its mark is no higher, its total's version is another, so that a walk and a completion that
    read the head before are refused, and a completed campaign is paused. Raises
    :class:`InvalidState` for one that is neither live nor completed.
    """
    back = replace(
        campaign,
        mark=min(campaign.mark, lowest),
        mark_held_until=held_until,
        total_version=campaign.total_version + 1,
        updated_at=max(now, campaign.updated_at + 1),
    )
    if campaign.status in LIVE:
        return back
    if campaign.status is not CampaignStatus.COMPLETED:
        raise InvalidState(campaign.status)
    require_move(campaign.status, CampaignStatus.PAUSED, by=by)
    return replace(
        back,
        status=CampaignStatus.PAUSED,
        paused_at=now,
        completed_at=None,
        archived_at=None,
        auto_pause_reason=None,
        last_error=None,
    )
