"""A clock on which waiting costs nothing, and actors that take turns on it.

Only one actor runs at a time: it gives the turn away when it sleeps, and whoever wakes first gets
it. So a run is the same each time, and code that blocks needs no change. An actor has a thread
while it is under way; a thread whose actor waits for others runs those that it waits for.
"""

import heapq
import itertools
import threading
from collections.abc import Callable, Sequence
from contextvars import Context, copy_context
from functools import partial


class Process:
    """What actors belong to, as threads do. A dead one does nothing more outside itself."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.is_dead = False


class Crash(BaseException):
    """The process has ended: no code of the product may catch this."""


class _Thread:
    """One at a time has the turn. Its lock is held while it has none, and freed to give it one."""

    def __init__(self) -> None:
        self.turn = threading.Lock()
        self.turn.acquire()
        #: What it begins with at its next turn, where it waits for nothing else.
        self.next: Callable[[], object] | None = None


class _Actor:
    __slots__ = ("process", "task", "thread")

    def __init__(
        self, process: Process, thread: _Thread | None, task: Callable[[], object] | None = None
    ) -> None:
        self.process = process
        self.thread = thread
        #: What it does once it gets its first turn; None: it is under way.
        self.task = task


#: Threads without an actor, of any clock: they are slow to make.
_idle: list[_Thread] = []


class VirtualClock:
    """Epoch milliseconds that pass only when everybody sleeps. The test itself is an actor."""

    def __init__(self, start: int) -> None:
        self._now = start
        self._waiting: list[tuple[int, int, _Actor]] = []
        self._order = itertools.count()
        self._main = _Actor(Process("test"), _Thread())
        self._running = self._main
        self._errors: list[BaseException] = []
        self._listening: dict[_Actor, int] = {}
        #: How often the turn was given away.
        self.turns = 0

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
        if not self._listening:
            return
        orders = set(self._listening.values())
        self._waiting = [entry for entry in self._waiting if entry[1] not in orders]
        heapq.heapify(self._waiting)
        for actor in self._listening:
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
        actor = _Actor(Process(kind) if kind else self.process, None, task)
        self._wake_at(self._now if at is None else at, actor)

    def join(self, task: Callable[[], object], *, kind: str) -> None:
        """Have a process of its own do the task, and wait for its end, whatever that is."""
        me = self._running
        assert me.thread is not None
        actor = _Actor(Process(kind), me.thread)
        self._wake_at(self._now, actor)
        self._give_turn(actor)
        # A process knows nothing of the context of whoever waits for it.
        self._do(partial(Context().run, task))
        self._wake_at(self._now, me)
        self._give_turn(me)

    def side_by_side[T](self, tasks: Sequence[Callable[[], T]]) -> list[T]:
        """Run tasks as actors of their own and wait for all (the port `Concurrently`)."""
        if not tasks:
            return []
        me = self._running
        results: dict[int, T] = {}
        faults: dict[int, Exception] = {}

        def run(place: int, task: Callable[[], T]) -> None:
            try:
                results[place] = task()
            except Exception as fault:
                faults[place] = fault
            finally:
                left.pop()
                if not left:
                    self._wake_at(self._now, me)

        left = list(tasks)
        for place, task in enumerate(tasks):
            # As threads of the product have it: each task sees its caller's context.
            self.spawn(partial(copy_context().run, run, place, task))
        self._give_turn(me)
        if me.process.is_dead:
            raise Crash
        if faults:
            raise faults[min(faults)]
        return [results[place] for place in range(len(tasks))]

    def _wake_at(self, instant: int, actor: _Actor) -> int:
        order = next(self._order)
        heapq.heappush(self._waiting, (instant, order, actor))
        return order

    def _give_turn(self, me: _Actor) -> None:
        """Until it is the turn of `me`, whose thread this is."""
        actor = self._next()
        if actor is not me:
            assert me.thread is not None
            self._begin(actor)
            me.thread.turn.acquire()
        if me is self._main and self._errors:
            raise self._errors.pop()

    def _next(self) -> _Actor:
        instant, _, actor = heapq.heappop(self._waiting)
        self._now = max(self._now, instant)
        self._running = actor
        self.turns += 1
        return actor

    def _begin(self, actor: _Actor) -> None:
        """Have the actor's thread go on, which is an idle one where the actor has none yet."""
        if actor.thread is None:
            if _idle:
                actor.thread = _idle.pop()
            else:
                actor.thread = _Thread()
                threading.Thread(target=_serve, args=(actor.thread,), daemon=True).start()
            actor.thread.next = lambda: self._run(actor)
        actor.thread.turn.release()

    def _run(self, actor: _Actor) -> None:
        """Do the actor's task, and those of who comes next, while they have no thread yet."""
        thread = actor.thread
        while True:
            assert actor.task is not None
            self._do(actor.task)
            actor = self._next()
            if actor.thread is not None:
                break
            actor.thread = thread
        assert thread is not None
        _idle.append(thread)
        actor.thread.turn.release()

    def _do(self, task: Callable[[], object]) -> None:
        try:
            task()
        except Crash:
            pass
        except BaseException as error:
            self._errors.append(error)


def _serve(thread: _Thread) -> None:
    while True:
        thread.turn.acquire()
        begin, thread.next = thread.next, None
        assert begin is not None
        begin()
