"""The rule that wakes the scheduler each minute, as EventBridge would.

A tick is given to the scheduler when the one before it is through: a slow run delays the next, and
missed ticks are not made up for.
"""

import json
import threading
import time
import uuid
from datetime import UTC, datetime
from typing import Any

from local.pool import BusyError, Outcome, Pool
from local.process import ACCOUNT_ID, REGION

_RULE_ARN = f"arn:aws:events:{REGION}:{ACCOUNT_ID}:rule/campaigns-each-minute"


class Schedule:
    """A tick at the start and one every `period_seconds`."""

    def __init__(self, pool: Pool, period_seconds: float) -> None:
        self._pool = pool
        self._period_seconds = period_seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="schedule", daemon=True)
        self.ticks = 0

    def start(self) -> None:
        """Starts ticking."""
        self._thread.start()

    def stop(self) -> None:
        """No tick comes after this; one that runs goes on."""
        self._stopping.set()

    def tick(self) -> Outcome:
        """Runs the scheduler now; gives what it answered."""
        outcome = self._pool.invoke(json.dumps(scheduled_event(datetime.now(UTC))).encode())
        self.ticks += 1
        return outcome

    def _loop(self) -> None:
        due = time.monotonic()
        while not self._stopping.wait(max(0.0, due - time.monotonic())):
            try:
                self.tick()
            except BusyError:
                return
            missed = max(0.0, time.monotonic() - due) // self._period_seconds
            due += self._period_seconds * (missed + 1)


def scheduled_event(now: datetime) -> dict[str, Any]:
    """The event that a schedule rule sends; its time is whole seconds in UTC."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT_ID,
        "time": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": [_RULE_ARN],
        "detail": {},
    }
