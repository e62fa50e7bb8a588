"""Which campaign's message a person answers who quotes none: the last that an instance sent her."""

from dataclasses import dataclass
from typing import Final, Self

from campaigns.domain.instants import MINUTE_MS, SECOND_MS

#: A month later an answer is to something else.
_ANSWERED_WITHIN_MS: Final = 30 * 24 * 60 * MINUTE_MS


@dataclass(frozen=True, slots=True)
class LatestSend:
    """A recipient's send through an instance. `at` (epoch ms) is when it was about to leave."""

    instance_id: str
    campaign_id: str
    sequence: int
    at: int

    @property
    def text(self) -> str:
        return f"{self.at}#{self.campaign_id}#{self.sequence}"

    @classmethod
    def read(cls, instance_id: str, text: str) -> Self:
        at, campaign_id, sequence = text.split("#")
        return cls(instance_id, campaign_id, int(sequence), int(at))

    def is_answered_at(self, written_at: int) -> bool:
        """Written after it, as far as a time in whole seconds tells, and within 30 days."""
        return self.at < written_at + SECOND_MS and written_at < self.at + _ANSWERED_WITHIN_MS
