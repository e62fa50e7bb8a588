"""Stands for CloudWatch: what was told can be read."""

from collections import Counter
from dataclasses import dataclass, field

from campaigns.services.ports_metrics import Count, Peak


@dataclass
class ToldMetrics:
    """See :class:`campaigns.services.ports_metrics.Metrics`."""

    counts: Counter[Count] = field(default_factory=Counter)
    peaks: dict[Peak, int] = field(default_factory=dict)

    def count(self, metric: Count, number: int = 1) -> None:
        self.counts[metric] += number

    def peak(self, metric: Peak, milliseconds: int) -> None:
        self.peaks[metric] = max(self.peaks.get(metric, milliseconds), milliseconds)
