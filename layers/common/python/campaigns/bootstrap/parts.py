"""What every function builds on: the adapters, and the services that several share.

Each part is built when it is first used. A function imports only what it needs: parts of one
function alone are imported where they are made.
"""

from functools import cached_property
from random import Random, SystemRandom
from typing import TYPE_CHECKING

import boto3

from campaigns.adapters.clock import SystemClock, Threads
from campaigns.adapters.clock_watch import ClockWatch
from campaigns.adapters.dynamodb.campaign_store import CampaignStore
from campaigns.adapters.dynamodb.connection_check_store import ConnectionCheckStore
from campaigns.adapters.dynamodb.contact_store import ContactStore, SuppressionStore
from campaigns.adapters.dynamodb.gate_store import GateStore
from campaigns.adapters.dynamodb.instance_store import InstanceStore
from campaigns.adapters.dynamodb.lane_store import LaneStore
from campaigns.adapters.dynamodb.recipient_store import RecipientStore
from campaigns.adapters.dynamodb.table import Table
from campaigns.adapters.dynamodb.tenant_store import TenantStore
from campaigns.adapters.metrics import EmbeddedMetrics
from campaigns.domain.identity import Identity
from campaigns.domain.server_address import AddressPolicy
from campaigns.services.advance_recipient import AdvanceRecipient
from campaigns.services.campaign_facts import FactsCache
from campaigns.services.pause_campaign import PauseCampaign
from campaigns.services.ports import Clock, Concurrently, JobQueue, Kick
from campaigns.services.settle_delivery import SettleDelivery
from campaigns.services.tenant_rules import CachedTenantRules
from campaigns.settings import Settings

if TYPE_CHECKING:
    import httpx
    from mypy_boto3_kms import KMSClient

    from campaigns.adapters.dynamodb.activity_store import ActivityStore
    from campaigns.adapters.dynamodb.direct_store import DirectMessageStore
    from campaigns.adapters.dynamodb.member_store import MemberStore
    from campaigns.adapters.dynamodb.message_index import MessageIndexStore
    from campaigns.adapters.evolution_lookup import EvolutionLookup
    from campaigns.adapters.kms import DeploymentSecret, KmsVault
    from campaigns.services.judge_receipts import JudgeReceipts

#: Threads of a process: a batch of ten people, and concurrent reads beside it.
_WORKERS = 16


class Parts:
    """The adapters of a deployment and what is shared over them.

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
        table = Table(self.settings.table_name, sleep=self.clock.sleep)
        # A clock that was given does not claim to be the world's.
        if isinstance(self.clock, SystemClock):
            ClockWatch(self.clock, self.metrics).listen(table.connection.client)
        return table

    @cached_property
    def aws(self) -> boto3.Session:
        # Over the table's own session: another one would read AWS's data again, 50 ms of processor.
        return boto3.Session(botocore_session=self.table.connection.session)

    @cached_property
    def metrics(self) -> EmbeddedMetrics:
        return EmbeddedMetrics(self.settings.metrics_namespace, self.clock)

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
    def activities(self) -> "ActivityStore":
        from campaigns.adapters.dynamodb.activity_store import ActivityStore

        return ActivityStore(self.table)

    @cached_property
    def direct_messages(self) -> "DirectMessageStore":
        from campaigns.adapters.dynamodb.direct_store import DirectMessageStore

        return DirectMessageStore(self.table, self.random)

    @cached_property
    def message_index(self) -> "MessageIndexStore":
        from campaigns.adapters.dynamodb.message_index import MessageIndexStore

        return MessageIndexStore(self.table)

    @cached_property
    def memberships(self) -> "MemberStore":
        from campaigns.adapters.dynamodb.member_store import MemberStore

        return MemberStore(self.table)

    @cached_property
    def connection_checks(self) -> ConnectionCheckStore:
        return ConnectionCheckStore(self.table, self.settings.lane_shards)

    @cached_property
    def instance_store(self) -> InstanceStore:
        return InstanceStore(self.table)

    @cached_property
    def tenant_store(self) -> TenantStore:
        return TenantStore(self.table)

    @cached_property
    def queue(self) -> JobQueue:
        from campaigns.adapters.job_queue import SqsJobQueue

        return self._given_queue or SqsJobQueue(self.aws.client("sqs"), self.settings.queue_url)

    @cached_property
    def kick(self) -> Kick:
        from campaigns.adapters.kick import LambdaKick

        name = self.settings.scheduler_function_name
        return self._given_kick or LambdaKick(lambda: self.aws.client("lambda"), name)

    @cached_property
    def _kms(self) -> "KMSClient":
        client: KMSClient = self.aws.client("kms")
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
    def address_policy(self) -> AddressPolicy:
        return self.settings.address_policy

    @cached_property
    def http_client(self) -> "httpx.Client":
        from campaigns.adapters.http_client import make_http_client

        return self._given_client or make_http_client(
            self.address_policy,
            connect_timeout_seconds=self.settings.connect_timeout_seconds,
            read_timeout_seconds=self.settings.read_timeout_seconds,
        )

    @cached_property
    def lookup(self) -> "EvolutionLookup":
        from campaigns.adapters.evolution_lookup import EvolutionLookup

        return EvolutionLookup(self.http_client)

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
    def judge_receipts(self) -> "JudgeReceipts":
        from campaigns.services.judge_receipts import JudgeReceipts

        return JudgeReceipts(
            recipients=self.recipients,
            campaigns=self.campaign_store,
            instances=self.instance_store,
            pause=self.pause,
            clock=self.clock,
            limits=self.settings.breaker_limits,
        )

    @cached_property
    def advance(self) -> AdvanceRecipient:
        return AdvanceRecipient(
            recipients=self.recipients,
            campaigns=self.campaign_store,
            clock=self.clock,
            metrics=self.metrics,
        )

    @cached_property
    def settle(self) -> SettleDelivery:
        return SettleDelivery(
            recipients=self.recipients,
            campaigns=self.campaign_store,
            clock=self.clock,
            random=self.random,
            metrics=self.metrics,
        )
