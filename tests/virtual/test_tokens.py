"""What is given back or settled is one's own: where it is not asked for, another's is gone.

No drawn run shows it: copies must meet within a second of each other, or a lease be shorter than
the work that it is for.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytest

from campaigns.domain.recipient import RecipientStatus
from local.fake_evolution import Behaviour, Rule
from tests.fakes.world import World, a_world
from tests.simulator.guard_switches import (
    known_repeats_off,
    own_lease_off,
    own_mark_off,
    own_stamp_off,
    tokens_off,
)

type Switch = Callable[[], AbstractContextManager[None]]
PERSON_GAP_MS = 60_000


def slow(world: World, seconds: float) -> None:
    world.fake.add_rule(Rule(Behaviour.SLOW, count=1, seconds=seconds))


@pytest.mark.parametrize(
    ("off", "is_kept"), [(nullcontext, True), (own_stamp_off, False), (tokens_off, False)]
)
def test_a_copy_that_gives_up_takes_the_stamp_of_the_one_that_sends_unless_it_asks(
    off: Switch, is_kept: bool
) -> None:
    with off(), a_world(delay=(1, 1)) as world:
        contacts = world.add_contacts(2)
        slow(world, 1.55)
        slow(world, 5)
        world.started(contacts)
        first, second = world.queue.receive(2)
        slot_at = second.job.slot_at

        def deliver(received: Any, at: int) -> None:
            def work() -> None:
                world.app.dispatch.dispatch([received], world.clock.now() + 60_000)

            world.clock.spawn(work, at=at, kind="dispatcher")

        deliver(first, world.clock.now())
        # Both copies stamp, the earlier one where nobody had, and wait for the busy instance.
        deliver(second, slot_at)
        deliver(second, slot_at + 100)
        world.run(10)
        sent_at = world.left_at()[-1]
        assert len(world.left_at()) == 2
        world.queue.messages.clear()

        world.instance_id = world.add_instance("outra", delay=(1, 1))
        world.start_running(hours=1)
        world.run_until_over(world.started([contacts[1]]))
        assert (world.left_at()[-1] - sent_at >= PERSON_GAP_MS) is is_kept


@pytest.mark.parametrize("off", [nullcontext, own_mark_off])
def test_a_send_that_outlives_its_mark_clears_the_next_ones_unless_it_asks(off: Switch) -> None:
    mark_ms = 5_000
    with off(), a_world(delay=(1, 1)) as world:
        world.app.send_one._gates._lease_ms = mark_ms
        slow(world, 8)
        slow(world, 8)
        world.started(world.add_contacts(4))
        world.start_running(hours=1)
        world.run(400)
        first, second, third, *_ = world.left_at()
        assert second - first == mark_ms
        assert (third >= second + mark_ms) is (off is nullcontext)


@pytest.mark.parametrize("off", [nullcontext, own_lease_off])
def test_a_try_that_outlives_its_lease_undoes_the_next_ones_claim_unless_it_asks(
    off: Switch,
) -> None:
    with off(), a_world(delay=(1, 1), version="2.4.0") as world:
        send, tries = world.app.send_one._send, Counter[int]()
        found: list[RecipientStatus] = []

        def sending(ready: Any, mine: Any, leave_within_ms: int) -> Any:
            tries[mine.sequence] += 1
            if mine.sequence == 1 and tries[1] == 1:
                while tries[1] < 2:
                    world.clock.sleep(500)
                return None  # As when it wakes up, and its second is over.
            if mine.sequence == 1:
                slow(world, 5)
                world.clock.spawn(look, at=world.clock.now() + 2_000)
            return send(ready, mine, leave_within_ms)

        def look() -> None:
            found.append(world.recipients(campaign_id)[1].status)

        world.app.send_one._send = sending  # type: ignore[method-assign]
        campaign_id = world.started(world.add_contacts(2))
        world.start_running(hours=2)
        world.run_until_over(campaign_id, hours=1)
        assert tries[1] >= 2
        # While the second try's request is on its way.
        assert (found[0] is RecipientStatus.SENDING) is (off is nullcontext)


@pytest.mark.parametrize("off", [nullcontext, known_repeats_off])
def test_a_claim_that_the_sdk_repeats_is_taken_for_a_copys_unless_it_is_known(off: Switch) -> None:
    with off(), a_world(delay=(1, 1)) as world:
        campaign_id = world.draft(world.add_contacts(1))
        world.run(1)
        answer_lost = _repeating_claims(world)
        world.app.run.start(world.tenant_id, campaign_id, "key:test")
        world.poll(until=world.clock.now() + 30_000)
        world.run(20)
        assert answer_lost
        assert len(world.left_at()) == (1 if off is nullcontext else 0)


def _repeating_claims(world: World) -> list[str]:
    """The first answer of each claim is lost on its way, and the SDK sends it again."""
    dispatch, repeated = world.app.table.connection.dispatch, list[str]()

    def twice(operation: str, request: dict[str, Any]) -> Any:
        is_claim = RecipientStatus.SENDING in str(request.get("ExpressionAttributeValues"))
        if operation == "UpdateItem" and is_claim and "SET" in request["UpdateExpression"]:
            repeated.append(operation)
            dispatch(operation, request)
        return dispatch(operation, request)

    world.app.table.connection.dispatch = twice
    return repeated
