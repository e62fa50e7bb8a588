"""The load of a storm: tenants, instances, contacts and campaigns, all made by HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from campaigns.bootstrap import App
from campaigns_cli.api import Api, Json
from campaigns_cli.connection import Server
from local.demo_stack import StackFile
from local.evolution import put_instance
from tests.e2e.storm_plan import (
    INSTANCES,
    PACE,
    RECIPIENTS,
    RIVAL,
    RIVALS,
    SHARED,
    TENANTS,
    WINDOWED,
    WINDOWED_RECIPIENTS,
    ClosedMinute,
    StormPlan,
    closing_soon,
)
from tests.simulator.evidence import CampaignOf
from tests.simulator.plan import phone_of

#: Evolution takes its time, as a real one does: there is something in flight to be cut short.
_SLOW_SECONDS = 0.6
_SLOW_SHARE = 0.6
_REQUEST_SECONDS = 20.0
_COUNTS = {RIVAL: RIVALS, WINDOWED: WINDOWED_RECIPIENTS}


class Phones:
    """The fake Evolution's own side."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = httpx.Client(base_url=url, timeout=_REQUEST_SECONDS, trust_env=False)

    def close(self) -> None:
        self._client.close()

    def call(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Json:
        answer: Json = self._client.request(method, path, json=body).raise_for_status().json()
        return answer

    def all(self) -> list[dict[str, Any]]:
        phones: list[dict[str, Any]] = self.call("GET", "/_fake/phones")["phones"]
        return phones

    def requests(self) -> list[dict[str, Any]]:
        requests: list[dict[str, Any]] = self.call("GET", "/_fake/requests")["requests"]
        return requests

    def total_messages(self) -> int:
        return int(self.call("GET", "/_fake/phones?latest=0")["total_messages"])


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant, what opens it, and what its people may call."""

    tenant_id: str
    owner_key: str = field(repr=False)
    api: Api


@dataclass(frozen=True, slots=True)
class Load:
    """What was made. `phones` (digits) by contact id; `hours` are those of the windowed campaign.

    `secrets` open something, and may be in no log.
    """

    tenants: tuple[Tenant, ...]
    campaigns: tuple[CampaignOf, ...]
    phones: Mapping[str, str]
    hours: ClosedMinute
    secrets: frozenset[str] = field(repr=False)

    def tenant_of(self, campaign: CampaignOf) -> Tenant:
        return next(each for each in self.tenants if each.tenant_id == campaign.tenant_id)

    @property
    def recipients(self) -> int:
        return sum(len(each.contacts) for each in self.campaigns)


def path_of(campaign: CampaignOf, rest: str = "") -> str:
    return f"/api/campaigns/campaigns/{campaign.campaign_id}/{rest}"


def make_load(stack: StackFile, observer: App, plan: StormPlan, evolution: Phones) -> Load:
    """Tenants take turns with the instances; whoever is shared is a contact of both."""
    evolution.call("PUT", "/_fake/server", {"version": plan.version})
    slow = {"behaviour": "slow", "seconds": _SLOW_SECONDS, "probability": _SLOW_SHARE}
    evolution.call("POST", "/_fake/rules", slow)
    tenants = tuple(_tenant(stack, observer, number) for number in range(TENANTS))
    hours = closing_soon(datetime.now(UTC))
    campaigns: list[CampaignOf] = []
    phones: dict[str, str] = {}
    secrets = {each.owner_key for each in tenants}
    secrets |= {each.owner_key.rpartition("_")[2] for each in tenants}
    for number in range(INSTANCES + 1):
        name = f"loja-{number % INSTANCES}"
        tenant = tenants[number % INSTANCES % TENANTS]
        if number == RIVAL:
            instance_id = campaigns[0].instance_id
        else:
            key = f"chave-da-loja-{number}-{plan.seed}"
            secrets.add(key)
            instance_id = _instance(tenant, evolution, name, key)
        contacts = _contacts(tenant, number)
        phones |= contacts
        schedule = hours.schedule() if number == WINDOWED else _AT_ONCE
        campaign_id = _campaign(tenant, number, instance_id, list(contacts), schedule)
        campaigns.append(
            CampaignOf(number, tenant.tenant_id, campaign_id, name, instance_id, tuple(contacts))
        )
    return Load(tenants, tuple(campaigns), phones, hours, frozenset(secrets))


_AT_ONCE: Mapping[str, object] = {"schedule_type": "immediate", "ignore_quiet_hours": True}


def _tenant(stack: StackFile, observer: App, number: int) -> Tenant:
    made = observer.create_tenant(f"Loja {number}")
    return Tenant(made.tenant_id, made.owner_key, Api(Server(stack.api_url, made.owner_key)))


def _instance(tenant: Tenant, evolution: Phones, name: str, key: str) -> str:
    put_instance(evolution.url, name, key)
    body: Json = {
        "name": name,
        "evolution_url": evolution.url,
        "evolution_instance": name,
        "api_key": key,
        "delay_min_seconds": PACE[0],
        "delay_max_seconds": PACE[1],
        "daily_limit": None,
    }
    return str(tenant.api.post("/api/instances/", body)["id"])


def _contacts(tenant: Tenant, number: int) -> dict[str, str]:
    """Phones (digits) by contact id: the campaign's own, and a few of the one before it."""
    count = _COUNTS.get(number, RECIPIENTS)
    wanted = list(range(number * RECIPIENTS, number * RECIPIENTS + count))
    if number % 2:
        wanted += range((number - 1) * RECIPIENTS, (number - 1) * RECIPIENTS + SHARED)
    rows = [{"name": f"Cliente {n}", "phone": f"(11) 99000-{n:04d}"} for n in wanted]
    answer = tenant.api.post("/api/contacts/contacts/bulk_create/", {"contacts": rows})
    return {row["id"]: phone_of(wanted[row["index"]]) for row in answer["contacts"]}


def _campaign(
    tenant: Tenant,
    number: int,
    instance_id: str,
    contact_ids: list[str],
    schedule: Mapping[str, object],
) -> str:
    body: Json = {
        "name": f"Campanha {number}",
        "instance_id": instance_id,
        "contact_ids": contact_ids,
        "message_texts": [f"C{number}: {hello} {{{{nome}}}}" for hello in ("Oi", "Olá")],
        **schedule,
    }
    return str(tenant.api.post("/api/campaigns/campaigns/", body)["id"])
