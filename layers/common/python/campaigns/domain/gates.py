"""The instance gate: whether a request may leave now, and if not, when to ask again.

The store's conditional write holds the same rule; this function names the refusal, from the item
that the refused write returned.
"""

from dataclasses import dataclass
from enum import StrEnum

from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.instants import SECOND_MS
from campaigns.domain.model import ConnectionState, InstanceGate

#: A gate that is short by this much or less is waited for; otherwise the job is released.
PATIENCE_MS = 5 * SECOND_MS
#: A request leaves within this time of the last look at its gates, or not at all.
LEAVE_WITHIN_MS = SECOND_MS
#: What must be left of that when the request is made: a new connection takes some of it.
TIME_TO_LEAVE_MS = 300
#: A job this late is released: a backlog must never leave in one burst.
LATE_MS = 15 * SECOND_MS
#: The last stretch before a slot is waited for: the queue hides messages by whole seconds only.
WAIT_HERE_MS = 1_500
#: What has to be left of the function's time, beyond the read timeout, when a request leaves.
MARGIN_MS = 5 * SECOND_MS
#: Two sends to one person leave this far apart, and further by the read timeout.
PERSON_GAP_MS = 60 * SECOND_MS


def time_for_one_send_ms(read_timeout_ms: int) -> int:
    """What a send may take of a function's time: its slot, its gates, its answer, and settling."""
    return WAIT_HERE_MS + PATIENCE_MS + read_timeout_ms + MARGIN_MS


class Refusal(StrEnum):
    """Why a gate is shut."""

    NOT_LIVE = "not_live"
    PAUSED = "paused"
    DISCONNECTED = "disconnected"
    CONNECTING = "connecting"
    BUSY = "busy"
    GAP = "gap"
    DAY_LIMIT = "day_limit"
    RECONFIGURED = "reconfigured"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Shut:
    """A refusal, and from when on asking again makes sense (None: not by waiting).

    `holder`: the recipient whose send the instance is busy with.
    """

    refusal: Refusal
    opens_at: int | None = None
    holder: str | None = None


def judge_instance_gate(
    gate: InstanceGate,
    *,
    campaign_id: str | None,
    config_version: int,
    now: int,
    day: str,
    next_day_at: int,
) -> Shut | None:
    """A request may leave when the campaign is live and active here, the instance connected and
    idle, its gap over and its day not full. None means open.

    `campaign_id` None is a send without a campaign. `day` is the tenant's calendar day of `now`,
    `next_day_at` its end. What waiting cannot mend is named before what it can.
    """
    if campaign_id is not None and gate.live_campaign_id != campaign_id:
        return Shut(Refusal.NOT_LIVE)
    if campaign_id is not None and gate.live_status is not CampaignStatus.ACTIVE:
        return Shut(Refusal.PAUSED)
    if gate.connection_state is ConnectionState.CONNECTING:
        return Shut(Refusal.CONNECTING)
    if gate.connection_state is not ConnectionState.OPEN:
        return Shut(Refusal.DISCONNECTED)
    if gate.config_version != config_version:
        return Shut(Refusal.RECONFIGURED)
    if gate.daily_limit is not None and gate.sent_on(day) >= gate.daily_limit:
        return Shut(Refusal.DAY_LIMIT, next_day_at)
    if gate.is_busy(now):
        return Shut(Refusal.BUSY, gate.busy_until)
    if gate.gap_ends_at > now:
        return Shut(Refusal.GAP, gate.gap_ends_at)
    return None
