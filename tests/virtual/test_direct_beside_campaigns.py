"""Test messages beside campaigns: what each shows of itself, and the rules that hold for both."""

import random
from itertools import pairwise

import pytest

from campaigns.domain.direct_message import DirectMessage, DirectStatus
from local.fake_evolution import Behaviour, Rule
from tests.fakes import rules
from tests.fakes.world import API_KEY, World, a_world, add_instance

SECOND = 1_000
PERSON_GAP_MS = 60 * SECOND
FAULTS = (
    Behaviour.NUMBER_CHECK_TIMED_OUT,
    Behaviour.NUMBER_CHECK_EMPTY,
    Behaviour.SENT_ANSWER_LOST,
    Behaviour.NOT_SENT_ANSWER_LOST,
    Behaviour.SENT_THEN_400,
    Behaviour.CONNECTION_REFUSED,
)
OVER = {DirectStatus.SENT, DirectStatus.FAILED, DirectStatus.UNCONFIRMED}


def send(
    world: World, number: int, text: str = "Teste", place: tuple[str, str] | None = None
) -> DirectMessage:
    tenant_id, instance_id = place or (world.tenant_id, world.instance_id)
    return world.app.direct.test_text(
        tenant_id, instance_id, phone=f"(11) 99000-{number:04d}", text=text, contact_id=None
    )


def seen(world: World, message: DirectMessage) -> DirectMessage:
    return world.app.direct.read(message.tenant_id, message.instance_id, message.direct_message_id)


def in_flight(world: World, campaign_id: str) -> tuple[int, int]:
    """Of the campaign: what is being sent and what still waits, as its API tells."""
    counts = world.app.campaigns.read(world.tenant_id, campaign_id).counts
    return counts.sending, counts.pending


def test_a_test_message_under_way_is_no_campaigns_message_in_flight() -> None:
    with a_world(delay=(1, 2)) as world:
        world.start_running()
        campaign_id = world.started(world.add_contacts(2))
        world.run(0.5)
        world.app.run.pause(world.tenant_id, campaign_id, "key:test")
        world.run(30)
        sent, waiting = len(world.left_at()), 2 - len(world.left_at())
        world.fake.add_rule(Rule(Behaviour.SLOW, count=1, seconds=8))
        message = send(world, 9_001)
        world.run(4)
        assert seen(world, message).status is DirectStatus.SENDING
        assert in_flight(world, campaign_id) == (0, waiting)
        told = world.app.instance_views.availability(world.tenant_id, world.instance_id)
        assert told.current_campaign is not None
        assert told.current_campaign.progress == 100 * sent / 2


def test_a_campaigns_message_under_way_is_in_flight() -> None:
    with a_world(delay=(1, 2)) as world:
        world.fake.add_rule(Rule(Behaviour.SLOW, count=1, seconds=8))
        world.start_running()
        campaign_id = world.started(world.add_contacts(2))
        world.run(4)
        assert in_flight(world, campaign_id) == (1, 1)


@pytest.mark.parametrize("seed", range(2))
def test_whatever_fails_people_and_instances_keep_their_pauses_and_nothing_comes_twice(
    seed: int,
) -> None:
    chance = random.Random(seed)
    with a_world(seed=seed, delay=(3, 6), unknown_grace_seconds=30) as world:
        second_id = world.add_instance("segunda", delay=(5, 9))
        other = world.app.create_tenant("Outra loja").tenant_id
        world.fake.register_instance("outra", API_KEY)
        third_id = add_instance(world.app, other, "outra", (2, 4), None)
        paces = {"loja": 3 * SECOND, "segunda": 5 * SECOND, "outra": 2 * SECOND}
        places = (
            (world.tenant_id, world.instance_id),
            (world.tenant_id, second_id),
            (other, third_id),
        )
        world.start_running()
        campaign_id = world.started(world.add_contacts(6))
        messages = []
        for number in range(16):
            world.run(chance.choice([0.1, 1, 5, 20, 40]))
            if chance.random() < 0.3:
                world.fake.add_rule(Rule(chance.choice(FAULTS), count=1))
            place = chance.choice(places)
            messages.append(send(world, chance.randrange(6), f"Teste {number}", place))
        world.run_until_over(campaign_id)
        world.run(1_400)

        assert {seen(world, each).status for each in messages} <= OVER
        for name, pace in paces.items():
            left = [each.arrived_at for each in world.fake.requests() if each.instance == name]
            assert [b - a for a, b in pairwise(left) if round((b - a) * SECOND) < pace] == []
        for phone in world.fake.phones():
            arrived = [each.received_at for each in phone.messages]
            soon = [b - a for a, b in pairwise(arrived) if (b - a) * SECOND < PERSON_GAP_MS]
            assert soon == []
        assert len(set(world.received())) == len(world.received())
        rules.nobody_lost(world, campaign_id)
        rules.books_are_exact(world, campaign_id)
        assert (world.queue.messages, world.queue.dead) == ([], [])
