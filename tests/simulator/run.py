"""One run: a seed's deployment lives through its day, is let calm, and is judged."""

import logging
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from aws_lambda_powertools import Logger

from campaigns.domain.contact import ContactDraft
from local.fake_evolution import USUAL_ACKS, ConnectionState
from tests.fakes.webhooks import WebhookEdge
from tests.fakes.world import add_instance, create_draft
from tests.simulator.calm import mend
from tests.simulator.deployment import Deployment, Ground
from tests.simulator.faults import Fault, FaultKind
from tests.simulator.judge import Judgement, judge
from tests.simulator.life import CampaignOf, Life
from tests.simulator.plan import MINUTE_MS, Plan, phone_of

API_KEY = "chave-da-loja"
#: How long faults go on, and how long a day may take to come to its end afterwards.
TROUBLE_MS = 25 * MINUTE_MS
HORIZON_MS = 4 * 24 * 60 * MINUTE_MS
_SPARE = 3


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a run: broken rules with what breaks them, and what was injected."""

    plan: Plan
    violations: tuple[str, ...]
    struck: Mapping[int, Fault]
    counts: Counter[str]
    timeline: tuple[tuple[int, str, str], ...]


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


def run(plan: Plan, ground: Ground) -> Result:
    """The same for the same plan, whenever and wherever it runs."""
    site = Deployment(plan, ground)
    logs = Logs(site)
    try:
        with _heard_by(logs):
            life = _prepare(site)
            _live(site, life)
            violations = judge(Judgement(site, life, logs.lines, logs.faults))
            _end(site, life)
    finally:
        del ground.model.answer
        del ground.model._tables["campaigns"].put
    return Result(
        plan, tuple(violations), site.chaos.struck, site.chaos.counts, tuple(site.timeline)
    )


def _prepare(site: Deployment) -> Life:
    plan, app, fake = site.plan, site.observer, site.fake
    tenants = [app.create_tenant(f"Loja {n}").tenant_id for n in range(plan.tenants)]
    campaigns: list[CampaignOf] = []
    phones: dict[str, str] = {}
    spare: dict[str, list[str]] = {}
    contacts: dict[str, tuple[str, ...]] = {}
    for tenant_id in tenants:
        ids = _contacts(site, tenant_id, plan.recipients + _SPARE)
        phones |= {contact: phone_of(n) for n, contact in enumerate(ids)}
        contacts[tenant_id] = tuple(ids[: plan.recipients])
        spare[tenant_id] = ids[plan.recipients - 1 :]
    edge = WebhookEdge(site.clock, app, fake)
    for n in range(plan.instances + plan.rivals):
        name = f"loja-{n % plan.instances}"
        tenant_id = tenants[n % plan.instances % plan.tenants]
        if n < plan.instances:
            fake.register_instance(name, API_KEY)
            instance_id = add_instance(app, tenant_id, name, plan.delay, None)
            edge.set_webhook(name, instance_id)
        else:
            instance_id = campaigns[n - plan.instances].instance_id
        texts = tuple(f"C{n}: {hello} {{{{nome}}}}" for hello in ("Oi", "Olá"))
        campaign_id = create_draft(
            app,
            tenant_id,
            instance_id,
            contacts[tenant_id],
            texts,
            **({"timezone": plan.hours.zone} | plan.hours.schedule()),
        )
        campaigns.append(
            CampaignOf(n, tenant_id, campaign_id, name, instance_id, contacts[tenant_id])
        )
    site.clock.sleep(1_000)
    fake.set_acks(USUAL_ACKS)
    fake.events.deliver = edge
    fake.stirred = site.clock.notify
    life = Life(site, campaigns, site.clock.now() + HORIZON_MS, phones, spare)
    site.clock.spawn(lambda: edge.carry(life.until))
    return life


def _contacts(site: Deployment, tenant_id: str, count: int) -> list[str]:
    drafts = [ContactDraft(name=f"Cliente {n}", phone=f"(11) 99000-{n:04d}") for n in range(count)]
    return [str(result.id) for result in site.observer.contacts.bulk(tenant_id, drafts)]


def _live(site: Deployment, life: Life) -> None:
    plan, clock, chaos = site.plan, site.clock, site.chaos
    for rule in (*plan.rules, *plan.ack_rules, *plan.webhook_rules):
        site.fake.add_rule(rule)
    if plan.hours.zone != "America/Sao_Paulo":
        chaos.counts[FaultKind.DAYLIGHT_SAVING] += 1
    begun = clock.now()
    chaos.is_on = True
    clock.spawn(life.each_minute)
    for number in range(plan.pollers):
        clock.spawn(partial(life.poll, number))
    for campaign in life.campaigns[: plan.instances]:
        clock.spawn(partial(life.start, campaign))
    for action in plan.actions:
        clock.spawn(partial(life.act, action), at=begun + action.at)
    clock.sleep(TROUBLE_MS)
    for entry in site.fake.rules():
        chaos.counts["evolution"] += entry.used
    chaos.is_on, life.is_calm = False, True
    site.note("all is calm from here on", "world")
    site.apps.clear()
    site.fake.clear_rules()
    site.fake.set_acks(USUAL_ACKS)
    for name in {each.instance for each in life.campaigns}:
        site.fake.set_state(name, ConnectionState.OPEN)
    while clock.now() < life.until - MINUTE_MS:
        is_over = mend(life)
        is_quiet = not site.queue.messages and not site.fake.next_due()
        if is_over and is_quiet and (life.next_due() or life.until) > clock.now() + 60 * MINUTE_MS:
            return
        clock.sleep(5 * MINUTE_MS)


def _end(site: Deployment, life: Life) -> None:
    """Let every actor come to its end."""
    site.queue.messages.clear()
    life.until = 0
    site.fake.events.deliver = None
    site.clock.notify()
    site.clock.sleep(2 * HORIZON_MS)
