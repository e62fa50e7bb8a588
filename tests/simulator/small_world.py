"""A small world: a campaign to one recipient or a few, in which nothing happens but its own way.

Drafting, laying, start, plan, dispatch, webhooks, reconciliation, completion and recount, each by a
process of its own, take place under the faults that are given and no others. Minutes in which
nothing is due are left out.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum, auto
from functools import partial

from campaigns.bootstrap import App
from local.fake_evolution import Behaviour, WebhookRule, WebhookTrait
from local.fake_evolution import Rule as SendRule
from tests.simulator.calm import mend
from tests.simulator.deployment import TABLE, Deployment, Ground
from tests.simulator.life import Life
from tests.simulator.plan import MINUTE_MS, DayHours, Plan
from tests.simulator.points import Call, Point, Survey
from tests.simulator.run import Result, run

#: Of Evolution: one that takes our message id, and the last that does not.
VERSIONS = ("2.4.0", "2.3.7")
_START = datetime(2026, 11, 24, 13, tzinfo=UTC)
#: Laying is the layer's, unless its process ends: the schedule begins after it.
_FIRST_MINUTE_MS = 30_000
#: Whoever waits for the end looks so often, and tries again what was refused.
_STEP_MS = MINUTE_MS


class Story(StrEnum):
    """What becomes of the first request of the last recipient, where no fault of ours strikes."""

    #: It is sent and answered, and webhooks tell of it.
    ANSWERED = auto()
    #: It is sent, nobody tells us, and we look for it and find it.
    UNANSWERED = auto()
    #: It is not sent, we are not told so, and look for it in vain.
    VANISHED = auto()


@dataclass(frozen=True, slots=True)
class Small:
    """What is different between small worlds."""

    recipients: int = 1
    version: str = VERSIONS[0]
    story: Story = Story.ANSWERED

    def plan(self, points: Sequence[Point]) -> Plan:
        sends, webhooks = self._rules()
        return Plan(
            seed=0,
            start=round(_START.timestamp() * 1_000),
            recipients=self.recipients,
            tenants=1,
            instances=1,
            rivals=0,
            delay=(1, 1),
            version=self.version,
            hours=DayHours("America/Sao_Paulo"),
            pollers=1,
            fault_rate=0,
            delivery_rate=0,
            minute_rate=0,
            most_skew_ms=0,
            row_delay=0,
            rules=sends,
            ack_rules=(),
            webhook_rules=webhooks,
            actions=(),
            given={point.number: point.fault for point in points},
        )

    def _rules(self) -> tuple[tuple[SendRule, ...], tuple[WebhookRule, ...]]:
        last = self.recipients - 1
        match self.story:
            case Story.ANSWERED:
                return (), ()
            case Story.UNANSWERED:
                reset = SendRule(Behaviour.SENT_CONNECTION_RESET, after=last, count=1)
                return (reset,), (WebhookRule(WebhookTrait.DROPPED),)
            case Story.VANISHED:
                return (SendRule(Behaviour.NOT_SENT_CONNECTION_RESET, after=last, count=1),), ()

    def __str__(self) -> str:
        people = "one recipient" if self.recipients == 1 else f"{self.recipients} recipients"
        return f"{people}, {self.story}, Evolution {self.version}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A run with its external calls. `end`: all that is left of it, where somebody could look."""

    result: Result
    calls: Sequence[Call]
    end: str


@dataclass
class _Day:
    """Faults strike from the draft on until the books are recounted, and nothing else does."""

    points: Sequence[Point]
    calls: Sequence[Call] = ()
    end: str = ""
    missed: list[Point] = field(default_factory=list)

    def drafting(self, site: Deployment, create: Callable[[App], str]) -> str:
        """Whoever gets no answer looks whether there is a draft, and asks for one if not."""
        self.calls = Survey(site.chaos, site.clock).calls
        site.chaos.is_on = True
        while not (drafts := _drafts(site)):
            site.note("asks for a draft", "operator")
            site.invoke("api 0", "api", _once(create), seconds=29)
            site.clock.sleep(1_000)
        [draft] = drafts
        return draft

    def live(self, site: Deployment, life: Life) -> None:
        clock, life.is_calm = site.clock, True
        for sends in site.plan.rules:
            site.fake.add_rule(sends)
        for webhooks in site.plan.webhook_rules:
            site.fake.add_rule(webhooks)
        clock.spawn(life.each_minute, at=clock.now() + _FIRST_MINUTE_MS)
        clock.spawn(partial(life.poll, 0))
        while not _is_over(site, life) and clock.now() < life.until - MINUTE_MS:
            clock.sleep(_STEP_MS)
        assert site.chaos.is_on, "faults strike until the end"
        site.chaos.is_on = False
        self.missed = [each for each in self.points if each.number not in site.chaos.struck]
        self.end = _end_of(site)


def lived(small: Small, points: Sequence[Point], ground: Ground) -> Outcome:
    """The small world's run with those faults; one that strikes nothing is a violation too."""
    day = _Day(points)
    result = run(small.plan(points), ground, drafting=day.drafting, live=day.live)
    missed = tuple(f"every_point: {each} was never reached" for each in day.missed)
    return Outcome(
        replace(result, violations=(*result.violations, *missed)), tuple(day.calls), day.end
    )


def _is_over(site: Deployment, life: Life) -> bool:
    is_over = mend(life)
    is_quiet = not site.queue.messages and not site.fake.next_due()
    due = life.next_due() or life.until
    return is_over and is_quiet and due > site.clock.now() + 60 * MINUTE_MS


def _once(create: Callable[[App], str]) -> Callable[[App], str]:
    """Two requests for a draft make two, which is right: a rival is to make none."""
    made: list[App] = []

    def asked(app: App) -> str:
        made.append(app)
        return create(app) if len(made) == 1 else ""

    return asked


def _drafts(site: Deployment) -> list[str]:
    return [
        pk.rsplit("#", 1)[-1]
        for pk, sk in site.ground.model._tables[TABLE].items
        if sk == "VIEW#HEAD"
    ]


def _end_of(site: Deployment) -> str:
    """The table, the queue's dead letters, the phones, and when requests left."""
    items = sorted(site.ground.model._tables[TABLE].items.items())
    phones = [(each.phone, each.messages) for each in site.fake.phones()]
    return repr((items, site.queue.dead, phones, site.departures))
