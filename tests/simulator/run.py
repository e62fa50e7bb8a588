"""One run: a seed's deployment lives through its day, is let calm, and is judged."""

import logging
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from aws_lambda_powertools import Logger

from local.fake_evolution import USUAL_ACKS, ConnectionState, WebhookRule
from tests.simulator.calm import mend
from tests.simulator.deployment import Deployment, Ground
from tests.simulator.faults import Fault, FaultKind, Place
from tests.simulator.gather import evidence_of
from tests.simulator.judge import judge
from tests.simulator.life import Life
from tests.simulator.plan import MINUTE_MS, Plan
from tests.simulator.prepare import HORIZON_MS, Drafting, prepare, undisturbed
from tests.simulator.rivals import operators

#: How long faults go on.
TROUBLE_MS = 25 * MINUTE_MS


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a run: broken rules with what breaks them, and what was injected."""

    plan: Plan
    violations: tuple[str, ...]
    struck: Mapping[int, Fault]
    counts: Counter[str]
    timeline: tuple[tuple[int, str, str], ...]
    #: How often each guard refused something, by its name.
    refusals: Counter[str]
    #: The product's external calls, and where a process ended.
    places: Counter[Place]


class Logs(logging.Handler):
    """Every line that the product logs."""

    def __init__(self, site: Deployment) -> None:
        super().__init__(logging.INFO)
        self.site = site
        self.lines: list[str] = []
        self.faults: list[BaseException] = []

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        shown = "".join(traceback.format_exception(error)) if error else ""
        extra = {name: value for name, value in vars(record).items() if name not in _USUAL}
        self.lines.append(f"{record.getMessage()} {extra} {shown}")
        if error:
            self.faults.append(error)
        if record.name.startswith("campaigns"):
            self.site.note(f"logs {record.getMessage()} {extra} {error or ''}")


_USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message"}


@contextmanager
def _heard_by(logs: Logs) -> Iterator[None]:
    """What the package and the API's edge log goes there, and nowhere else."""
    loggers = [logging.getLogger("campaigns"), logging.getLogger(Logger().name)]
    before = [(each.handlers[:], each.level, each.propagate) for each in loggers]
    for each in loggers:
        each.handlers[:] = [logs]
        each.setLevel(logging.INFO)
        each.propagate = False
    try:
        yield
    finally:
        for each, (handlers, level, propagates) in zip(loggers, before, strict=True):
            each.handlers[:] = handlers
            each.setLevel(level)
            each.propagate = propagates


def run(
    plan: Plan,
    ground: Ground,
    *,
    drafting: Drafting = undisturbed,
    live: Callable[[Deployment, Life], None] | None = None,
) -> Result:
    """The same for the same plan, whenever and wherever it runs. `live`: another way to spend the
    day than the drawn one.
    """
    site = Deployment(plan, ground)
    logs = Logs(site)
    try:
        with _heard_by(logs):
            life = prepare(site, drafting)
            (live or _live)(site, life)
            violations = judge(evidence_of(site, life, logs.lines, logs.faults))
            _end(site, life)
    finally:
        del ground.model.answer
        del ground.model._tables["campaigns"].put
    chaos = site.chaos
    return Result(
        plan,
        tuple(violations),
        chaos.struck,
        chaos.counts,
        tuple(site.timeline),
        chaos.refusals,
        chaos.places,
    )


def _live(site: Deployment, life: Life) -> None:
    plan, clock, chaos = site.plan, site.clock, site.chaos
    for sends in plan.rules:
        site.fake.add_rule(sends)
    for acks in plan.ack_rules:
        site.fake.add_rule(acks)
    for events in plan.webhook_rules:
        site.fake.add_rule(events)
    if plan.hours.zone != "America/Sao_Paulo":
        chaos.counts[FaultKind.DAYLIGHT_SAVING] += 1
    begun = clock.now()
    chaos.is_on = True
    chaos.operators = operators(life.people, plan)
    clock.spawn(life.each_minute)
    for number in range(plan.pollers):
        clock.spawn(partial(life.poll, number))
    people = life.people
    for campaign in people.campaigns[: None if plan.is_contested else plan.instances]:
        clock.spawn(partial(people.start, campaign))
    for action in plan.actions:
        clock.spawn(partial(people.act, action), at=begun + action.at)
    if plan.is_eager:
        clock.spawn(life.start_each_in_turn)
    clock.sleep(TROUBLE_MS)
    _count_what_evolution_did(site)
    chaos.is_on, life.is_calm = False, True
    site.note("all is calm from here on", "world")
    site.apps.clear()
    site.fake.clear_rules()
    site.fake.set_acks(USUAL_ACKS)
    for name in {each.instance for each in people.campaigns}:
        site.fake.set_state(name, ConnectionState.OPEN)
    while clock.now() < life.until - MINUTE_MS:
        is_over = mend(life)
        is_quiet = not site.queue.messages and not site.fake.next_due()
        due = life.next_due() or life.until
        if is_over and is_quiet and due > clock.now() + 60 * MINUTE_MS:
            return
        clock.sleep(min(max(5 * MINUTE_MS, due - clock.now()), 60 * MINUTE_MS))


def _count_what_evolution_did(site: Deployment) -> None:
    """Each rule as often as it was used, by what it did."""
    counts = site.chaos.counts
    for entry in site.fake.rules():
        counts[f"evolution.{entry.rule.behaviour}"] += entry.used
    for event in site.fake.rule_book(WebhookRule).entries:
        counts[f"webhook.{event.rule.trait}"] += event.used


def _end(site: Deployment, life: Life) -> None:
    """Let every actor come to its end."""
    site.queue.messages.clear()
    life.until = 0
    site.fake.events.deliver = None
    site.clock.notify()
    site.clock.sleep(2 * HORIZON_MS)
