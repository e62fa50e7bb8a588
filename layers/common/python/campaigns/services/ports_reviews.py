"""What reviewing opt-outs needs from outside, as a protocol."""

from collections.abc import Sequence
from typing import Protocol

from campaigns.domain.opt_out_review import OptOutReview
from campaigns.services.ports import Listing


class Reviews(Protocol):
    """Opt-outs of whom nobody knows yet who they are. Those that were settled are none."""

    def add(self, review: OptOutReview) -> None:
        """Once per id: one that is there, or was settled lately, stays as it is."""

    def read(self, tenant_id: str, review_id: str) -> OptOutReview | None:
        """Consistently."""

    def waiting(self, tenant_id: str, alias: str) -> Sequence[OptOutReview]:
        """All of one address, consistently."""

    def settle(self, review: OptOutReview, now: int) -> None:
        """It waits no more, and what she wrote is forgotten."""

    def page(self, tenant_id: str, *, after: str | None, limit: int) -> Listing[OptOutReview]:
        """Newest first; from an index: one of the last second may be missing."""
