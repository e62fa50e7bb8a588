"""A deployment that one seed draws: its functions' processes, and what they call, with faults."""

import copy
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial
from random import Random
from types import SimpleNamespace
from typing import Any, ClassVar
from unittest.mock import patch

import httpx

from campaigns.adapters.dynamodb.table import Table
from campaigns.adapters.metrics import EmbeddedMetrics
from campaigns.bootstrap import App
from campaigns.services.manage_tenants import ManageTenants
from campaigns.settings import Settings
from local.fake_evolution import FakeEvolution, transport
from tests.fakes.aws import CREDENTIALS
from tests.fakes.dynamodb import described
from tests.fakes.dynamodb_in_process import dynamodb_in_process
from tests.fakes.dynamodb_model import DynamoModel
from tests.fakes.fifo_queue import FifoQueue
from tests.fakes.virtual_clock import Crash, Process, VirtualClock
from tests.permissions.recorder import acting_as
from tests.simulator.calls import FaultyKms, FaultyTransport
from tests.simulator.calls_queue import FaultyMapping, FaultyQueue
from tests.simulator.calls_table import FaultyTable
from tests.simulator.evidence import Departure
from tests.simulator.faults import Chaos, FaultKind
from tests.simulator.plan import Plan
from tests.simulator.watch import Watch

TABLE = "campaigns"
#: Of the process that does what another does; it has no rival of its own.
_RIVAL = ", its rival"
#: Whose rights a process has, by its kind.
_FUNCTIONS = {
    "api": "api",
    "webhook": "api",
    "layer": "scheduler",
    "scheduler": "scheduler",
    "dispatcher": "dispatcher",
}


@dataclass(frozen=True, slots=True)
class Ground:
    """What runs share: an emulator whose table is emptied before each."""

    model: DynamoModel
    table: Table


@dataclass
class TurnLock:
    """A lock for actors who take turns: a thread's own would stop the only one that can free it."""

    clock: ClassVar[VirtualClock]
    is_held: bool = False

    def __enter__(self) -> None:
        while self.is_held:
            self.clock.sleep(1)
        self.is_held = True

    def __exit__(self, *_: object) -> None:
        self.is_held = False


@contextmanager
def ground() -> Iterator[Ground]:
    """Made once for many runs: clients are slow to make."""
    with (
        patch.dict("os.environ", CREDENTIALS),
        # Held while an external call is made, which takes its time.
        patch("campaigns.adapters.kms.Lock", TurnLock),
        dynamodb_in_process() as model,
    ):
        model.create(described(TABLE))
        yield Ground(model, Table(TABLE, sleep=lambda _: None))


@dataclass
class ProcessClock:
    """A process's own clock, somewhat fast or slow. One that has ended does not wake up again."""

    clock: VirtualClock
    skew_ms: int

    def now(self) -> int:
        return self.clock.now() + self.skew_ms

    def sleep(self, milliseconds: int) -> None:
        self.clock.sleep(milliseconds)
        if self.clock.process.is_dead:
            raise Crash


@dataclass
class Invocation[T]:
    """What became of one call of a function: its result, its error, or neither where it crashed."""

    result: T | None = None
    error: Exception | None = None
    is_answered: bool = False
    process: Process | None = None


@dataclass
class Deployment:
    """Functions over one table, one queue and one Evolution server, on one true clock."""

    plan: Plan
    ground: Ground
    timeline: list[tuple[int, str, str]] = field(default_factory=list)
    departures: list[Departure] = field(default_factory=list)
    metric_lines: list[str] = field(default_factory=list)
    apps: dict[str, App] = field(default_factory=dict)
    #: What functions raised.
    errors: list[Exception] = field(default_factory=list)
    made: int = 0
    _at_work: int = 0

    def __post_init__(self) -> None:
        plan = self.plan
        self.clock = TurnLock.clock = VirtualClock(plan.start)
        self.chaos = Chaos(
            self.clock, seed=plan.seed, rate=plan.fault_rate, given=plan.given, note=self.note
        )
        self.ground.model.restore(TABLE, [])
        self.table = FaultyTable(self.ground.model, TABLE, self.chaos)
        self.ground.model.answer = self.table.answer  # type: ignore[method-assign]
        self.watch = Watch(self.ground.model, TABLE, self.clock)
        self.queue = FifoQueue(self.clock.now, self.clock.notify)
        self.mapping = FaultyMapping(self.queue, self.chaos)
        self.fake = FakeEvolution(
            clock=lambda: self.clock.now() / 1_000,
            sleep=lambda seconds: self.clock.sleep(round(seconds * 1_000)),
            random=Random(f"fake {plan.seed}"),
            version=plan.version,
            row_delay=plan.row_delay,
        )
        self.client = httpx.Client(
            transport=FaultyTransport(transport(self.fake), self.chaos, self._leaving)
        )
        self._skews = Random(f"skew {plan.seed}")

    def note(self, what: str, who: str | None = None) -> None:
        """A line of the timeline; of the process at work where nobody else is named."""
        if who is None:
            self.watch.strike(what)
        self.timeline.append((self.clock.now(), who or self.clock.process.kind, what))

    def app(self, slot: str) -> App:
        """The process that stands there, or a new one with a clock and caches of its own."""
        if slot not in self.apps:
            self.apps[slot] = self._new_app()
        return self.apps[slot]

    def invoke[T](
        self, slot: str, kind: str, task: Callable[[App], T], *, seconds: float
    ) -> Invocation[T]:
        """Call a function, and wait for its end; where it crashed its process is gone."""
        app, made = self.app(slot), Invocation[T]()

        def run() -> None:
            made.process = self.clock.process
            self.chaos.ends_at[made.process] = self.clock.now() + round(seconds * 1_000)
            if not slot.endswith(_RIVAL):
                rival = partial(self.invoke, f"{slot}{_RIVAL}", kind, task, seconds=seconds)
                self.chaos.again[made.process] = rival
            try:
                with acting_as(_FUNCTIONS[kind], app.settings):
                    made.result = task(app)
                made.is_answered = not made.process.is_dead
            except Exception as error:
                made.error = error
                self.errors.append(error)
                self.note(f"raises {type(error).__name__}: {error}")

        self._at_work += 1
        self.clock.join(run, kind=kind)
        self._at_work -= 1
        if made.process:
            self.chaos.ends_at.pop(made.process, None)
            self.chaos.again.pop(made.process, None)
            if made.process.is_dead:
                self.note("is gone", kind)
                self.apps.pop(slot, None)
        if not self._at_work:
            self.watch.look()
        return made

    @cached_property
    def observer(self) -> App:
        """For the test itself: its calls have no faults."""
        return self._new_app(skew_ms=0)

    def lay(self, tenant_id: str, campaign_id: str) -> None:
        """The kick: an asynchronous call of the scheduler, which may be lost."""

        def laying() -> None:
            self.invoke(
                f"layer {self.made}",
                "layer",
                lambda app: app.lay.lay(tenant_id, campaign_id, app.clock.now() + 300_000),
                seconds=300,
            )

        # Whoever asked for it may end: what was asked for goes on.
        self.chaos.call("Invoke", lambda: self.clock.spawn(laying, kind="aws"))

    def _new_app(self, skew_ms: int | None = None) -> App:
        most = self.plan.most_skew_ms
        skew = self._skews.randint(-most, most) if skew_ms is None else skew_ms
        if skew:
            self.chaos.counts[FaultKind.CLOCK_SKEW] += 1
        self.made += 1
        clock, random = ProcessClock(self.clock, skew), Random(f"app {self.plan.seed} {self.made}")
        app = App(
            Settings(
                table_name=TABLE,
                queue_url="",
                kms_key_id="key",
                scheduler_function_name="scheduler",
                evolution_allow_private_addresses=True,
                lane_shards=2,
            ),
            clock=clock,
            random=random,
            concurrently=self.clock.side_by_side,
            queue=FaultyQueue(self.queue, self.chaos),
            kick=SimpleNamespace(lay=self.lay),
            http_client=self.client,
        )
        parts: Any = app
        parts.table = copy.copy(self.ground.table)
        parts.table._sleep = clock.sleep
        parts._kms = FaultyKms(self.chaos)
        # Judged for what they tell, like a line of the log.
        parts.metrics = EmbeddedMetrics("campaigns", clock, self.metric_lines.append)
        # Ids of a run follow from its seed alone.
        parts.tenants = ManageTenants(
            tenants=app.tenant_store,
            cached_rules=app.tenant_rules,
            clock=clock,
            random=parts.random,
        )
        was_on, self.chaos.is_on = self.chaos.is_on, False
        try:
            _ = app.identity
        finally:
            self.chaos.is_on = was_on
        return app

    def _leaving(self, request: httpx.Request) -> Callable[[], None]:
        if "/message/sendText/" not in request.url.path:
            return lambda: None
        body = json.loads(request.content)
        name = request.url.path.rsplit("/", 1)[-1]
        departure = Departure(self.clock.now(), name, body["number"], body["text"])
        self.departures.append(departure)
        self.note(f"request leaves through {name} to {departure.phone}: {departure.text}")

        def back() -> None:
            departure.ended_at = self.clock.now()
            shown = len(self.fake.received(departure.phone))
            self.note(f"request to {departure.phone} ends; the phone shows {shown}")

        return back
