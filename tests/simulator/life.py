"""What calls the functions without anybody's doing: each minute, and the queue's mapping."""

from dataclasses import dataclass
from functools import partial
from random import Random

from campaigns.bootstrap import App
from campaigns.services.dispatch_message import ReceivedJob
from tests.simulator.deployment import Deployment
from tests.simulator.faults import FaultKind
from tests.simulator.people import People
from tests.simulator.plan import MINUTE_MS

DISPATCHER_SECONDS = 60
SCHEDULER_SECONDS = 300


@dataclass
class Life:
    """Everything that happens to a deployment until it is calm."""

    site: Deployment
    people: People
    until: int
    is_calm: bool = False

    def __post_init__(self) -> None:
        self._minutes = Random(f"minutes {self.site.plan.seed}")
        self._deliveries = Random(f"deliveries {self.site.plan.seed}")

    # The schedule

    def each_minute(self) -> None:
        clock, plan, random = self.site.clock, self.site.plan, self._minutes
        while clock.now() < self.until:
            clock.spawn(partial(self._tick, "scheduler"))
            pause = MINUTE_MS
            if not self.is_calm and random.random() < plan.minute_rate:
                match random.randrange(3):
                    case 0:
                        self._count(FaultKind.SECOND_PLANNER)
                        at = clock.now() + random.choice((0, 0, 5, 300, 2_000))
                        clock.spawn(partial(self._tick, "scheduler too"), at=at)
                    case 1:
                        self._count(FaultKind.LATE_MINUTE)
                        pause += random.randrange(MINUTE_MS)
                    case _:
                        self._count(FaultKind.MISSING_MINUTE)
                        pause += MINUTE_MS * random.randint(1, 3)
            clock.sleep(self._idle_ms() if self.is_calm else pause)

    def start_each_in_turn(self) -> None:
        while not self.is_calm and self.site.clock.now() < self.until:
            self.site.clock.sleep(MINUTE_MS)
            self.people.start_what_is_free()

    def _tick(self, slot: str) -> None:
        def tick(app: App) -> int:
            return app.schedule.tick(app.clock.now() + SCHEDULER_SECONDS * 1_000)

        self.site.invoke(slot, "scheduler", tick, seconds=SCHEDULER_SECONDS)

    def _idle_ms(self) -> int:
        """Minutes in which nothing is due need not be gone through one by one."""
        due = self.next_due()
        if self.site.queue.messages or due is None:
            return MINUTE_MS
        ahead = due - self.site.clock.now()
        return max(MINUTE_MS, min(-(-ahead // MINUTE_MS) * MINUTE_MS, 60 * MINUTE_MS))

    def next_due(self) -> int | None:
        """When the first lane or laying is due, as the table has it."""
        index = self.site.ground.model._tables["campaigns"].indexes["by_due"]
        entries = (part[0][0] for part in index.partitions.values() if part)
        return min((int(entry) for entry in entries), default=None)

    # The queue's mapping

    def poll(self, number: int) -> None:
        clock, queue = self.site.clock, self.site.queue
        while clock.now() < self.until:
            batch = self.site.mapping.receive()
            if batch:
                self._deliver(f"dispatcher {number}", batch)
            else:
                clock.wait(queue.next_visible_at(clock.now()) or self.until)

    def _deliver(self, slot: str, batch: list[ReceivedJob]) -> None:
        random, clock = self._deliveries, self.site.clock
        if not self.is_calm and random.random() < self.site.plan.delivery_rate:
            match random.randrange(3):
                case 0:
                    self._count(FaultKind.DUPLICATE_DELIVERY)
                    later = random.choice((0, 10, 1_000, 20_000, 70_000, 200_000))
                    again = partial(self._dispatch, f"{slot} again", list(batch))
                    clock.spawn(again, at=clock.now() + later)
                case 1:
                    self._count(FaultKind.LATE_DELIVERY)
                    clock.sleep(random.choice((2_000, 16_000, 80_000, 100_000)))
                case _:
                    self._count(FaultKind.REORDERED_DELIVERY)
                    batch = sorted(batch, key=lambda each: each.group, reverse=True)
        staying = self._dispatch(slot, batch)
        if staying is not None:
            done = [each for each in batch if each.message_id not in staying]
            self.site.mapping.delete([each.receipt_handle for each in done])

    def _dispatch(self, slot: str, batch: list[ReceivedJob]) -> set[str] | None:
        def dispatch(app: App) -> set[str]:
            return app.dispatch.dispatch(batch, app.clock.now() + DISPATCHER_SECONDS * 1_000)

        made = self.site.invoke(slot, "dispatcher", dispatch, seconds=DISPATCHER_SECONDS)
        return made.result if made.is_answered else None

    def _count(self, kind: FaultKind) -> None:
        self.site.chaos.counts[kind] += 1
        self.site.note(kind, "world")
