"""What changing a campaign's recipients needs from outside, as a protocol."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from campaigns.domain.model import Campaign, LaneKey, LogEntry, Recipient
from campaigns.domain.sources import RecipientTally, Source


class CampaignSources(Protocol):
    def add(
        self,
        old: Campaign,
        new: Campaign,
        sources: Sequence[Source],
        entry: LogEntry,
        *,
        wake: LaneKey | None,
    ) -> bool:
        """Keep further sources, which are due to be laid at once, and make that lane due.

        False where the campaign's state or total has changed since it was read.
        """

    def tally(self, recipient: Recipient) -> RecipientTally | None:
        """What it was counted for; None where it is gone."""

    def take_out(
        self,
        old: Campaign,
        new: Campaign,
        removed: Recipient,
        last: Recipient,
        values: Mapping[str, int],
    ) -> bool:
        """Take a recipient out of a draft; the last one moves into its place.

        `values` is added to those counted. False where the campaign or one of the two has changed.
        """
