"""What the breaker needs from outside, as a protocol. It widens those of the ports."""

from typing import Protocol

from campaigns.domain.model import InstanceGate


class FailureCounts(Protocol):
    def note_failure(
        self, instance_id: str, *, campaign_id: str | None, token: str
    ) -> InstanceGate | None:
        """Count a try that ended before the gate; the gate as it is then.

        None, and nothing is counted, where `campaign_id` is given and is not live and active here.
        The same `token` is counted once while no other was counted since.
        """
