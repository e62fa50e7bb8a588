"""A CloudWatch log group as its reader sees it: paged, late, and out of order."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

PAGE = 3


@dataclass
class FakeLogGroup:
    """The `logs` client of one group; `put` makes an event readable at once, whenever it was."""

    events: list[dict[str, Any]] = field(default_factory=list)
    asked_from: list[int] = field(default_factory=list)

    def put(self, at: datetime, message: str) -> None:
        self.events.append(
            {
                "eventId": f"e{len(self.events)}",
                "timestamp": int(at.timestamp() * 1000),
                "message": message,
            }
        )

    def get_paginator(self, operation: str) -> Self:
        assert operation == "filter_log_events"
        return self

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        start, term = request["startTime"], request["filterPattern"].strip('"')
        self.asked_from.append(start)
        found = [
            event
            for event in self.events
            if event["timestamp"] >= start and term in event["message"]
        ]
        # AWS has pages without an event, too.
        yield {"events": []}
        for first in range(0, len(found), PAGE):
            yield {"events": found[first : first + PAGE]}
