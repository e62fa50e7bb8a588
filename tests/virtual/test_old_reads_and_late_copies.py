"""Reads that are older than the truth, and copies of a job that come at the worst moment."""

from dataclasses import replace

from campaigns.domain.recipient import RecipientStatus
from local.fake_evolution import Behaviour, Rule
from tests.fakes import rules
from tests.fakes.virtual_clock import Crash
from tests.fakes.world import World, a_world

ACTOR = "key:test"


def test_an_empty_page_right_after_laying_is_not_taken_for_the_end() -> None:
    with a_world(delay=(1, 2)) as world:
        campaign_id = world.draft(world.add_contacts(3))
        world.run(1)
        read, shown = world.app.recipients.page, []

        def page(*place, consistent=False, **options):
            if consistent or shown:
                return read(*place, consistent=consistent, **options)
            shown.append("nothing yet")
            return []

        world.app.recipients.page = page
        world.start_running()
        world.app.run.start(world.tenant_id, campaign_id, ACTOR)
        world.run(180)
        assert shown
        assert len(world.received()) == 3


def test_a_gate_that_does_not_show_the_start_yet_is_read_again() -> None:
    with a_world(delay=(1, 2)) as world:
        campaign_id = world.draft(world.add_contacts(2))
        world.run(1)
        read, before = world.app.gates.read, world.app.gates.read(world.instance_id)

        def old(instance_id, *, consistent=False):
            return read(instance_id, consistent=True) if consistent else before

        world.app.gates.read = old
        world.app.run.start(world.tenant_id, campaign_id, ACTOR)
        world.poll(until=world.clock.now() + 60_000)
        world.run(10)
        assert len(world.left_at()) >= 1


def test_a_job_that_is_newer_than_what_was_read_is_not_lost() -> None:
    with a_world(delay=(1, 2)) as world:
        contacts = world.add_contacts(1)
        world.fake.add_rule(Rule(Behaviour.NUMBER_CHECK_TIMED_OUT, count=1))
        campaign_id = world.started(contacts)
        read = world.app.recipients.read

        def old(*place, consistent=False):
            found = read(*place, consistent=True)
            is_old = not consistent and found is not None and found.plan_number == 2
            return (
                replace(found, plan_number=1, status=RecipientStatus.SENDING) if is_old else found
            )

        world.app.recipients.read = old
        world.start_running()
        world.run_until_over(campaign_id, hours=0.1)
        assert len(world.received()) == 1


def test_a_copy_that_waited_does_not_erase_the_stamp_of_the_one_that_sent() -> None:
    with a_world(delay=(1, 1)) as world:
        contacts = world.add_contacts(2)
        world.fake.add_rule(Rule(Behaviour.SLOW, count=1, seconds=3.05))
        world.started(contacts)
        first, second = world.queue.receive(2)
        slot_at = second.job.slot_at

        def deliver(received):
            return lambda: world.app.dispatch.dispatch([received], world.clock.now() + 60_000)

        world.clock.spawn(deliver(first), kind="dispatcher")
        # Both copies wait for the busy instance; one of them sends.
        world.clock.spawn(deliver(second), at=slot_at, kind="dispatcher")
        world.clock.spawn(deliver(second), at=slot_at + 100, kind="dispatcher")
        world.run(10)
        sent_at = world.left_at()[-1]
        world.queue.messages.clear()

        world.instance_id = world.add_instance("outra", delay=(1, 1))
        world.start_running(hours=1)
        other = world.started([contacts[1]])
        world.run_until_over(other)
        assert world.left_at()[-1] - sent_at >= 60_000


def test_books_that_were_cut_short_before_a_cancel_are_corrected() -> None:
    with a_world() as world:
        campaign_id = world.started(world.add_contacts(1))
        book = world.app.campaign_store.book

        def crash(*_place, **_values):
            world.clock.process.is_dead = True
            raise Crash

        world.app.campaign_store.book = crash
        world.poll(until=world.clock.now() + 5_000)
        world.run(5)
        world.app.campaign_store.book = book
        world.app.run.cancel(world.tenant_id, campaign_id, ACTOR)
        world.start_running()
        world.run(1_000)
        assert [each.status for each in world.recipients(campaign_id)] == [RecipientStatus.SENT]
        rules.books_are_exact(world, campaign_id)


def test_a_mark_left_by_a_crash_does_not_swallow_the_next_job_of_its_recipient() -> None:
    with a_world(delay=(20, 21)) as world:
        campaign_id = world.draft(world.add_contacts(2))
        world.run(1)
        _tick_twice_a_second(world)
        claim, claims = world.app.send_one._claim, []

        def crash_once(*claimed):
            claims.append(claimed)
            if len(claims) == 2:
                world.clock.process.is_dead = True
                raise Crash
            return claim(*claimed)

        world.app.send_one._claim = crash_once
        world.app.run.start(world.tenant_id, campaign_id, ACTOR)
        started_at = world.clock.now()
        world.run(300)
        # The mark and the job's visibility last 90 s each; then it goes.
        assert len(world.left_at()) == 2
        assert world.left_at()[1] - started_at <= 150_000


def _tick_twice_a_second(world: World) -> None:
    until = world.clock.now() + 400_000

    def loop() -> None:
        while world.clock.now() < until:
            world.clock.spawn(world.tick, kind="scheduler")
            world.clock.sleep(500)

    world.clock.spawn(loop)
    world.poll(until=until)
