"""Puts the parts together. Nothing is built at import; each part is built when it is first used.

A function imports only what it needs: parts of one function alone are imported where they are made.
"""

from collections.abc import Sequence
from functools import cached_property
from random import Random, SystemRandom
from typing import TYPE_CHECKING

import boto3

from campaigns.adapters.clock import SystemClock, Threads
from campaigns.adapters.dynamodb.campaign_store import CampaignStore
from campaigns.adapters.dynamodb.contact_store import ContactStore, SuppressionStore
from campaigns.adapters.dynamodb.gate_store import GateStore, PersonStore
from campaigns.adapters.dynamodb.instance_store import InstanceStore
from campaigns.adapters.dynamodb.lane_store import LaneStore
from campaigns.adapters.dynamodb.recipient_store import RecipientStore
from campaigns.adapters.dynamodb.table import Table
from campaigns.adapters.dynamodb.tenant_store import TenantStore
from campaigns.domain.identity import Identity
from campaigns.services.campaign_facts import FactsCache
from campaigns.services.pause_campaign import PauseCampaign
from campaigns.services.ports import Clock, Concurrently, JobQueue, Kick
from campaigns.services.settle_delivery import SettleDelivery
from campaigns.services.tenant_rules import CachedTenantRules
from campaigns.settings import Settings

if TYPE_CHECKING:
    import httpx
    from mypy_boto3_kms import KMSClient

    from campaigns.adapters.dynamodb.catalog_store import CatalogStore
    from campaigns.adapters.kms import DeploymentSecret, KmsVault
    from campaigns.domain.model import Contact
    from campaigns.domain.server_address import AddressPolicy
    from campaigns.services.dispatch_message import DispatchBatch
    from campaigns.services.idempotency import Idempotency
    from campaigns.services.lay_recipients import LayRecipients
    from campaigns.services.manage_campaigns import ManageCampaigns
    from campaigns.services.manage_contacts import ManageContacts
    from campaigns.services.manage_instances import ManageInstances
    from campaigns.services.manage_messages import ManageMessages
    from campaigns.services.manage_tenants import ManageTenants, NewTenant
    from campaigns.services.plan_sends import PlanSends
    from campaigns.services.read_campaign_log import ReadCampaignLog
    from campaigns.services.run_campaign import RunCampaign
    from campaigns.services.run_schedule import RunSchedule
    from campaigns.services.send_one import SendOne
    from campaigns.services.start_campaign import StartCampaign
    from campaigns.services.visit_lane import VisitLane

#: Threads of a process: a batch of ten people, and concurrent reads beside it.
_WORKERS = 16
#: The longest that the API may work on a request: after that its idempotency key is free again.
_REQUEST_MS = 30_000


class App:
    """Every service of a deployment, over its adapters.

    What comes from outside can be given instead of made: a clock, randomness, concurrency, the
    queue, the HTTP client, the kick.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock | None = None,
        random: Random | None = None,
        concurrently: Concurrently | None = None,
        queue: JobQueue | None = None,
        kick: Kick | None = None,
        http_client: "httpx.Client | None" = None,
    ) -> None:
        self.settings = settings
        self.clock: Clock = clock or SystemClock()
        self.random: Random = random or SystemRandom()
        self.concurrently: Concurrently = concurrently or Threads(_WORKERS)
        self._given_queue = queue
        self._given_kick = kick
        self._given_client = http_client

    # Adapters

    @cached_property
    def table(self) -> Table:
        return Table(self.settings.table_name, sleep=self.clock.sleep)

    @cached_property
    def lanes(self) -> LaneStore:
        return LaneStore(self.table, self.random, self.settings.lane_shards)

    @cached_property
    def recipients(self) -> RecipientStore:
        return RecipientStore(self.table, self.random)

    @cached_property
    def gates(self) -> GateStore:
        return GateStore(self.table)

    @cached_property
    def campaign_store(self) -> CampaignStore:
        return CampaignStore(self.table, self.lanes)

    @cached_property
    def contact_store(self) -> ContactStore:
        return ContactStore(self.table)

    @cached_property
    def suppressions(self) -> SuppressionStore:
        return SuppressionStore(self.table)

    @cached_property
    def instance_store(self) -> InstanceStore:
        return InstanceStore(self.table)

    @cached_property
    def tenant_store(self) -> TenantStore:
        return TenantStore(self.table)

    @cached_property
    def queue(self) -> JobQueue:
        from campaigns.adapters.job_queue import SqsJobQueue

        return self._given_queue or SqsJobQueue(boto3.client("sqs"), self.settings.queue_url)

    @cached_property
    def kick(self) -> Kick:
        from campaigns.adapters.kick import LambdaKick

        name = self.settings.scheduler_function_name
        return self._given_kick or LambdaKick(lambda: boto3.client("lambda"), name)

    @cached_property
    def _kms(self) -> "KMSClient":
        client: KMSClient = boto3.client("kms")
        return client

    @cached_property
    def vault(self) -> "KmsVault":
        from campaigns.adapters.kms import KmsVault

        return KmsVault(self._kms, self.settings.kms_key_id)

    @cached_property
    def secret(self) -> "DeploymentSecret":
        from campaigns.adapters.dynamodb.secret_store import SecretStore
        from campaigns.adapters.kms import DeploymentSecret

        return DeploymentSecret(SecretStore(self.table), self._kms, self.settings.kms_key_id)

    @cached_property
    def address_policy(self) -> "AddressPolicy":
        from campaigns.domain.server_address import AddressPolicy

        return AddressPolicy(
            frozenset(host.lower() for host in self.settings.evolution_allowed_hosts),
            self.settings.evolution_allow_private_addresses,
        )

    @cached_property
    def http_client(self) -> "httpx.Client":
        from campaigns.adapters.http_client import make_http_client

        return self._given_client or make_http_client(
            self.address_policy,
            connect_timeout_seconds=self.settings.connect_timeout_seconds,
            read_timeout_seconds=self.settings.read_timeout_seconds,
        )

    # Shared services

    @cached_property
    def identity(self) -> Identity:
        return Identity(self.secret.read())

    @cached_property
    def tenant_rules(self) -> CachedTenantRules:
        return CachedTenantRules(self.tenant_store, self.clock)

    @cached_property
    def facts(self) -> FactsCache:
        return FactsCache(self.campaign_store, self.tenant_rules, self.clock)

    @cached_property
    def pause(self) -> PauseCampaign:
        return PauseCampaign(campaigns=self.campaign_store, clock=self.clock, random=self.random)

    @cached_property
    def settle(self) -> SettleDelivery:
        return SettleDelivery(
            recipients=self.recipients,
            campaigns=self.campaign_store,
            clock=self.clock,
            random=self.random,
        )

    # The dispatcher's

    @cached_property
    def send_one(self) -> "SendOne":
        from campaigns.adapters.evolution import EvolutionGateway
        from campaigns.services.instance_cache import InstanceCache
        from campaigns.services.pass_gates import PassGates, person_gap_ms
        from campaigns.services.send_one import SendOne

        settings = self.settings
        return SendOne(
            recipients=self.recipients,
            contacts=self.contact_store,
            suppressions=self.suppressions,
            pass_gates=PassGates(
                persons=PersonStore(self.table),
                gates=self.gates,
                clock=self.clock,
                person_gap_ms=person_gap_ms(settings.read_timeout_ms),
                lease_ms=settings.lease_ms,
            ),
            gateway=EvolutionGateway(
                self.http_client,
                self.clock,
                read_timeout_seconds=settings.read_timeout_seconds,
                connect_timeout_seconds=settings.connect_timeout_seconds,
            ),
            vault=self.vault,
            facts=self.facts,
            instances=InstanceCache(self.instance_store),
            settle=self.settle,
            pause=self.pause,
            identity=self.identity,
            clock=self.clock,
            random=self.random,
            lease_ms=settings.lease_ms,
            read_timeout_ms=settings.read_timeout_ms,
        )

    @cached_property
    def dispatch(self) -> "DispatchBatch":
        from campaigns.services.dispatch_message import DispatchBatch

        return DispatchBatch(
            send_one=self.send_one,
            queue=self.queue,
            clock=self.clock,
            concurrently=self.concurrently,
            read_timeout_ms=self.settings.read_timeout_ms,
        )

    # The scheduler's, and what start and resume do at once

    @cached_property
    def start(self) -> "StartCampaign":
        from campaigns.services.start_campaign import StartCampaign

        return StartCampaign(
            campaigns=self.campaign_store,
            recipients=self.recipients,
            contacts=self.contact_store,
            gates=self.gates,
            facts=self.facts,
            clock=self.clock,
            random=self.random,
        )

    @cached_property
    def plan(self) -> "PlanSends":
        from campaigns.services.plan_sends import PlanSends

        return PlanSends(
            lanes=self.lanes,
            recipients=self.recipients,
            gates=self.gates,
            queue=self.queue,
            clock=self.clock,
        )

    @cached_property
    def visit(self) -> "VisitLane":
        from campaigns.services.keep_books import KeepBooks
        from campaigns.services.visit_lane import VisitLane
        from campaigns.services.walk_mark import WalkMark

        return VisitLane(
            campaigns=self.campaign_store,
            lanes=self.lanes,
            walk=WalkMark(
                recipients=self.recipients,
                campaigns=self.campaign_store,
                clock=self.clock,
                grace_ms=self.settings.grace_ms,
            ),
            plan=self.plan,
            books=KeepBooks(
                recipients=self.recipients,
                campaigns=self.campaign_store,
                clock=self.clock,
                random=self.random,
            ),
            start=self.start,
            facts=self.facts,
            clock=self.clock,
            random=self.random,
        )

    @cached_property
    def lay(self) -> "LayRecipients":
        from campaigns.adapters.dynamodb.laying_store import LayingStore
        from campaigns.services.lay_recipients import LayRecipients

        return LayRecipients(
            layings=LayingStore(self.table),
            recipients=self.recipients,
            contacts=self.contact_store,
            suppressions=self.suppressions,
            identity=self.identity,
            kick=self.kick,
            clock=self.clock,
            random=self.random,
            concurrently=self.concurrently,
        )

    @cached_property
    def schedule(self) -> "RunSchedule":
        from campaigns.services.run_schedule import RunSchedule

        return RunSchedule(
            lanes=self.lanes,
            visit=self.visit,
            # Built when there is something to lay: that alone needs the deployment's secret.
            lay=lambda tenant_id, campaign_id, deadline: self.lay.lay(
                tenant_id, campaign_id, deadline
            ),
            clock=self.clock,
            concurrently=self.concurrently,
        )

    # The API's

    @cached_property
    def run(self) -> "RunCampaign":
        from campaigns.services.run_campaign import RunCampaign

        return RunCampaign(
            campaigns=self.campaign_store,
            lanes=self.lanes,
            gates=self.gates,
            start=self.start,
            pause=self.pause,
            plan=self.plan,
            visit=self.visit,
            facts=self.facts,
            clock=self.clock,
            random=self.random,
        )

    @cached_property
    def catalog(self) -> "CatalogStore":
        from campaigns.adapters.dynamodb.catalog_store import CatalogStore

        return CatalogStore(self.table, self.campaign_store, self.lanes, self.concurrently)

    @cached_property
    def campaigns(self) -> "ManageCampaigns":
        from campaigns.services.manage_campaigns import ManageCampaigns

        return ManageCampaigns(
            campaigns=self.campaign_store,
            catalog=self.catalog,
            recipients=self.recipients,
            contacts=self.contact_store,
            instances=self.instance_store,
            gates=self.gates,
            tenants=self.tenant_rules,
            kick=self.kick,
            next_send_at=self.run.next_send_at,
            clock=self.clock,
            random=self.random,
        )

    @cached_property
    def messages(self) -> "ManageMessages":
        from campaigns.services.manage_messages import ManageMessages

        return ManageMessages(
            campaigns=self.campaign_store,
            catalog=self.catalog,
            recipients=self.recipients,
            contacts=self.contact_store,
            sample=self._first_contacts,
            tenants=self.tenant_rules,
            clock=self.clock,
            random=self.random,
        )

    def _first_contacts(self, tenant_id: str, limit: int) -> "Sequence[Contact]":
        from campaigns.services.ports_registry import ContactOrder, ContactScan

        by_name = ContactScan(ContactOrder.NAME)
        return self.contact_store.page(tenant_id, by_name, after=None, limit=limit).items

    @cached_property
    def logs(self) -> "ReadCampaignLog":
        from campaigns.services.read_campaign_log import ReadCampaignLog

        return ReadCampaignLog(
            campaigns=self.campaign_store, catalog=self.catalog, recipients=self.recipients
        )

    @cached_property
    def contacts(self) -> "ManageContacts":
        from campaigns.services.manage_contacts import ManageContacts

        return ManageContacts(
            contacts=self.contact_store,
            suppressions=self.suppressions,
            identity=self.identity,
            clock=self.clock,
            random=self.random,
            concurrently=self.concurrently,
        )

    @cached_property
    def instances(self) -> "ManageInstances":
        from campaigns.adapters.evolution_admin import EvolutionAdmin
        from campaigns.adapters.http_client import resolve_name
        from campaigns.services.manage_instances import ManageInstances
        from campaigns.services.probe_instance import ProbeInstance

        return ManageInstances(
            instances=self.instance_store,
            gates=self.gates,
            campaigns=self.campaign_store,
            tenants=self.tenant_rules,
            vault=self.vault,
            probe=ProbeInstance(
                EvolutionAdmin(self.http_client), self.address_policy, resolve_name
            ),
            identity=self.identity,
            clock=self.clock,
            random=self.random,
            concurrently=self.concurrently,
        )

    @cached_property
    def tenants(self) -> "ManageTenants":
        from campaigns.services.manage_tenants import ManageTenants

        return ManageTenants(
            tenants=self.tenant_store,
            cached_rules=self.tenant_rules,
            clock=self.clock,
            random=SystemRandom(),
        )

    @cached_property
    def idempotency(self) -> "Idempotency":
        from campaigns.adapters.dynamodb.idempotency_store import IdempotencyStore
        from campaigns.services.idempotency import Idempotency

        return Idempotency(
            records=IdempotencyStore(self.table),
            clock=self.clock,
            random=self.random,
            lock_ms=_REQUEST_MS,
        )

    def create_tenant(self, name: str) -> "NewTenant":
        """A tenant and its first owner key, for whoever runs the deployment."""
        return self.tenants.create_tenant(name)


def bootstrap(settings: Settings) -> App:
    """The parts of a function's process."""
    return App(settings)
