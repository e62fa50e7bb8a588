"""A whole deployment on the virtual clock: the real services and stores, the fake Evolution."""

import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from unittest.mock import patch

import boto3
import httpx
from moto import mock_aws

from campaigns.bootstrap import App
from campaigns.domain.campaign_draft import CampaignDraft
from campaigns.domain.contact import ContactDraft
from campaigns.domain.instance import InstanceDraft
from campaigns.domain.instants import to_ms
from campaigns.domain.model import Campaign, Recipient, Schedule
from campaigns.services.dispatch_message import ReceivedJob
from campaigns.settings import Settings
from local.fake_evolution import USUAL_ACKS, AckStep, FakeEvolution, transport
from tests.fakes.aws import CREDENTIALS
from tests.fakes.dynamodb import create_table
from tests.fakes.dynamodb_in_process import dynamodb_in_process
from tests.fakes.fifo_queue import FifoQueue
from tests.fakes.injector import (
    InjectedQueue,
    InjectedTransport,
    Injector,
    inject_into_table,
)
from tests.fakes.virtual_clock import VirtualClock
from tests.fakes.webhooks import WebhookEdge
from tests.permissions.recorder import acting_as

#: A Tuesday morning in São Paulo, inside business hours.
TUESDAY_10_H = to_ms(datetime(2026, 11, 24, 13, 0, tzinfo=UTC))
SERVER = "http://127.0.0.1:1"
API_KEY = "chave-da-loja"
FUNCTION_MS = 60_000
ZONE = "America/Sao_Paulo"


@dataclass
class LayAtOnce:
    """The kick, without a function in between."""

    clock: VirtualClock
    app: App | None = None

    def lay(self, tenant_id: str, campaign_id: str) -> None:
        assert self.app is not None
        lay = acting_as("scheduler", self.app.settings)(self.app.lay.lay)
        deadline = self.clock.now() + 300_000
        self.clock.spawn(lambda: lay(tenant_id, campaign_id, deadline), kind="layer")


@dataclass
class World:
    """What a test does with a deployment, in its own words."""

    clock: VirtualClock
    queue: FifoQueue
    fake: FakeEvolution
    app: App
    injector: Injector
    tenant_id: str = ""
    instance_id: str = ""
    webhooks: WebhookEdge | None = None
    #: Instance id by the name at the fake.
    instance_ids: dict[str, str] = field(default_factory=dict)

    def run(self, seconds: float) -> None:
        self.clock.sleep(round(seconds * 1_000))

    def schedule_each_minute(self, *, offset: int = 0, until: int) -> None:
        """EventBridge, at least once a minute."""

        def loop() -> None:
            self.clock.sleep(offset)
            while self.clock.now() < until:
                self.clock.spawn(self.tick, kind="scheduler")
                self.clock.sleep(60_000)

        self.clock.spawn(loop)

    def tick(self) -> None:
        with acting_as("scheduler", self.app.settings):
            self.app.schedule.tick(self.clock.now() + 300_000)

    def poll(self, pollers: int = 4, *, until: int) -> None:
        """The event source mapping."""

        def poller() -> None:
            while self.clock.now() < until:
                batch = self.queue.receive()
                if batch:
                    self.deliver(batch)
                else:
                    self.clock.wait(self.queue.next_visible_at(self.clock.now()) or until)

        for _ in range(pollers):
            self.clock.spawn(poller)

    def deliver(self, batch: list[ReceivedJob]) -> None:
        """Have a dispatcher of its own do a batch; what it does not keep leaves the queue."""
        done: list[set[str]] = []

        def invoke() -> None:
            with acting_as("dispatcher", self.app.settings):
                done.append(self.app.dispatch.dispatch(batch, self.clock.now() + FUNCTION_MS))

        self.clock.join(invoke, kind="dispatcher")
        for each in batch:
            if done and each.message_id not in done[0]:
                self.queue.delete(each.receipt_handle)

    def start_running(self, hours: float = 6) -> None:
        until = self.clock.now() + round(hours * 3_600_000)
        self.schedule_each_minute(until=until)
        self.poll(until=until)

    def receive_webhooks(
        self, acks: Iterable[AckStep] = USUAL_ACKS, *, hours: float = 24
    ) -> WebhookEdge:
        """From now on each send is followed by these statuses, and every event of the fake comes
        in through the API's own edge, at its time, while anybody lets time pass.
        """
        self.webhooks = edge = WebhookEdge(self.clock, self.app, self.fake)
        for name, instance_id in self.instance_ids.items():
            edge.set_webhook(name, instance_id)
        self.fake.set_acks(acks)
        self.fake.events.deliver = edge
        self.fake.stirred = self.clock.notify
        until = self.clock.now() + round(hours * 3_600_000)
        self.clock.spawn(lambda: edge.carry(until))
        return edge

    def add_instance(self, name: str = "loja", *, delay=(20, 50), daily_limit=None) -> str:
        self.fake.register_instance(name, API_KEY)
        instance_id = add_instance(self.app, self.tenant_id, name, delay, daily_limit)
        self.instance_ids[name] = instance_id
        if self.webhooks is not None:
            self.webhooks.set_webhook(name, instance_id)
        return instance_id

    def add_contacts(self, count: int, *, first: int = 0) -> list[str]:
        drafts = [
            ContactDraft(name=f"Cliente {n}", phone=f"(11) 99{n // 10000:03d}-{n % 10000:04d}")
            for n in range(first, first + count)
        ]
        return [
            str(result.id)
            for start in range(0, count, 1_000)
            for result in self.app.contacts.bulk(self.tenant_id, drafts[start : start + 1_000])
        ]

    def draft(self, contacts, texts=("Oi {{nome}}", "Olá {{nome}}", "E aí, {{nome}}?"), **fields):
        return create_draft(self.app, self.tenant_id, self.instance_id, contacts, texts, **fields)

    def started(self, contacts, **fields) -> str:
        """A campaign whose recipients are laid, started at this instant."""
        campaign_id = self.draft(contacts, **fields)
        self.run(1)
        self.app.run.start(self.tenant_id, campaign_id, "key:test")
        return campaign_id

    def head(self, campaign_id: str) -> Campaign:
        campaign = self.app.campaign_store.head(self.tenant_id, campaign_id, consistent=True)
        assert campaign is not None
        return campaign

    def recipients(self, campaign_id: str) -> list[Recipient]:
        total = self.head(campaign_id).total
        return self.app.recipients.page(
            self.tenant_id, campaign_id, 0, total, limit=total + 1, consistent=True
        )

    def run_until_over(self, campaign_id: str, *, hours: float = 24) -> None:
        end = self.clock.now() + round(hours * 3_600_000)
        while self.clock.now() < end:
            self.run(20)
            if self.head(campaign_id).status in {"completed", "cancelled"}:
                return
        raise AssertionError(f"still {self.head(campaign_id).status}")

    def left_at(self) -> list[int]:
        """When each request of a send reached the fake, epoch milliseconds."""
        return [round(request.arrived_at * 1_000) for request in self.fake.requests()]

    def received(self) -> list[tuple[str, str]]:
        """Every message on a phone: (phone, text)."""
        return [
            (phone.phone, message.text)
            for phone in self.fake.phones()
            for message in phone.messages
        ]


def add_instance(app: App, tenant_id: str, name: str, delay, daily_limit) -> str:
    view = app.instances.create(
        tenant_id,
        InstanceDraft(
            name=name,
            evolution_url=SERVER,
            evolution_instance=name,
            api_key=API_KEY,
            delay_min_seconds=delay[0],
            delay_max_seconds=delay[1],
            daily_limit=daily_limit,
        ),
        "key:test",
    )
    return view.instance.instance_id


def create_draft(
    app: App,
    tenant_id: str,
    instance_id: str,
    contacts,
    texts,
    *,
    group_ids=(),
    tags=(),
    resume_on_reconnect=False,
    **schedule,
) -> str:
    draft = CampaignDraft(
        name="Campanha",
        instance_id=instance_id,
        contact_ids=tuple(contacts),
        group_ids=tuple(group_ids),
        tags=tuple(tags),
        message_texts=tuple(texts),
        resume_on_reconnect=resume_on_reconnect,
        schedule=Schedule(
            **(
                {"schedule_type": "immediate", "timezone": ZONE, "ignore_quiet_hours": True}
                | schedule
            )
        ),
    )
    details = app.campaigns.create(tenant_id, draft, "key:test")
    return details.view.campaign.campaign_id


@contextmanager
def a_world(
    start: int = TUESDAY_10_H, *, seed: int = 1, version: str = "2.3.7", delay=(20, 50), **settings
) -> Iterator[World]:
    """A deployment with one tenant and one connected instance."""
    clock = VirtualClock(start)
    with patch.dict("os.environ", CREDENTIALS), mock_aws(), dynamodb_in_process():
        key_id = boto3.client("kms", region_name="us-east-1").create_key()["KeyMetadata"]["KeyId"]
        table = create_table("campaigns")
        fake = FakeEvolution(
            clock=lambda: clock.now() / 1_000,
            sleep=lambda seconds: clock.sleep(round(seconds * 1_000)),
            random=random.Random(seed),
            version=version,
        )
        queue = FifoQueue(clock.now, clock.notify)
        injector = Injector(clock)
        app = App(
            Settings(
                table_name=table,
                queue_url="",
                kms_key_id=key_id,
                scheduler_function_name="scheduler",
                evolution_allow_private_addresses=True,
                lane_shards=2,
                **settings,
            ),
            clock=clock,
            random=random.Random(seed),
            concurrently=clock.side_by_side,
            queue=InjectedQueue(queue, injector),
            kick=(kick := LayAtOnce(clock)),
            http_client=httpx.Client(transport=InjectedTransport(transport(fake), injector)),
        )
        kick.app = app
        inject_into_table(app.table, injector)
        world = World(clock, queue, fake, app, injector)
        world.tenant_id = world.app.create_tenant("Loja da Ana").tenant_id
        world.instance_id = world.add_instance(delay=delay)
        yield world
