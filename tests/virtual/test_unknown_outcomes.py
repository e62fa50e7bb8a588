"""What becomes of an unknown outcome, judged by what the phones show and what left."""

import json
from collections import Counter
from itertools import pairwise

import pytest

from campaigns.domain.recipient import RecipientStatus as Status
from local.fake_evolution import Behaviour, Rule
from local.fake_evolution.behaviours import Operation
from tests.fakes import rules
from tests.fakes.virtual_clock import Crash
from tests.fakes.world import World, a_world

ACTOR = "key:test"
LOST = Behaviour.SENT_ANSWER_LOST
NOT_SENT = Behaviour.NOT_SENT_ANSWER_LOST


def over(world: World, campaign_id: str) -> list[Status]:
    """Where its recipients stand once the campaign is over; the rules are kept whatever it was."""
    world.run_until_over(campaign_id)
    world.run(130)  # The books are recounted.
    rules.nobody_twice(world)
    rules.nobody_lost(world, campaign_id)
    rules.reached_or_explained(world, campaign_id)
    rules.human_pace(world, 1_000)
    rules.books_are_exact(world, campaign_id)
    return [each.status for each in world.recipients(campaign_id)]


def requests(world: World) -> list[int]:
    """How many requests left for each phone."""
    return sorted(Counter(each.phone for each in world.fake.requests()).values())


def started(world: World, count: int = 2, **fields) -> str:
    """The first of them tells whether the server honours ids, the others have it happen to them."""
    world.start_running()
    return world.started(world.add_contacts(count), **fields)


def test_a_send_whose_answer_was_lost_is_found_by_its_id() -> None:
    with a_world(delay=(1, 2), version="2.4.0") as world:
        world.fake.row_delay = 8
        world.fake.add_rule(Rule(LOST, after=1, count=1))
        campaign_id = started(world)
        begun = world.clock.now()
        assert over(world, campaign_id) == [Status.SENT, Status.SENT]
        assert requests(world) == [1, 1]
        found = world.recipients(campaign_id)[1]
        assert found.sent_at is not None
        assert found.sent_at - begun < 10_000
        assert found.remote_jid is not None


def test_what_was_delivered_meanwhile_is_told_by_its_row() -> None:
    with a_world(delay=(1, 2), version="2.4.0") as world:
        world.fake.add_rule(Rule(LOST, count=1))
        world.fake.set_acks([])
        campaign_id = started(world, 1)
        world.run(10)
        (phone,) = world.fake.phones()
        world.fake.phone_book._by_phone[phone.phone][0].statuses.append("DELIVERY_ACK")
        world.run_until_over(campaign_id)
        (found,) = world.recipients(campaign_id)
        assert found.status is Status.DELIVERED
        assert found.sent_at is not None


def test_a_send_that_left_no_row_is_sent_again_under_its_id_and_shown_once() -> None:
    with a_world(delay=(1, 2), version="2.4.0") as world:
        world.fake.add_rule(Rule(LOST, after=1, count=1, row=False))
        campaign_id = started(world)
        assert over(world, campaign_id) == [Status.SENT, Status.SENT]
        assert requests(world) == [1, 2]
        _, first, second = world.fake.requests()
        assert second.phone == first.phone
        assert second.message_id == first.message_id
        assert second.arrived_at - first.arrived_at >= 80
        assert len(world.received()) == 2


def test_one_that_was_not_sent_reaches_its_phone_by_the_resend() -> None:
    with a_world(delay=(1, 2), version="2.4.0") as world:
        world.fake.add_rule(Rule(NOT_SENT, after=1, count=2))
        campaign_id = started(world)
        assert over(world, campaign_id) == [Status.SENT, Status.SENT]
        assert requests(world) == [1, 3]
        assert len(world.received()) == 2


def test_a_send_is_repeated_three_times_at_most() -> None:
    with a_world(delay=(1, 2), version="2.4.0") as world:
        world.fake.add_rule(Rule(NOT_SENT, after=1))
        campaign_id = started(world)
        assert over(world, campaign_id) == [Status.SENT, Status.UNCONFIRMED]
        assert requests(world) == [1, 4]
        gaps = [b - a for a, b in pairwise(world.left_at()[1:])]
        assert min(gaps) >= 80_000


def test_on_2_3_a_lost_answer_is_found_by_its_text() -> None:
    with a_world(delay=(1, 2), version="2.3.7") as world:
        world.fake.add_rule(Rule(LOST, after=1, count=1))
        campaign_id = started(world)
        assert over(world, campaign_id) == [Status.SENT, Status.SENT]
        assert requests(world) == [1, 1]
        ids = {each.whatsapp_message_id for each in world.recipients(campaign_id)}
        assert ids == {each.message_id for each in world.fake.requests()}


def test_on_2_3_what_was_not_sent_is_the_operators_after_the_grace() -> None:
    with a_world(delay=(1, 2), version="2.3.7") as world:
        world.fake.add_rule(Rule(NOT_SENT, after=1, count=1))
        campaign_id = started(world)
        left_at = world.clock.now()
        assert over(world, campaign_id) == [Status.SENT, Status.UNCONFIRMED]
        assert requests(world) == [1, 1]
        assert world.head(campaign_id).completed_at >= left_at + 600_000


def test_each_doubt_and_each_one_that_stays_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with a_world(delay=(1, 2), version="2.3.7") as world:
        world.fake.add_rule(Rule(NOT_SENT, after=1, count=1))
        campaign_id = started(world, 3)
        assert over(world, campaign_id).count(Status.UNCONFIRMED) == 1
        capsys.readouterr()
        world.app.metrics.publish()
        told = json.loads(capsys.readouterr().out)
    assert (told["SendTries"], told["MessagesSent"], told["SendsUnknown"]) == (3, 2, 1)
    assert told["RecipientsUnconfirmed"] == 1
    assert "MessagesFailed" not in told


def test_another_campaigns_like_message_is_not_taken_for_this_one() -> None:
    with a_world(delay=(1, 2), version="2.3.7") as world:
        contacts = world.add_contacts(1)
        world.start_running()
        first = world.started(contacts, texts=("Oi",))
        world.run_until_over(first)
        world.run(30)
        world.fake.add_rule(Rule(NOT_SENT, count=1))
        second = world.started(contacts, texts=("Oi",))
        world.run_until_over(second)
        assert [each.status for each in world.recipients(second)] == [Status.UNCONFIRMED]
        assert len(world.received()) == 1


@pytest.mark.parametrize("changed", ["never honoured", "instance", "downgraded"])
def test_where_the_same_id_is_no_promise_nothing_is_sent_again(changed: str) -> None:
    with a_world(delay=(1, 2), version="2.4.0") as world:
        world.fake.add_rule(Rule(NOT_SENT, after=1, count=1))
        if changed == "never honoured":
            # Says 2.4 and makes its own ids all the same.
            world.fake.register_instance("loja", "chave-da-loja", version="2.3.7")
        campaign_id = started(world)
        world.run(20)
        if changed == "instance":
            move_to_another_instance(world)
        elif changed == "downgraded":
            world.fake.version = "2.3.7"
        assert over(world, campaign_id) == [Status.SENT, Status.UNCONFIRMED]
        assert requests(world) == [1, 1]


def test_a_server_that_is_gone_holds_up_neither_planning_nor_the_grace() -> None:
    with a_world(delay=(20, 21), version="2.4.0", breaker_failures=0) as world:
        world.fake.add_rule(Rule(Behaviour.CONNECT_TIMEOUT, operation=Operation.FIND_MESSAGES))
        world.fake.add_rule(Rule(NOT_SENT, after=1, count=6))
        campaign_id = started(world, 12)
        world.run(12 * 21)
        assert len(world.left_at()) == 12
        statuses = Counter(over(world, campaign_id))
        assert statuses == {Status.SENT: 6, Status.UNCONFIRMED: 6}


def test_under_a_cancelled_campaign_nothing_is_sent_again_and_a_send_is_still_found() -> None:
    with a_world(delay=(1, 2), version="2.4.0") as world:
        world.fake.row_delay = 200
        world.fake.add_rule(Rule(LOST, after=1, count=1))
        world.fake.add_rule(Rule(NOT_SENT, after=1, count=1))
        campaign_id = started(world, 3)
        world.run(90)
        world.app.run.cancel(world.tenant_id, campaign_id, ACTOR)
        world.run(1_500)
        statuses = [each.status for each in world.recipients(campaign_id)]
        assert statuses == [Status.SENT, Status.SENT, Status.UNCONFIRMED]
        assert requests(world) == [1, 1, 1]
        rules.books_are_exact(world, campaign_id)


def test_a_resend_waits_for_the_resume_and_a_send_is_found_without_it() -> None:
    with a_world(delay=(1, 2), version="2.4.0") as world:
        world.fake.row_delay = 70
        world.fake.add_rule(Rule(LOST, after=1, count=1))
        world.fake.add_rule(Rule(NOT_SENT, after=1, count=1))
        campaign_id = started(world, 3)
        world.run(30)
        world.app.run.pause(world.tenant_id, campaign_id, ACTOR)
        world.run(3_600)
        waiting = [each.status for each in world.recipients(campaign_id)]
        assert waiting == [Status.SENT, Status.SENT, Status.UNKNOWN]
        assert requests(world) == [1, 1, 1]
        world.app.run.resume(world.tenant_id, campaign_id, ACTOR)
        assert over(world, campaign_id) == [Status.SENT] * 3
        assert requests(world) == [1, 1, 2]


def test_what_left_before_ids_were_seen_to_be_honoured_is_never_sent_again() -> None:
    with a_world(delay=(20, 21), version="2.3.7") as world:
        world.fake.add_rule(Rule(LOST, count=1, row=False))
        campaign_id = started(world)
        world.run(5)
        world.fake.version = "2.4.0"
        assert over(world, campaign_id) == [Status.UNCONFIRMED, Status.SENT]
        assert requests(world) == [1, 1]


@pytest.mark.parametrize("changed", ["server", "instance"])
def test_a_resend_that_waited_for_a_resume_is_judged_anew_when_it_leaves(changed: str) -> None:
    with a_world(delay=(1, 2), version="2.4.0") as world:
        world.fake.add_rule(Rule(NOT_SENT, after=1, count=1))
        campaign_id = started(world)
        world.run(20)
        world.app.run.pause(world.tenant_id, campaign_id, ACTOR)
        world.run(3_600)
        assert world.recipients(campaign_id)[1].retry_at is not None
        if changed == "server":
            world.fake.version = "2.3.7"
        else:
            move_to_another_instance(world)
        world.app.run.resume(world.tenant_id, campaign_id, ACTOR)
        assert over(world, campaign_id) == [Status.SENT, Status.UNCONFIRMED]
        assert requests(world) == [1, 1]


def move_to_another_instance(world: World) -> None:
    world.fake.register_instance("outra", "nova")
    changes = {"evolution_instance": "outra", "api_key": "nova"}
    world.app.instances.patch(world.tenant_id, world.instance_id, changes)


def test_who_opted_out_meanwhile_is_not_sent_to_again() -> None:
    with a_world(delay=(1, 2), version="2.4.0") as world:
        world.fake.add_rule(Rule(NOT_SENT, after=1, count=1))
        campaign_id = started(world)
        world.run(20)
        doubtful = world.recipients(campaign_id)[1]
        world.app.contacts.opt_out(
            world.tenant_id, doubtful.contact_id, reason=None, source="operator"
        )
        assert over(world, campaign_id) == [Status.SENT, Status.UNCONFIRMED]
        assert requests(world) == [1, 1]


def test_a_resend_whose_job_vanished_ends_as_the_operators() -> None:
    with a_world(delay=(1, 2), version="2.4.0") as world:
        world.fake.add_rule(Rule(NOT_SENT, after=1, count=1))
        campaign_id = started(world)
        world.run(60)
        queued = []

        def vanish(jobs):
            queued.extend(jobs)
            return [True for _ in jobs]

        world.queue.send = vanish
        assert over(world, campaign_id) == [Status.SENT, Status.UNCONFIRMED]
        assert [job.plan_number for job in queued] == [3]
        assert requests(world) == [1, 1]


def test_an_expired_lease_is_looked_for_like_any_other_doubt() -> None:
    with a_world(delay=(1, 2), version="2.3.7", function_timeout_seconds=32) as world:
        campaign_id = world.draft(world.add_contacts(1))
        world.run(1)
        crash_behind(world, "POST sendText")
        world.start_running()
        world.app.run.start(world.tenant_id, campaign_id, ACTOR)
        assert over(world, campaign_id) == [Status.SENT]
        assert requests(world) == [1]
        (found,) = world.recipients(campaign_id)
        assert [each.code for each in found.failed_tries] == ["lease_expired"]
        assert found.sent_at is not None
        assert abs(found.sent_at - world.left_at()[0]) <= 1_000


def crash_behind(world: World, name: str) -> None:
    """The first process that has made that call is ended before it can note what came of it."""
    call = world.injector.call

    def crashing(called, effect):
        answer = call(called, effect)
        if called == name and world.clock.process.kind == "dispatcher":
            world.injector.call = call
            world.clock.process.is_dead = True
            raise Crash
        return answer

    world.injector.call = crashing


#: More external calls than one run of the schedule and one resend make.
MOST_CALLS = 60


@pytest.mark.exhaustive
@pytest.mark.parametrize("after_effect", [False, True])
@pytest.mark.parametrize("kind", ["scheduler", "dispatcher"])
def test_a_crash_at_any_call_of_a_resend_shows_nobody_a_message_twice(
    kind: str, after_effect: bool
) -> None:
    with a_world(delay=(1, 2), version="2.4.0", function_timeout_seconds=32) as world:
        world.start_running(hours=60)
        warm = world.started(world.add_contacts(1))
        world.run_until_over(warm)
        points = 0
        for crash_at in range(MOST_CALLS):
            world.fake.clear_rules()
            world.fake.add_rule(Rule(LOST, count=1, row=False))
            campaign_id = world.started(world.add_contacts(1, first=1 + crash_at))
            world.run(70)  # The next run of the schedule plans the resend.
            world.injector.arm(kind, crash_at, after_effect=after_effect)
            world.run(110)
            crashed = len(world.injector.calls) > crash_at
            world.injector.arm("", None)
            assert set(over(world, campaign_id)) <= {Status.SENT, Status.UNCONFIRMED}
            points += crashed
            if not crashed:
                break
        assert points >= {"scheduler": 30, "dispatcher": 12}[kind]
