"""What can become of an event on its way, and the rules that tell it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, auto

from local.fake_evolution.model import AckStatus
from local.fake_evolution.rules import Limits


class WebhookTrait(StrEnum):
    """DROPPED never comes. DOUBLED comes again, `seconds` (0) later. LATE comes `seconds` (60)
    later. REORDERED comes after the next event of that phone on that instance, `seconds` (60)
    later at most. ANSWERED_LATE comes, and again by Evolution's own retries, since the answer to
    it came after Evolution had given up.
    """

    DROPPED = auto()
    DOUBLED = auto()
    LATE = auto()
    REORDERED = auto()
    ANSWERED_LATE = auto()


_DEFAULT_SECONDS = {WebhookTrait.DOUBLED: 0.0}


@dataclass(frozen=True, slots=True)
class WebhookRule(Limits):
    """Gives the events that fit it a trait.

    `event` is Evolution's name, as `messages.update`; `status` that of a `messages.update`.
    """

    trait: WebhookTrait
    event: str | None = None
    status: AckStatus | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        Limits.__post_init__(self)
        if self.seconds is not None and self.seconds < 0:
            raise ValueError("seconds is 0 or more")

    @property
    def lasts(self) -> float:
        return self.seconds if self.seconds is not None else _DEFAULT_SECONDS.get(self.trait, 60.0)

    def fits(self, instance: str, event: str, data: Mapping[str, object], phone: str) -> bool:
        return (
            self.event in {None, event}
            and self.status in {None, data.get("status")}
            and self.is_about(instance, phone)
        )
