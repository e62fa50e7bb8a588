"""Trip the breaker: an instance whose tries fail in a row has its live campaign paused."""

from campaigns.domain.breaker import BreakerLimits
from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.delivery import AutoPauseReason
from campaigns.domain.model import InstanceGate
from campaigns.services.pause_campaign import PauseCampaign
from campaigns.services.ports_breaker import FailureCounts


class TripBreaker:
    """Counts the tries that never reached the gate beside those that the gate itself counts.

    A test message that fails counts too, and pauses whichever campaign is live on its instance.
    """

    def __init__(
        self, *, counts: FailureCounts, pause: PauseCampaign, limits: BreakerLimits
    ) -> None:
        self._counts = counts
        self._pause = pause
        self._limits = limits

    def note(self, instance_id: str, campaign_id: str | None, *, token: str) -> InstanceGate | None:
        """Count a try that could not even connect; the gate then tells how many it makes in a row.

        None where the campaign is stopped: nothing is counted. See `FailureCounts.note_failure`.
        """
        return self._counts.note_failure(instance_id, campaign_id=campaign_id, token=token)

    def costs_a_try(self, failures_in_row: int) -> bool:
        """Of many that cannot connect at once the first stop the campaign; the others wait."""
        return not self._limits.failures or failures_in_row <= self._limits.failures

    def counted(self, gate: InstanceGate, failures_in_row: int, *, at: int) -> None:
        """So many tries of this instance failed in a row, the last one at `at` (epoch ms).

        `gate` tells which campaign is live there.
        """
        if not self._limits.trips_at(failures_in_row) or gate.live_campaign_id is None:
            return
        if gate.live_status is not CampaignStatus.ACTIVE:
            return
        self._pause.auto_pause(
            gate.tenant_id,
            gate.live_campaign_id,
            AutoPauseReason.MANY_FAILURES,
            seen_at=at,
            metadata={"failures": failures_in_row},
        )
