"""Which statuses follow the sends to whom."""

from __future__ import annotations

from dataclasses import dataclass

from local.fake_evolution.model import AckStatus, AckStep
from local.fake_evolution.rules import Limits

#: What follows a message that goes well: nearly everybody reads it.
USUAL_ACKS = (
    AckStep(AckStatus.SERVER_ACK, 0.3, 0.7),
    AckStep(AckStatus.DELIVERY_ACK, 1.5, 2.5),
    AckStep(AckStatus.READ, 5, 15, 0.85),
)


@dataclass(frozen=True, slots=True)
class AckRule(Limits):
    """The sends that fit it are followed by these `steps`, and not by the usual ones.

    Any steps in any order: an ERROR alone, a READ without a DELIVERY_ACK, a SERVER_ACK behind it,
    none at all.
    """

    steps: tuple[AckStep, ...]
