"""Faults at the product's external calls: a crash before or after the effect of any one of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from campaigns.domain.job import Job
from tests.fakes.fifo_queue import FifoQueue
from tests.fakes.virtual_clock import Crash, VirtualClock


@dataclass
class Injector:
    """Counts the calls of one kind of process, and ends it at a given one."""

    clock: VirtualClock
    kind: str = ""
    crash_at: int | None = None
    after_effect: bool = False
    calls: list[str] = field(default_factory=list)

    def arm(self, kind: str, crash_at: int | None, *, after_effect: bool = False) -> None:
        """Count anew; end the process that makes the call of that number (from 0)."""
        self.kind, self.crash_at, self.after_effect = kind, crash_at, after_effect
        self.calls = []

    def call[T](self, name: str, effect: Callable[[], T]) -> T:
        """An external call. A process that has ended makes no more."""
        process = self.clock.process
        if process.is_dead:
            raise Crash
        if process.kind != self.kind:
            return effect()
        number = len(self.calls)
        self.calls.append(name)
        if number != self.crash_at:
            return effect()
        if self.after_effect:
            effect()
        process.is_dead = True
        raise Crash


@dataclass
class InjectedQueue:
    """The queue with faults."""

    queue: FifoQueue
    injector: Injector

    def send(self, jobs: Sequence[Job]) -> list[bool]:
        return self.injector.call("SendMessageBatch", lambda: self.queue.send(jobs))

    def put_back(self, delays: Mapping[str, int]) -> None:
        self.injector.call("ChangeMessageVisibility", lambda: self.queue.put_back(delays))


class InjectedTransport(httpx.BaseTransport):
    """Evolution with faults of its client."""

    def __init__(self, transport: httpx.BaseTransport, injector: Injector) -> None:
        self._transport = transport
        self._injector = injector

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        name = f"{request.method} {request.url.path.split('/')[-2]}"
        return self._injector.call(name, lambda: self._transport.handle_request(request))


def inject_into_table(table: Any, injector: Injector) -> None:
    """Every request of the table passes the injector."""
    dispatch = table.connection.dispatch

    def injected(operation: str, request: dict[str, Any]) -> Any:
        return injector.call(operation, lambda: dispatch(operation, request))

    table.connection.dispatch = injected
