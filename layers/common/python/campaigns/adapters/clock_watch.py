"""Compares the function's clock with DynamoDB's, by the answers that it gets anyway."""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

from campaigns.domain.clock_skew import ALLOWED_SKEW_MS, least_skew_ms
from campaigns.domain.instants import to_ms
from campaigns.services.ports import Clock
from campaigns.services.ports_metrics import Metrics, Peak

if TYPE_CHECKING:
    from botocore.client import BaseClient

_ASKED_AT: Final = "campaigns_asked_at"


class ClockWatch:
    """Tells of a skew beyond what is allowed for. An answer without a time tells nothing."""

    def __init__(self, clock: Clock, metrics: Metrics) -> None:
        self._clock = clock
        self._metrics = metrics

    def listen(self, client: "BaseClient") -> None:
        """From now on, to every answer of a client of DynamoDB."""
        client.meta.events.register("before-call.dynamodb", self._asked)
        client.meta.events.register("after-call.dynamodb", self._answered)

    def _asked(self, context: dict[str, Any], **_: object) -> None:
        # Before the first of its tries: repeats make the span longer, and the proof weaker.
        context[_ASKED_AT] = self._clock.now()

    def _answered(self, context: Mapping[str, Any], parsed: Mapping[str, Any], **_: object) -> None:
        told_at = _date_of(parsed)
        if told_at is None or _ASKED_AT not in context:
            return
        skew = least_skew_ms(
            asked_at=context[_ASKED_AT], answered_at=self._clock.now(), told_at=told_at
        )
        if skew > ALLOWED_SKEW_MS:
            self._metrics.peak(Peak.CLOCK_SKEW, skew)


def _date_of(parsed: Mapping[str, Any]) -> int | None:
    headers = parsed.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    try:
        return to_ms(parsedate_to_datetime(headers["date"]))
    except (KeyError, ValueError):
        return None
