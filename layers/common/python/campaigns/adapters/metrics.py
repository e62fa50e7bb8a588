"""Metrics by CloudWatch's embedded format: one line of JSON on the function's output.

CloudWatch makes metrics of the line by itself, so that publishing costs no call, no right and no
package. Without anything to tell there is no line, and CloudWatch bills no metric.
"""

import json
import sys
from collections.abc import Callable
from threading import Lock

from campaigns.services.ports import Clock
from campaigns.services.ports_metrics import Count, Peak


def _print(line: str) -> None:
    # In one piece: other threads write their log lines to the same output.
    sys.stdout.write(line + "\n")


class EmbeddedMetrics:
    """See :class:`campaigns.services.ports_metrics.Metrics`. What is told is kept until it is
    published, at the end of a call.

    `namespace` names the deployment: two of them in one account have metrics of their own.
    """

    def __init__(self, namespace: str, clock: Clock, write: Callable[[str], None] = _print) -> None:
        self._namespace = namespace
        self._clock = clock
        self._write = write
        self._values: dict[Count | Peak, int] = {}
        self._lock = Lock()

    def count(self, metric: Count, number: int = 1) -> None:
        with self._lock:
            self._values[metric] = self._values.get(metric, 0) + number

    def peak(self, metric: Peak, milliseconds: int) -> None:
        with self._lock:
            self._values[metric] = max(self._values.get(metric, milliseconds), milliseconds)

    def publish(self) -> None:
        """Everything that was told since the last time, in one line; none for nothing."""
        with self._lock:
            values, self._values = self._values, {}
        if not values:
            return
        told = {metric.value: value for metric, value in values.items()}
        directive = {
            "Namespace": self._namespace,
            # One set without a member: a metric of the deployment, and of nobody in it.
            "Dimensions": [[]],
            "Metrics": [{"Name": metric.value, "Unit": _unit(metric)} for metric in values],
        }
        embedded = {"Timestamp": self._clock.now(), "CloudWatchMetrics": [directive]}
        line = {"_aws": embedded, "message": "metrics", **told}
        self._write(json.dumps(line, separators=(",", ":")))


def _unit(metric: Count | Peak) -> str:
    return "Count" if isinstance(metric, Count) else "Milliseconds"
