"""Pause, resume and cancel at any moment: stop means stop, and nobody is lost by it."""

import pytest

from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.recipient import RecipientStatus
from local.fake_evolution import Behaviour, Rule
from tests.fakes import rules
from tests.fakes.world import a_world

ACTOR = "key:test"


def test_nothing_leaves_from_a_second_after_pause_with_a_send_in_flight_and_early_jobs() -> None:
    # At one second a request, the coming 130 s hold 131 jobs; five more instances' make it 200.
    with a_world(delay=(1, 1)) as world:
        contacts = world.add_contacts(200)
        world.start_running(hours=0.5)
        world.fake.add_rule(Rule(Behaviour.SLOW, after=5, count=1, seconds=8))
        campaign_id = world.started(contacts)
        world.instance_id = world.add_instance("segunda", delay=(1, 1))
        other_id = world.started(world.add_contacts(100, first=500))
        world.run(8)
        assert len(world.queue.messages) >= 200
        assert [each.outcome for each in world.fake.requests() if each.answered_at is None] != []

        for each in (campaign_id, other_id):
            world.app.run.pause(world.tenant_id, each, ACTOR, "teste")
        paused_at = world.clock.now()
        world.run(600)

        assert [at for at in world.left_at() if at > paused_at + 1_000] == []
        assert world.head(campaign_id).status is CampaignStatus.PAUSED


def test_pause_and_resume_within_five_minutes_loses_nobody() -> None:
    # Within the queue's window of deduplication: a repeated id would be dropped in silence.
    with a_world(delay=(2, 4)) as world:
        contacts = world.add_contacts(40)
        world.start_running()
        campaign_id = world.started(contacts)
        world.run(30)
        world.app.run.pause(world.tenant_id, campaign_id, ACTOR)
        world.run(100)
        world.app.run.resume(world.tenant_id, campaign_id, ACTOR)
        world.run_until_over(campaign_id)

        assert len(world.received()) == 40
        rules.nobody_twice(world)
        rules.nobody_lost(world, campaign_id)
        rules.human_pace(world, 2_000)
        rules.books_are_exact(world, campaign_id)


@pytest.mark.parametrize("pause_seconds", [0, 2, 15, 30, 90])
@pytest.mark.parametrize("contacts", [4, 8])
def test_after_resume_the_first_request_leaves_within_ten_seconds_and_the_running_gap(
    pause_seconds: int, contacts: int
) -> None:
    # With four contacts all are planned before the pause: nobody else could go first.
    with a_world() as world:
        world.start_running()
        campaign_id = world.started(world.add_contacts(contacts))
        world.run(40)
        world.app.run.pause(world.tenant_id, campaign_id, ACTOR)
        sent = len(world.left_at())
        last_left = world.left_at()[-1]
        world.run(pause_seconds)
        world.app.run.resume(world.tenant_id, campaign_id, ACTOR)
        resumed_at = world.clock.now()
        world.run_until_over(campaign_id)

        running_gap_ends = max(resumed_at, last_left + 50_000)
        assert world.left_at()[sent] <= running_gap_ends + 10_000
        assert len(world.received()) == contacts
        assert len(world.left_at()) == contacts
        rules.human_pace(world, 20_000)


def test_pause_and_resume_at_once_keeps_the_pace_and_loses_nobody() -> None:
    with a_world() as world:
        contacts = world.add_contacts(12)
        world.start_running()
        campaign_id = world.started(contacts)
        for _ in range(4):
            world.run(25)
            world.app.run.pause(world.tenant_id, campaign_id, ACTOR)
            world.app.run.resume(world.tenant_id, campaign_id, ACTOR)
        world.run_until_over(campaign_id)

        assert len(world.received()) == 12
        rules.nobody_twice(world)
        rules.human_pace(world, 20_000)


def test_a_cancelled_campaign_frees_its_instance_and_skips_the_rest() -> None:
    with a_world(delay=(2, 4)) as world:
        contacts = world.add_contacts(12)
        world.start_running()
        campaign_id = world.started(contacts)
        world.run(10)
        world.app.run.cancel(world.tenant_id, campaign_id, ACTOR, "chega")
        cancelled_at = world.clock.now()
        world.run(900)

        assert [at for at in world.left_at() if at > cancelled_at + 1_000] == []
        statuses = {each.status for each in world.recipients(campaign_id)}
        assert statuses == {RecipientStatus.SENT, RecipientStatus.SKIPPED}
        rules.books_are_exact(world, campaign_id)
        # The instance is free: another campaign starts on it.
        other = world.started(world.add_contacts(1, first=100))
        world.run_until_over(other)
        assert len(world.received()) == len(world.left_at())


def test_repeats_of_pause_resume_and_cancel_change_nothing() -> None:
    with a_world() as world:
        contacts = world.add_contacts(3)
        campaign_id = world.started(contacts)
        run, tenant_id = world.app.run, world.tenant_id
        for act in (run.pause, run.resume, run.cancel):
            act(tenant_id, campaign_id, ACTOR)
            once = world.head(campaign_id)
            act(tenant_id, campaign_id, ACTOR)
            assert world.head(campaign_id) == once


def test_an_opt_out_stops_the_next_request_to_that_person() -> None:
    with a_world() as world:
        contacts = world.add_contacts(5)
        world.start_running()
        campaign_id = world.started(contacts)
        world.run(3)
        for contact_id in contacts[1:]:
            world.app.contacts.opt_out(world.tenant_id, contact_id, reason=None, source="manual")
        world.run_until_over(campaign_id)
        assert len(world.left_at()) == 1
