"""Writes of many recipients of which one fails: those that were made are booked."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import pytest
from botocore.exceptions import ReadTimeoutError

from campaigns.adapters.dynamodb.recipient_store import RecipientStore
from campaigns.domain.recipient import RecipientStatus
from local.fake_evolution import Behaviour, Rule
from tests.fakes import rules
from tests.fakes.world import a_world


@contextmanager
def saving_fails_after(count: int) -> Iterator[None]:
    save = RecipientStore.save
    saved: list[bool] = []

    def failing(self, *args):
        if len(saved) == count:
            raise ReadTimeoutError(endpoint_url="dynamodb")
        saved.append(True)
        return save(self, *args)

    with patch.object(RecipientStore, "save", failing):
        yield
    assert len(saved) == count


def test_a_walk_that_fails_half_way_has_booked_whom_it_skipped() -> None:
    with a_world() as world:
        campaign_id = world.draft(world.add_contacts(5))
        world.run(1)
        world.app.run.start(world.tenant_id, campaign_id, "key:test")
        with saving_fails_after(3):
            world.app.run.cancel(world.tenant_id, campaign_id, "key:test")
            world.tick()
        statuses = [each.status for each in world.recipients(campaign_id)]
        assert statuses.count(RecipientStatus.SKIPPED) == 3
        rules.books_are_exact(world, campaign_id)


def test_a_retry_that_fails_half_way_has_booked_whom_it_put_back() -> None:
    with a_world(delay=(1, 2), breaker_failures=0) as world:
        world.fake.add_rule(Rule(Behaviour.RATE_OVERLIMIT))
        world.start_running()
        campaign_id = world.started(world.add_contacts(5))
        world.run_until_over(campaign_id)
        world.fake.clear_rules()
        failed = [each.status for each in world.recipients(campaign_id)]
        assert failed == [RecipientStatus.FAILED] * 5
        with saving_fails_after(3), pytest.raises(ReadTimeoutError):
            world.app.retry_failed.retry(
                world.tenant_id, campaign_id, "key:test", deadline=world.clock.now() + 20_000
            )
        statuses = [each.status for each in world.recipients(campaign_id)]
        assert statuses.count(RecipientStatus.PENDING) == 3
        rules.books_are_exact(world, campaign_id)
