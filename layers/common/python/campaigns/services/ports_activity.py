"""When a tenant and a person last wrote to each other, as a protocol."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from campaigns.domain.latest_send import LatestSend


@dataclass(frozen=True, slots=True)
class Activity:
    """Between one tenant and one person, epoch ms. None: never, as far as is known.

    `last_messaged_at` is when the newest request to her was about to leave that was sent or may
    have been.
    """

    last_messaged_at: int | None = None
    last_replied_at: int | None = None


class Activities(Protocol):
    def of_persons(self, tenant_id: str, persons: Sequence[str]) -> dict[str, Activity]:
        """By person, of this tenant alone; who never wrote nor was written to is missing.

        Not consistent: what happened within the last second may be missing.
        """


@dataclass(frozen=True, slots=True)
class Correspondence:
    """`Activity`, and what was sent to her last: by a campaign, through one instance."""

    activity: Activity
    latest: LatestSend | None = None


class Correspondences(Protocol):
    def read(self, tenant_id: str, instance_id: str, person: str) -> Correspondence:
        """Not consistent, as above."""

    def note_reply(self, tenant_id: str, person: str, at: int) -> None:
        """She replied to this tenant; nothing where a later reply is noted."""
