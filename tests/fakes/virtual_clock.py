"""A clock on which waiting costs nothing, and actors that take turns on it.

Each actor is a thread, but only one runs at a time: it gives the turn away when it sleeps, and
whoever wakes first gets it. So a run is the same each time, and code that blocks needs no change.
"""

import heapq
import itertools
import threading
from collections.abc import Callable, Sequence


class Process:
    """What actors belong to, as threads do. A dead one does nothing more outside itself."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.is_dead = False


class Crash(BaseException):
    """The process has ended: no code of the product may catch this."""


class _Actor:
    def __init__(self, process: Process) -> None:
        self.turn = threading.Semaphore(0)
        self.process = process


class VirtualClock:
    """Epoch milliseconds that pass only when everybody sleeps. The test itself is an actor."""

    def __init__(self, start: int) -> None:
        self._now = start
        self._waiting: list[tuple[int, int, _Actor]] = []
        self._order = itertools.count()
        self._main = _Actor(Process("test"))
        self._running = self._main
        self._errors: list[BaseException] = []
        self._listening: dict[_Actor, int] = {}

    def now(self) -> int:
        return self._now

    def sleep(self, milliseconds: int) -> None:
        me = self._running
        self._wake_at(self._now + max(0, milliseconds), me)
        self._give_turn(me)

    def wait(self, until: int) -> None:
        """Sleep until an instant, or until somebody calls `notify`."""
        me = self._running
        order = self._wake_at(until, me)
        self._listening[me] = order
        self._give_turn(me)
        self._listening.pop(me, None)

    def notify(self) -> None:
        """Wake everybody who waits."""
        for actor, order in self._listening.items():
            self._waiting = [entry for entry in self._waiting if entry[1] != order]
            heapq.heapify(self._waiting)
            self._wake_at(self._now, actor)
        self._listening.clear()

    @property
    def process(self) -> Process:
        """The process that has the turn."""
        return self._running.process

    def spawn(
        self, task: Callable[[], object], *, at: int | None = None, kind: str | None = None
    ) -> None:
        """Have an actor do the task at an instant, now by default; with a `kind`, as a process."""
        actor = _Actor(Process(kind) if kind else self.process)

        def run() -> None:
            actor.turn.acquire()
            try:
                task()
            except Crash:
                pass
            except BaseException as error:
                self._errors.append(error)
            self._end()

        threading.Thread(target=run, daemon=True).start()
        self._wake_at(self._now if at is None else at, actor)

    def join(self, task: Callable[[], object], *, kind: str) -> None:
        """Have a process of its own do the task, and wait for its end, whatever that is."""
        me = self._running

        def run() -> None:
            try:
                task()
            finally:
                self._wake_at(self._now, me)

        self.spawn(run, kind=kind)
        self._give_turn(me)

    def side_by_side[T](self, tasks: Sequence[Callable[[], T]]) -> list[T]:
        """Run tasks as actors of their own and wait for all (the port `Concurrently`)."""
        if not tasks:
            return []
        me = self._running
        results: dict[int, T] = {}

        def run(place: int, task: Callable[[], T]) -> None:
            try:
                results[place] = task()
            finally:
                left.pop()
                if not left:
                    self._wake_at(self._now, me)

        left = list(tasks)
        for place, task in enumerate(tasks):
            self.spawn(lambda place=place, task=task: run(place, task))
        self._give_turn(me)
        if me.process.is_dead:
            raise Crash
        return [results[place] for place in range(len(tasks))]

    def _wake_at(self, instant: int, actor: _Actor) -> int:
        order = next(self._order)
        heapq.heappush(self._waiting, (instant, order, actor))
        return order

    def _give_turn(self, me: _Actor) -> None:
        self._next().turn.release()
        me.turn.acquire()
        if me is self._main and self._errors:
            raise self._errors.pop()

    def _end(self) -> None:
        self._next().turn.release()

    def _next(self) -> _Actor:
        instant, _, actor = heapq.heappop(self._waiting)
        self._now = max(self._now, instant)
        self._running = actor
        return actor
