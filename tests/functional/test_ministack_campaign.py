"""Campaigns on ministack's table and queue, in real time, with everything at once and twice."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from threading import Event
from typing import Any
from unittest.mock import patch

import boto3
import httpx
import pytest
from botocore.exceptions import ClientError

from campaigns.adapters.job_queue import SqsJobQueue
from campaigns.bootstrap import App
from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.contact import ContactDraft
from campaigns.domain.errors import InvalidState, StartRefused
from campaigns.domain.model import Campaign, EventType, Recipient
from campaigns.domain.recipient import RecipientStatus
from campaigns.services.dispatch_message import ReceivedJob
from campaigns.services.keep_books import KeepBooks
from campaigns.settings import Settings
from local.fake_evolution import FakeEvolution, transport
from local.resources import Resources, create_resources
from local.template import Template
from tests.contract.queues import received_from
from tests.fakes.aws import CREDENTIALS
from tests.fakes.world import API_KEY, add_instance, create_draft
from tests.permissions.recorder import acting_as

pytestmark = pytest.mark.ministack

#: Where nothing goes wrong a campaign takes a second a recipient.
PATIENCE_SECONDS = 60
FUNCTION_MS = 60_000
ACTOR = "key:test"


class LayAtOnce:
    """The kick, without a function in between."""

    def __init__(self) -> None:
        self.app: App | None = None

    def lay(self, tenant_id: str, campaign_id: str) -> None:
        assert self.app is not None
        self.app.lay.lay(tenant_id, campaign_id, self.app.clock.now() + 300_000)


class UnreliableSqs:
    """SQS of a bad day: of the first batch it takes every other job, of the second it takes all and
    answers nothing; from then on it is well again.
    """

    def __init__(self, sqs: Any) -> None:
        self._sqs = sqs
        self.batches = 0

    def send_message_batch(self, *, QueueUrl: str, Entries: list[Any]) -> dict[str, Any]:  # noqa: N803
        self.batches += 1
        taken = Entries[::2] if self.batches == 1 else Entries
        answer: dict[str, Any] = self._sqs.send_message_batch(QueueUrl=QueueUrl, Entries=taken)
        if self.batches == 2:
            raise ClientError({"Error": {"Code": "ServiceUnavailable"}}, "SendMessageBatch")
        refused = [{"Id": each["Id"], "Code": "InternalError"} for each in Entries[1::2]]
        return answer | ({"Failed": refused} if self.batches == 1 else {})

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sqs, name)


@dataclass
class Deployment:
    """The table and the queue on the emulator, and an Evolution in process."""

    resources: Resources
    fake: FakeEvolution
    is_over: Event
    tenant_id: str = ""

    def process(self, sqs: Any = None) -> App:
        """The parts of one function's process: nothing is shared but what is stored."""
        kick = LayAtOnce()
        settings = Settings(
            table_name=self.resources.table_name,
            queue_url=self.resources.queue_url,
            kms_key_id=self.resources.key_id,
            scheduler_function_name="scheduler",
            evolution_allow_private_addresses=True,
            lane_shards=2,
        )
        client = httpx.Client(transport=transport(self.fake))
        queue = SqsJobQueue(sqs or boto3.client("sqs"), self.resources.queue_url)
        kick.app = App(settings, queue=queue, kick=kick, http_client=client)
        return kick.app

    # The tenant

    def drafts(self, app: App, contacts: int, count: int = 1) -> list[str]:
        """Campaigns to the same contacts on one instance of their own."""
        self.tenant_id = app.create_tenant("Loja da Ana").tenant_id
        name = f"loja-{len(self.fake.instances)}"
        self.fake.register_instance(name, API_KEY)
        instance_id = add_instance(app, self.tenant_id, name, (1, 1), None)
        first = 100 * len(self.fake.instances)
        people = [
            ContactDraft(name=f"Cliente {n}", phone=f"(11) 99000-{n:04d}")
            for n in range(first, first + contacts)
        ]
        ids = [str(each.id) for each in app.contacts.bulk(self.tenant_id, people)]
        texts = ("Oi {{nome}}", "Olá {{nome}}")
        return [create_draft(app, self.tenant_id, instance_id, ids, texts) for _ in range(count)]

    def start(self, app: App, campaign_id: str) -> bool:
        try:
            app.run.start(self.tenant_id, campaign_id, ACTOR)
        except (InvalidState, StartRefused):
            return False
        return True

    # What AWS does

    @contextmanager
    def running(self, *planners: App) -> Iterator[None]:
        """The planners each tick all the time; two dispatchers share the queue, each batch goes to
        both of them at once, and to one of them once more.
        """
        dispatchers = [self.process(), self.process()]
        self.is_over.clear()
        with ThreadPoolExecutor(8) as threads:
            running = [threads.submit(self._plan, each) for each in planners]
            running += [
                threads.submit(self._poll, mine, other, threads)
                for mine, other in (dispatchers, dispatchers[::-1])
            ]
            try:
                yield
            finally:
                self.is_over.set()
            for each in running:
                each.result()

    def _plan(self, app: App) -> None:
        while not self.is_over.wait(0.2):
            with acting_as("scheduler", app.settings):
                app.schedule.tick(app.clock.now() + 300_000)

    def _poll(self, mine: App, other: App, threads: ThreadPoolExecutor) -> None:
        sqs = boto3.client("sqs")
        while not self.is_over.is_set():
            answer = sqs.receive_message(
                QueueUrl=self.resources.queue_url,
                MaxNumberOfMessages=10,
                WaitTimeSeconds=1,
                MessageSystemAttributeNames=["All"],
            )
            batch = [received_from(message) for message in answer.get("Messages", [])]
            if not batch:
                continue
            copy = threads.submit(_dispatch, other, batch)
            staying = _dispatch(mine, batch) | copy.result()
            done = [each for each in batch if each.message_id not in staying]
            _dispatch(other, done)
            for each in done:
                sqs.delete_message(
                    QueueUrl=self.resources.queue_url, ReceiptHandle=each.receipt_handle
                )

    # What came of it

    def head(self, app: App, campaign_id: str) -> Campaign:
        head = app.campaign_store.head(self.tenant_id, campaign_id, consistent=True)
        assert head is not None
        return head

    def wait_until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            assert time.monotonic() < deadline, "it did not come about"
            time.sleep(0.05)

    def wait_for_completion(self, app: App, campaign_id: str) -> None:
        self.wait_until(lambda: self.head(app, campaign_id).status is CampaignStatus.COMPLETED)

    def judge(self, app: App, campaign_id: str, contacts: int) -> None:
        """Each phone has it once, in its turn, and after a recount the books say so."""
        recipients = self.recipients(app, campaign_id)
        assert [each.status for each in recipients] == [RecipientStatus.SENT] * contacts
        people = app.contact_store.read_many(self.tenant_id, [r.contact_id for r in recipients])
        received = Counter(phone.phone for phone in self.fake.phones() for _ in phone.messages)
        phones = [each.phone.removeprefix("+") for each in people.values()]
        assert {phone: received[phone] for phone in phones} == dict.fromkeys(phones, 1)
        left = sorted(each.sent_at or 0 for each in recipients)
        assert all(later - earlier >= 1_000 for earlier, later in pairwise(left))
        books = KeepBooks(
            recipients=app.recipients,
            campaigns=app.campaign_store,
            clock=app.clock,
            random=app.random,
        )
        assert books.recount(self.head(app, campaign_id))
        counters = app.campaign_store.counters(self.tenant_id, campaign_id)
        assert counters["sent"] == contacts

    def recipients(self, app: App, campaign_id: str) -> list[Recipient]:
        return app.recipients.page(self.tenant_id, campaign_id, 0, 100, limit=100, consistent=True)

    def has_any(self, app: App, campaign_id: str, wanted: Callable[[Recipient], bool]) -> bool:
        return any(map(wanted, self.recipients(app, campaign_id)))

    def events(self, app: App, campaign_id: str) -> Counter[EventType]:
        logs = app.catalog.logs(self.tenant_id, campaign_id, after=None, limit=100)
        return Counter(entry.event_type for entry in logs.items)


def _is_sent(recipient: Recipient) -> bool:
    return recipient.status is RecipientStatus.SENT


def _was_released(recipient: Recipient) -> bool:
    return recipient.plan_number > 1


def _dispatch(app: App, batch: Sequence[ReceivedJob]) -> set[str]:
    with acting_as("dispatcher", app.settings):
        return app.dispatch.dispatch(batch, app.clock.now() + FUNCTION_MS)


@pytest.fixture(scope="module")
def deployment(ministack_url: str) -> Iterator[Deployment]:
    with patch.dict("os.environ", CREDENTIALS | {"AWS_ENDPOINT_URL": ministack_url}):
        fake = FakeEvolution(clock=time.time, sleep=time.sleep, random=random.Random(1))
        yield Deployment(create_resources(ministack_url, Template()), fake, Event())


def test_with_two_planners_and_every_job_thrice_nobody_is_sent_to_twice_and_nobody_is_lost(
    deployment: Deployment,
) -> None:
    owner = deployment.process()
    (campaign_id,) = deployment.drafts(owner, contacts=6)
    planners = [deployment.process(), deployment.process()]
    with deployment.running(*planners):
        with ThreadPoolExecutor(2) as threads:
            starts = threads.map(lambda app: deployment.start(app, campaign_id), planners)
            assert sorted(starts) == [False, True]
        deployment.wait_for_completion(owner, campaign_id)

    deployment.judge(owner, campaign_id, contacts=6)
    events = deployment.events(owner, campaign_id)
    assert (events["campaign_started"], events["campaign_completed"]) == (1, 1)


def test_a_partly_failed_batch_and_a_lost_answer_of_the_queue_cost_nobody_a_message(
    deployment: Deployment,
) -> None:
    sqs = UnreliableSqs(boto3.client("sqs"))
    owner = deployment.process(sqs)
    (campaign_id,) = deployment.drafts(owner, contacts=4)
    with deployment.running(owner):
        assert deployment.start(owner, campaign_id)
        deployment.wait_for_completion(owner, campaign_id)

    assert sqs.batches >= 3
    deployment.judge(owner, campaign_id, contacts=4)


def test_who_is_paused_and_resumed_within_the_queues_five_minutes_is_not_lost(
    deployment: Deployment,
) -> None:
    owner = deployment.process()
    (campaign_id,) = deployment.drafts(owner, contacts=4)
    with deployment.running(deployment.process()):
        assert deployment.start(owner, campaign_id)
        deployment.wait_until(lambda: deployment.has_any(owner, campaign_id, _is_sent))
        owner.run.pause(deployment.tenant_id, campaign_id, ACTOR)
        # The slot of the next one passes, and its job is gone from the queue.
        deployment.wait_until(lambda: deployment.has_any(owner, campaign_id, _was_released))
        owner.run.resume(deployment.tenant_id, campaign_id, ACTOR)
        deployment.wait_for_completion(owner, campaign_id)

    deployment.judge(owner, campaign_id, contacts=4)


def test_of_two_campaigns_started_at_once_on_one_instance_one_is_refused(
    deployment: Deployment,
) -> None:
    owner = deployment.process()
    drafts = deployment.drafts(owner, contacts=1, count=2)
    with ThreadPoolExecutor(2) as threads:
        starts = list(threads.map(partial(deployment.start, owner), drafts))

    assert sorted(starts) == [False, True]
    statuses = Counter(deployment.head(owner, each).status for each in drafts)
    assert statuses == {CampaignStatus.ACTIVE: 1, CampaignStatus.DRAFT: 1}
