"""How a try that came to its end is counted."""

from collections.abc import Mapping
from typing import Final

from campaigns.domain.recipient import RecipientStatus
from campaigns.services.ports_metrics import Count, Metrics

_BECAME: Final[Mapping[RecipientStatus, Count]] = {
    RecipientStatus.SENT: Count.MESSAGES_SENT,
    RecipientStatus.FAILED: Count.MESSAGES_FAILED,
    RecipientStatus.UNKNOWN: Count.SENDS_UNKNOWN,
    RecipientStatus.PENDING: Count.SENDS_RETRIED,
}


def count_try(metrics: Metrics, became: RecipientStatus) -> None:
    """A try counts once, as what became of its recipient."""
    metrics.count(Count.SEND_TRIES)
    # Told as 0 too: the share of the failures needs both at the same instant.
    metrics.count(Count.SEND_FAILURES, int(became is not RecipientStatus.SENT))
    if became in _BECAME:
        metrics.count(_BECAME[became])
