"""What a run begins with: tenants, contacts and their lists, instances, and drafts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from campaigns.bootstrap import App
from campaigns.domain.contact import ContactDraft
from local.fake_evolution import USUAL_ACKS
from tests.fakes.world import add_instance, create_draft
from tests.simulator.deployment import Deployment
from tests.simulator.edge import Edge
from tests.simulator.evidence import CampaignOf
from tests.simulator.life import Life
from tests.simulator.people import People
from tests.simulator.plan import Plan, SourceKind, phone_of

API_KEY = "chave-da-loja"
#: How long a day may take to come to its end.
HORIZON_MS = 4 * 24 * 3_600_000
#: Contacts that a campaign does not have from the beginning.
_SPARE = 3
_TAG = "vip"


#: Whoever asks the API for a draft, by a call that makes one and tells its id.
type Drafting = Callable[[Deployment, Callable[[App], str]], str]


@dataclass
class _Tenant:
    tenant_id: str
    contacts: Sequence[str]
    spare: list[str]
    group_id: str


def undisturbed(site: Deployment, create: Callable[[App], str]) -> str:
    return create(site.observer)


def prepare(site: Deployment, drafting: Drafting = undisturbed) -> Life:
    plan, fake = site.plan, site.fake
    edge = Edge(site)
    people = People(site, edge, {API_KEY})
    tenants = [_tenant(site, people, number) for number in range(plan.tenants)]
    for number in range(plan.instances + plan.rivals):
        tenant = tenants[number % plan.instances % plan.tenants]
        name = f"loja-{number % plan.instances}"
        if number < plan.instances:
            fake.register_instance(name, API_KEY)
            limit = plan.daily_limit
            instance_id = add_instance(site.observer, tenant.tenant_id, name, plan.delay, limit)
            edge.set_webhook(name, instance_id)
        else:
            instance_id = people.campaigns[number - plan.instances].instance_id
        create = partial(_draft, plan, tenant, instance_id, number)
        campaign_id = drafting(site, create)
        contacts = tuple(tenant.contacts)
        people.campaigns.append(
            CampaignOf(number, tenant.tenant_id, campaign_id, name, instance_id, contacts)
        )
    site.clock.sleep(1_000)
    fake.set_acks(USUAL_ACKS)
    fake.events.deliver = edge
    fake.stirred = site.clock.notify
    life = Life(site, people, site.clock.now() + HORIZON_MS)
    site.clock.spawn(lambda: edge.carry(life.until))
    return life


def _tenant(site: Deployment, people: People, number: int) -> _Tenant:
    app, count = site.observer, site.plan.recipients
    tenant = app.create_tenant(f"Loja {number}")
    tenant_id = tenant.tenant_id
    people.owner_keys[tenant_id] = tenant.owner_key
    is_tagged = site.plan.source in {SourceKind.TAG, SourceKind.EVERYTHING}
    drafts = [
        ContactDraft(
            name=f"Cliente {n}",
            phone=f"(11) 99000-{n:04d}",
            tags=(_TAG,) if is_tagged and n < count else None,
        )
        for n in range(count + _SPARE)
    ]
    ids = [str(result.id) for result in app.contacts.bulk(tenant_id, drafts)]
    people.phones |= {contact: phone_of(n) for n, contact in enumerate(ids)}
    # One of them is in the campaign already.
    people.spare[tenant_id] = ids[count - 1 :]
    group_id = app.groups.create(tenant_id, "Clientes", "").group.group_id
    if site.plan.source in {SourceKind.GROUP, SourceKind.EVERYTHING}:
        app.groups.add_contacts(tenant_id, group_id, ids[:count])
    return _Tenant(tenant_id, ids[:count], people.spare[tenant_id], group_id)


def _draft(plan: Plan, tenant: _Tenant, instance_id: str, number: int, app: App) -> str:
    schedule: dict[str, Any] = {"timezone": plan.hours.zone} | dict(plan.hours.schedule())
    if plan.scheduled_in_ms is not None and number < plan.instances:
        schedule["scheduled_at"] = plan.start + plan.scheduled_in_ms
    is_everything = plan.source is SourceKind.EVERYTHING
    return create_draft(
        app,
        tenant.tenant_id,
        instance_id,
        tenant.contacts if plan.source is SourceKind.CONTACTS or is_everything else (),
        tuple(f"C{number}: {hello} {{{{nome}}}}" for hello in ("Oi", "Olá")),
        group_ids=(tenant.group_id,) if plan.source is SourceKind.GROUP or is_everything else (),
        tags=(_TAG,) if plan.source is SourceKind.TAG or is_everything else (),
        resume_on_reconnect=plan.resumes_on_reconnect,
        **schedule,
    )
