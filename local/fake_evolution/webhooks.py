"""Evolution's events on their way to whoever set a webhook.

Ten attempts, 5 s doubling to 300 s; an answer of 400, 401, 403, 404 or 422 is final.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from random import Random
from typing import cast
from zoneinfo import ZoneInfo

from local.fake_evolution.model import Instance
from local.fake_evolution.numbers import jid_of
from local.fake_evolution.rules import RuleBook
from local.fake_evolution.tokens import bearer
from local.fake_evolution.webhook_rules import WebhookRule, WebhookTrait

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
    return Post(url, _headers(webhook.headers, at), body)


def _headers(told: Mapping[str, str], at: float) -> dict[str, str]:
    """Those the webhook was set with; a `jwt_key` is not sent but signed with.

    All attempts of one post carry one token, so that the last ones carry an expired one.
    """
    headers = dict(told)
    key = headers.pop("jwt_key", None)
    return headers if key is None else {**headers, "Authorization": f"Bearer {bearer(key, at)}"}


@dataclass(slots=True, order=True)
class _Waiting:
    due: float
    number: int
    post: Post = field(compare=False)
    attempt: int = field(default=1, compare=False)
    answer_lost: bool = field(default=False, compare=False)


@dataclass(slots=True)
class Outbox:
    """Posts wait here for their time; a failed one waits for its next."""

    _heap: list[_Waiting] = field(default_factory=list)
    _overtakable: dict[tuple[str, str], _Waiting] = field(default_factory=dict)
    _numbers: count[int] = field(default_factory=count)

    def add(self, post: Post, due: float, *, answer_lost: bool = False) -> _Waiting:
        waiting = _Waiting(due, next(self._numbers), post, answer_lost=answer_lost)
        heapq.heappush(self._heap, waiting)
        return waiting

    def add_overtakable(self, post: Post, due: float, way: tuple[str, str]) -> None:
        """It leaves behind the next post that comes the same way, or when it is due."""
        self._overtakable[way] = self.add(post, due)

    def overtake(self, at: float, way: tuple[str, str]) -> None:
        """Another came that way: who was waiting for that is due now."""
        waiting = self._overtakable.pop(way, None)
        if waiting is not None and waiting in self._heap and waiting.attempt == 1:
            waiting.due, waiting.number = min(at, waiting.due), next(self._numbers)
            heapq.heapify(self._heap)

    def take_due(self, now: float) -> list[_Waiting]:
        due = []
        while self._heap and self._heap[0].due <= now:
            due.append(heapq.heappop(self._heap))
        return due

    def settle(self, waiting: _Waiting, status: int | None, now: float) -> None:
        """Forget what was taken or refused for good, and plan the next attempt of the rest."""
        if waiting.answer_lost:
            status, waiting.answer_lost = None, False
        arrived = status is not None and 200 <= status < 300
        if arrived or status in _FINAL or waiting.attempt >= _ATTEMPTS:
            return
        pause = _FIRST_RETRY_SECONDS * 2 ** (waiting.attempt - 1)
        waiting.due = now + min(pause, _LONGEST_RETRY_SECONDS)
        waiting.attempt += 1
        heapq.heappush(self._heap, waiting)

    def next_due(self) -> float | None:
        return self._heap[0].due if self._heap else None


class Events:
    """What an instance's webhook is told, bent by the rules."""

    def __init__(self, random: Random, deliver: Deliver | None) -> None:
        self.deliver = deliver
        self.rules: RuleBook[WebhookRule] = RuleBook(random)
        self.outbox = Outbox()

    def tell(self, instance: Instance, post: Post, phone: str, at: float) -> None:
        """Queue an event, as the rule says that hits it."""
        event, data = str(post.body["event"]), cast("Mapping[str, object]", post.body["data"])
        rule = self.rules.take(lambda rule: rule.fits(instance.name, event, data, phone))
        trait, lasts = (rule.trait, rule.lasts) if rule else (None, 0.0)
        way = (instance.name, phone)
        if trait is WebhookTrait.DROPPED:
            return
        if trait is WebhookTrait.REORDERED:
            self.outbox.add_overtakable(post, at + lasts, way)
            return
        if trait is WebhookTrait.LATE:
            self.outbox.add(post, at + lasts)
            return
        self.outbox.add(post, at, answer_lost=trait is WebhookTrait.ANSWERED_LATE)
        if trait is WebhookTrait.DOUBLED:
            self.outbox.add(post, at + lasts)
        self.outbox.overtake(at, way)
