"""Receipts of a running campaign, through the API's own edge."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from campaigns.domain.books import counted, is_book
from campaigns.domain.direct_message import DirectStatus
from campaigns.domain.recipient import RecipientStatus as Status
from local.fake_evolution import AckStatus, AckStep, Behaviour, Rule
from tests.fakes.virtual_clock import Crash
from tests.fakes.world import World, a_world

HOUR_SECONDS = 3_600
#: Faster than the answer of the request itself is settled.
AT_ONCE = (
    AckStep(AckStatus.SERVER_ACK, after=0),
    AckStep(AckStatus.DELIVERY_ACK, after=0),
    AckStep(AckStatus.READ, after=0),
)


def books(world: World, campaign_id: str) -> dict[str, int]:
    kept = world.app.campaign_store.counters(world.tenant_id, campaign_id)
    return {name: count for name, count in kept.items() if count and is_book(name)}


def truth(world: World, campaign_id: str) -> dict[str, int]:
    found: Counter[str] = Counter()
    for recipient in world.recipients(campaign_id):
        found.update(counted(recipient))
    return found


@pytest.mark.parametrize("version", ["2.3.7", "2.4.0"])
def test_receipts_that_are_faster_than_the_answer_lose_nothing(version: str) -> None:
    """On 2.3 the message's id is known with the answer only: the server is asked to come again."""
    with a_world(version=version, delay=(1, 2)) as world:
        edge = world.receive_webhooks(AT_ONCE)
        world.fake.add_rule(Rule(Behaviour.SLOW, seconds=3))
        world.start_running()
        campaign_id = world.started(world.add_contacts(4))
        world.run_until_over(campaign_id, hours=1)
        world.run(60)

        left = sorted(world.left_at())
        people = world.recipients(campaign_id)
        assert [each.status for each in people] == [Status.READ] * 4
        assert sorted(each.sent_at or 0 for each in people) == left
        assert None not in {each.remote_jid for each in people}
        assert books(world, campaign_id) == truth(world, campaign_id)
        statuses = {status for _, status in edge.answers}
        assert statuses == ({200, 503} if version == "2.3.7" else {200})


@contextmanager
def ending_before_each_booking(world: World) -> Iterator[None]:
    """Every process ends between a recipient's move and its booking."""
    real = world.app.campaign_store.book

    def end(*_: object, **__: object) -> None:
        world.clock.process.is_dead = True
        raise Crash

    world.app.campaign_store.book = end  # type: ignore[method-assign]
    try:
        yield
    finally:
        world.app.campaign_store.book = real  # type: ignore[method-assign]


def stopped(world: World, campaign_id: str, how: str) -> None:
    """Two hours after its first message has left."""
    app = world.app
    world.run(30)
    if how in {"cancelled", "paused"}:
        stop = app.run.cancel if how == "cancelled" else app.run.pause
        stop(world.tenant_id, campaign_id, "key:test")
    world.run(2 * HOUR_SECONDS - 30)
    if how == "archived":
        assert app.archive_campaign.archive(world.tenant_id, campaign_id)


@pytest.mark.parametrize("how", ["completed", "archived", "cancelled", "paused"])
def test_a_booking_of_a_late_receipt_that_was_cut_short_is_made_good(how: str) -> None:
    """Her phone was off; by then the campaign was over and its books had been recounted."""
    late = AckStep(AckStatus.DELIVERY_ACK, after=3 * HOUR_SECONDS)
    with a_world() as world:
        world.receive_webhooks((late,))
        world.start_running(hours=26)
        campaign_id = world.started(world.add_contacts(3))
        stopped(world, campaign_id, how)
        reached = Counter(each.status for each in world.recipients(campaign_id))[Status.SENT]
        assert reached
        assert books(world, campaign_id) == truth(world, campaign_id)
        with ending_before_each_booking(world):
            world.run(2 * HOUR_SECONDS)
        assert truth(world, campaign_id)[Status.DELIVERED] == reached
        assert books(world, campaign_id) != truth(world, campaign_id)
        world.run(21 * HOUR_SECONDS)
        assert books(world, campaign_id) == truth(world, campaign_id)


def test_a_test_messages_receipt_that_is_faster_than_the_answer_loses_nothing() -> None:
    with a_world() as world:
        world.receive_webhooks(AT_ONCE)
        world.fake.add_rule(Rule(Behaviour.SLOW, seconds=3))
        world.start_running()
        queued = world.app.direct.test_text(
            world.tenant_id, world.instance_id, phone="(11) 99000-0001", text="Oi", contact_id=None
        )
        world.run(30)

        message = world.app.direct.read(
            world.tenant_id, world.instance_id, queued.direct_message_id
        )
        assert message.status is DirectStatus.SENT
        assert [message.sent_at] == world.left_at()
        assert message.remote_jid is not None
