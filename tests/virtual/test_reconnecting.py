"""A number that goes away and comes back in the middle of a campaign, on the virtual clock."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import pytest

from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.delivery import AutoPauseReason
from campaigns.domain.model import ConnectionState
from campaigns.domain.webhook_event import ConnectionChange
from local.fake_evolution import ConnectionState as FakeState
from tests.fakes import rules
from tests.fakes.world import World, a_world

DELAY = (4, 8)
#: More external calls than one look makes.
MOST_CALLS = 60


def sending(world: World, *, contacts: int = 6, resume_on_reconnect: bool = True) -> str:
    """A campaign of which two messages have left."""
    world.receive_webhooks()
    world.start_running()
    campaign_id = world.draft(world.add_contacts(contacts), resume_on_reconnect=resume_on_reconnect)
    world.run(1)
    world.app.run.start(world.tenant_id, campaign_id, "key:test")
    while len(world.left_at()) < 2:
        world.run(1)
    # The second one's answer is in.
    world.run(2)
    return campaign_id


def state(world: World) -> ConnectionState:
    gate = world.app.gates.read(world.instance_id, consistent=True)
    assert gate is not None
    return gate.connection_state


@contextmanager
def looks_counted(world: World) -> Iterator[list[str]]:
    """Each question to the server how an instance is connected."""
    looks: list[str] = []
    admin = type(world.app.set_webhook.admin)
    connection = admin.connection

    def counted(self, *place):
        looks.append("connection")
        return connection(self, *place)

    with patch.object(admin, "connection", counted):
        yield looks


def test_a_disconnect_pauses_within_a_second_and_a_reconnect_lets_the_campaign_go_on() -> None:
    with a_world(delay=DELAY) as world:
        campaign_id = sending(world)
        world.fake.set_state("loja", FakeState.CLOSE)
        world.run(1)
        head = world.head(campaign_id)
        assert head.status is CampaignStatus.PAUSED
        assert head.auto_pause_reason is AutoPauseReason.INSTANCE_DISCONNECTED
        before = len(world.left_at())
        world.run(400)
        assert len(world.left_at()) == before
        world.fake.set_state("loja", FakeState.OPEN)
        world.run(1)
        assert world.head(campaign_id).status is CampaignStatus.ACTIVE
        world.run_until_over(campaign_id)

        assert len(world.received()) == 6
        assert {each.retry_count for each in world.recipients(campaign_id)} == {0}
        rules.nobody_twice(world)
        rules.nobody_lost(world, campaign_id)
        rules.human_pace(world, DELAY[0] * 1_000)
        rules.books_are_exact(world, campaign_id)


def test_a_campaign_that_did_not_ask_for_it_waits_for_a_person() -> None:
    with a_world(delay=DELAY) as world:
        campaign_id = sending(world, resume_on_reconnect=False)
        world.fake.set_state("loja", FakeState.CLOSE)
        world.run(30)
        world.fake.set_state("loja", FakeState.OPEN)
        world.run(120)
        assert state(world) is ConnectionState.OPEN
        assert world.head(campaign_id).status is CampaignStatus.PAUSED
        world.app.run.resume(world.tenant_id, campaign_id, "key:test")
        world.run_until_over(campaign_id)
        rules.nobody_lost(world, campaign_id)
        rules.nobody_twice(world)


def test_a_storm_of_300_events_ends_as_the_connection_does() -> None:
    with a_world(delay=DELAY) as world:
        campaign_id = sending(world)
        with looks_counted(world) as looks:
            world.fake.storm("loja", 300, 20)
            world.run(150)
        # One in five seconds of the storm, and what it left behind.
        assert len(looks) <= 20 // 5 + 1 + 2
        assert state(world) is ConnectionState.OPEN
        world.run_until_over(campaign_id)
        assert len(world.received()) == 6
        assert {each.retry_count for each in world.recipients(campaign_id)} == {0}
        rules.nobody_twice(world)
        rules.books_are_exact(world, campaign_id)


def test_a_number_that_goes_on_connecting_holds_its_sends_back_and_then_pauses() -> None:
    with a_world(delay=DELAY) as world:
        campaign_id = sending(world)
        world.fake.set_state("loja", FakeState.CONNECTING)
        world.run(1)
        assert world.head(campaign_id).status is CampaignStatus.ACTIVE
        before = len(world.left_at())
        world.run(125)
        assert len(world.left_at()) == before
        head = world.head(campaign_id)
        assert head.auto_pause_reason is AutoPauseReason.INSTANCE_DISCONNECTED
        world.fake.set_state("loja", FakeState.OPEN)
        world.run_until_over(campaign_id)
        assert {each.retry_count for each in world.recipients(campaign_id)} == {0}
        rules.nobody_lost(world, campaign_id)
        rules.nobody_twice(world)


def test_without_a_webhook_a_number_that_is_being_connected_is_looked_at_all_the_same() -> None:
    with a_world(delay=DELAY) as world:
        world.start_running()
        campaign_id = world.started(world.add_contacts(3))
        # As where its owner looks at the QR code of a number that is connected after all.
        gate = world.app.gates.read(world.instance_id, consistent=True)
        world.app.instance_store.note_state(
            world.instance_id, ConnectionState.CONNECTING, seen=gate
        )
        world.run_until_over(campaign_id)
        assert len(world.received()) == 3
        assert {each.retry_count for each in world.recipients(campaign_id)} == {0}


def test_a_scheduled_campaign_asks_now_and_then_whether_its_number_has_come_back() -> None:
    with a_world(delay=DELAY) as world:
        world.start_running()
        due_at = world.clock.now() + 120_000
        campaign_id = world.draft(world.add_contacts(2), scheduled_at=due_at)
        world.run(1)
        world.app.run.start(world.tenant_id, campaign_id, "key:test")
        world.fake.set_state("loja", FakeState.CLOSE)
        gate = world.app.gates.read(world.instance_id, consistent=True)
        world.app.instance_store.note_state(world.instance_id, ConnectionState.CLOSE, seen=gate)
        with looks_counted(world) as looks:
            world.run(25 * 60)
            # When it was due, and each ten minutes from then on: no event told of anything.
            assert len(looks) == 3
            assert world.head(campaign_id).status is CampaignStatus.SCHEDULED
            world.fake.set_state("loja", FakeState.OPEN)
            world.run_until_over(campaign_id, hours=0.3)
        assert len(world.received()) == 2
        assert len(looks) == 4


@pytest.mark.parametrize("after_effect", [False, True])
def test_a_look_that_crashes_at_any_call_ends_as_the_connection_is(after_effect: bool) -> None:
    with a_world(delay=DELAY) as world:
        contacts = world.add_contacts(1)
        campaign_id = world.draft(contacts, resume_on_reconnect=True)
        world.run(1)
        world.app.run.start(world.tenant_id, campaign_id, "key:test")
        points = {FakeState.CLOSE: 0, FakeState.OPEN: 0}
        for crash_at in range(MOST_CALLS):
            for ending, status in (
                (FakeState.CLOSE, CampaignStatus.PAUSED),
                (FakeState.OPEN, CampaignStatus.ACTIVE),
            ):
                crashed = _looked(world, ending, crash_at, after_effect=after_effect)
                assert world.head(campaign_id).status is status, (crash_at, ending)
                assert state(world).value == ending.value
                points[ending] += crashed
            if not crashed:
                break
        assert points[FakeState.CLOSE] >= 6
        assert points[FakeState.OPEN] >= 12


def _looked(world: World, ending: FakeState, crash_at: int, *, after_effect: bool) -> bool:
    """An event, by a process that crashes there, and what the next minutes make of it."""
    world.fake.set_state("loja", ending)
    instance = world.app.instance_store.read(world.instance_id)
    assert instance is not None
    world.injector.arm("webhook", crash_at, after_effect=after_effect)
    look = world.app.watch_connection
    world.clock.join(lambda: look(instance, ConnectionChange()), kind="webhook")
    crashed = len(world.injector.calls) > crash_at
    world.injector.arm("", None)
    if crashed and crash_at == 0 and not after_effect:
        # Nothing was done of it, and Evolution sends again what was not answered.
        look(instance, ConnectionChange())
    world.run(61)
    world.tick()
    # The next event is not to be taken for one of the same storm.
    world.run(6)
    return crashed
