"""A retry stays on its index until it is planned or claimed: what that may never bring about."""

from campaigns.domain.recipient import RecipientStatus
from local.fake_evolution import Behaviour, Rule
from tests.fakes import rules
from tests.fakes.virtual_clock import Crash
from tests.fakes.world import a_world


def test_nobody_is_sent_to_again_when_planner_and_sender_of_a_retry_both_crash() -> None:
    with a_world(delay=(1, 2)) as world:
        world.fake.add_rule(Rule(Behaviour.CONNECTION_CLOSED, count=1))
        world.start_running()
        campaign_id = world.started(world.add_contacts(1))
        world.run(3)
        (waiting,) = world.recipients(campaign_id)
        assert (waiting.status, waiting.attempts) == (RecipientStatus.PENDING, 1)

        def end_before_settling(*_: object, **__: object) -> None:
            world.clock.process.is_dead = True
            raise Crash

        # The planner's jobs are sent, and its retries stay on the index.
        world.app.recipients.mark_planned = lambda _job: False
        world.app.settle.settle = end_before_settling
        world.run_until_over(campaign_id, hours=1)

        assert [phone for phone, _ in world.received()] == ["5511990000000"]
        # Found on the server by its text.
        assert world.recipients(campaign_id)[0].status is RecipientStatus.SENT
        rules.nobody_lost(world, campaign_id)
