"""What the time after a restore needs beside the ports of the daily work."""

from typing import Protocol

from campaigns.domain.model import Campaign


class Restoration(Protocol):
    def settle_gate(self, instance_id: str, last_left_at: int) -> None:
        """Clear an instance's mark; last-left is never moved back. Nothing where it is gone."""

    def note(self, campaign: Campaign, restored_to: int) -> None:
        """Remember for which restore point the campaign was dealt with."""
