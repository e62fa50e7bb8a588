"""Evolution's events on their way to whoever set a webhook.

Ten attempts, 5 s doubling to 300 s; an answer of 400, 401, 403, 404 or 422 is final.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from zoneinfo import ZoneInfo

from local.fake_evolution.model import Instance
from local.fake_evolution.numbers import jid_of

_ATTEMPTS = 10
_FIRST_RETRY_SECONDS = 5.0
_LONGEST_RETRY_SECONDS = 300.0
_FINAL = frozenset({400, 401, 403, 404, 422})
_SERVER_ZONE = ZoneInfo("America/Sao_Paulo")


@dataclass(frozen=True, slots=True)
class Post:
    """One webhook request as it leaves."""

    url: str
    headers: Mapping[str, str]
    body: Mapping[str, object]


type Deliver = Callable[[Post], int | None]
"""Posts it and gives the status of the answer, or None where nobody answered."""


def post_for(
    instance: Instance, event: str, data: Mapping[str, object], server_url: str, at: float
) -> Post | None:
    """The request that tells of an event, or None where the instance's webhook does not want it."""
    webhook = instance.webhook
    if webhook is None or not webhook.enabled:
        return None
    if event.replace(".", "_").upper() not in webhook.events:
        return None
    url = f"{webhook.url}/{event.replace('.', '-')}" if webhook.by_events else webhook.url
    local_time = datetime.fromtimestamp(at, _SERVER_ZONE).replace(tzinfo=None)
    body = {
        "event": event,
        "instance": instance.name,
        "data": dict(data),
        "destination": webhook.url,
        # Local time with a false Z, as the real server writes it.
        "date_time": local_time.isoformat(timespec="milliseconds") + "Z",
        "sender": jid_of(instance.number) if instance.number else None,
        "server_url": server_url,
        "apikey": instance.api_key,
    }
    return Post(url, dict(webhook.headers), body)


@dataclass(slots=True)
class Outbox:
    """Posts wait here for their time; a failed one waits for its next."""

    _heap: list[tuple[float, int, int, Post]] = field(default_factory=list)
    _order: count[int] = field(default_factory=count)

    def add(self, post: Post, due: float, attempt: int = 1) -> None:
        heapq.heappush(self._heap, (due, next(self._order), attempt, post))

    def take_due(self, now: float) -> list[tuple[int, Post]]:
        due = []
        while self._heap and self._heap[0][0] <= now:
            _, _, attempt, post = heapq.heappop(self._heap)
            due.append((attempt, post))
        return due

    def settle(self, attempt: int, post: Post, status: int | None, now: float) -> None:
        """Forget what was taken or refused for good, and plan the next attempt of the rest."""
        arrived = status is not None and 200 <= status < 300
        if arrived or status in _FINAL or attempt >= _ATTEMPTS:
            return
        wait = min(_FIRST_RETRY_SECONDS * 2 ** (attempt - 1), _LONGEST_RETRY_SECONDS)
        self.add(post, now + wait, attempt + 1)

    def next_due(self) -> float | None:
        return self._heap[0][0] if self._heap else None
