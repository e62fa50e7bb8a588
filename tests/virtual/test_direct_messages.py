"""Test messages on the virtual clock: through queue, gates and dispatcher, at most once each."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import pytest

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.gate_items import GateItem
from campaigns.domain.direct_message import DirectErrorCode, DirectMessage, DirectStatus
from campaigns.domain.errors import Conflict, NotFound, Unavailable
from campaigns.domain.instants import to_ms
from campaigns.domain.model import InstanceGate
from campaigns.domain.recipient import RecipientErrorCode, RecipientStatus
from campaigns.services.ports import Exchange
from local.fake_evolution import Behaviour, ConnectionState, Rule
from tests.fakes import rules
from tests.fakes.world import World, a_world, add_instance

SECOND, MINUTE = 1_000, 60_000
GAP_MS = 20 * SECOND
PERSON_GAP_MS = 80 * SECOND
#: More external calls than one dispatch of a test message makes.
MOST_CALLS = 30
UNKNOWN = [
    Behaviour.SENT_THEN_400,
    Behaviour.NOT_SENT_400,
    Behaviour.SENT_ANSWER_LOST,
    Behaviour.NOT_SENT_ANSWER_LOST,
    Behaviour.SENT_CONNECTION_RESET,
    Behaviour.SENT_BAD_GATEWAY,
    Behaviour.SENT_OTHER_STATUS,
    Behaviour.SENT_UNREADABLE,
]


def phone(number: int) -> str:
    return f"551199000{number:04d}"


def send(world: World, number: int = 1, **place: str) -> DirectMessage:
    """A test message to the phone of that number."""
    wanted = {"tenant_id": world.tenant_id, "instance_id": world.instance_id} | place
    return world.app.direct.test_text(
        wanted["tenant_id"],
        wanted["instance_id"],
        phone=f"(11) 99000-{number:04d}",
        text=f"Teste {number}",
        contact_id=None,
    )


def seen(world: World, message: DirectMessage) -> DirectMessage:
    return world.app.direct.read(message.tenant_id, message.instance_id, message.direct_message_id)


def gate(world: World) -> InstanceGate:
    found = world.app.gates.read(world.instance_id, consistent=True)
    assert found is not None
    return found


def messaged_at(world: World, message: DirectMessage) -> int | None:
    found = world.app.activities.of_persons(message.tenant_id, [message.person])
    return found[message.person].last_messaged_at if found else None


def dispatch(world: World, *, hours: int) -> None:
    """Have the queue's jobs done; no scheduler is needed."""
    world.poll(until=world.clock.now() + hours * 3_600_000)


def outcome(world: World, message: DirectMessage) -> tuple[str, str | None]:
    now = seen(world, message)
    return now.status.value, now.error_code and now.error_code.value


def nothing_is_held(world: World) -> None:
    """No mark is left on the instance, and no job on the queue."""
    assert gate(world).busy_token is None
    assert world.queue.messages == []
    assert world.queue.dead == []


def test_it_reaches_the_phone_within_seconds_and_counts_like_any_message() -> None:
    with a_world() as world:
        dispatch(world, hours=1)
        message = send(world)
        assert (message.status, message.slot_at) == (DirectStatus.QUEUED, world.clock.now())
        world.run(3)

        assert world.received() == [(phone(1), "Teste 1")]
        now = seen(world, message)
        assert (now.status, now.sent_at) == (DirectStatus.SENT, world.left_at()[0])
        assert gate(world).day_count == 1
        assert gate(world).last_left_at == now.sent_at
        assert messaged_at(world, message) is not None
        nothing_is_held(world)


def test_it_is_under_no_quiet_hours() -> None:
    with a_world(to_ms(datetime(2026, 11, 24, 6, 0, tzinfo=UTC))) as world:
        dispatch(world, hours=1)
        message = send(world)
        world.run(3)
        assert outcome(world, message) == ("sent", None)


def test_it_waits_for_the_instances_gap_and_is_told_so() -> None:
    with a_world() as world:
        dispatch(world, hours=1)
        send(world, 1)
        world.run(5)
        second = send(world, 2)
        assert second.slot_at == world.left_at()[0] + GAP_MS
        world.run(30)
        assert outcome(world, second) == ("sent", None)
        rules.human_pace(world, GAP_MS)


def test_several_at_once_leave_at_the_instances_pace() -> None:
    with a_world() as world:
        dispatch(world, hours=1)
        messages = [send(world, number) for number in range(6)]
        world.run(600)
        assert {outcome(world, each) for each in messages} == {("sent", None)}
        assert len(world.received()) == 6
        rules.human_pace(world, GAP_MS)
        nothing_is_held(world)


def test_beside_a_campaign_both_keep_the_pace_and_nobody_is_lost() -> None:
    with a_world() as world:
        world.start_running()
        contacts = world.add_contacts(15)
        campaign_id = world.started(contacts)
        messages = []
        for number in range(9_000, 9_004):
            world.run(57)
            messages.append(send(world, number))
        world.run_until_over(campaign_id)
        world.run(600)

        assert {outcome(world, each) for each in messages} == {("sent", None)}
        rules.human_pace(world, GAP_MS)
        rules.nobody_twice(world)
        rules.nobody_lost(world, campaign_id)
        assert {each.status for each in world.recipients(campaign_id)} == {RecipientStatus.SENT}
        rules.books_are_exact(world, campaign_id)


def test_on_an_instance_that_is_always_busy_it_is_given_up_within_the_queues_receives() -> None:
    with a_world(delay=(1, 1)) as world:
        world.start_running()
        message = send(world)
        update = world.app.table.update

        def mark(until: int) -> None:
            key = keys.instance_gate(world.instance_id)
            update(GateItem, key, [GateItem.busy_until.set(until), GateItem.busy_token.set("x")])

        mark(world.clock.now() + 3_600_000)
        world.run(700)
        assert outcome(world, message) == ("failed", "not_sent_in_time")
        assert world.left_at() == []
        assert world.queue.dead == []
        assert world.queue.messages == []


# The person's gate


def test_two_to_one_person_leave_apart_whoever_sends_them_and_the_second_reads_as_queued() -> None:
    with a_world(delay=(1, 2)) as world:
        dispatch(world, hours=1)
        tenant_id = world.app.create_tenant("Outra loja").tenant_id
        world.fake.register_instance("outra", "chave-da-loja")
        other_id = add_instance(world.app, tenant_id, "outra", (1, 2), None)
        send(world)
        world.run(3)
        asked_at = world.clock.now()
        refused = send(world, tenant_id=tenant_id, instance_id=other_id)
        world.run(10)

        # By the answer and by what is read later she could be anybody.
        assert refused.slot_at == asked_at
        assert seen(world, refused) == refused
        world.run(90)
        assert outcome(world, refused) == ("sent", None)
        first, second = world.left_at()
        assert second - first >= PERSON_GAP_MS
        assert world.app.activities.of_persons(tenant_id, [refused.person]) != {}


def test_a_refusal_by_the_persons_gate_reads_like_one_by_the_instances() -> None:
    with a_world() as world:
        dispatch(world, hours=1)
        other_id = world.add_instance("outra")
        send(world, 1)
        world.run(3)
        by_instance = send(world, 2)
        by_person = send(world, 1, instance_id=other_id)
        world.run(8)
        now = [seen(world, each) for each in (by_instance, by_person)]
        assert now == [by_instance, by_person]
        told = [
            (each.status, each.error_code, each.attempts, each.updated_at - each.created_at)
            for each in now
        ]
        assert told[0] == told[1]


def test_a_campaigns_message_to_the_same_person_waits_behind_it_and_is_not_lost() -> None:
    with a_world() as world:
        contacts = world.add_contacts(1)
        world.start_running()
        message = world.app.direct.test_text(
            world.tenant_id,
            world.instance_id,
            phone="(11) 99000-0000",
            text="Oi",
            contact_id=None,
        )
        campaign_id = world.started(contacts)
        world.run_until_over(campaign_id)
        assert outcome(world, message) == ("sent", None)
        first, second = world.left_at()
        assert second - first >= PERSON_GAP_MS
        rules.nobody_lost(world, campaign_id)


# What keeps it from being sent


def test_whoever_opted_out_is_refused_at_once() -> None:
    with a_world() as world:
        (contact_id,) = world.add_contacts(1)
        world.app.contacts.opt_out(world.tenant_id, contact_id, reason=None, source="manual")
        with pytest.raises(Conflict) as refused:
            send(world, 0)
        assert refused.value.code == "opted_out"
        assert world.queue.messages == []


def test_an_opt_out_after_it_was_queued_is_heeded_and_gives_everything_back() -> None:
    with a_world() as world:
        before = gate(world)
        message = send(world)
        world.app.choose_for_contact.out(
            world.tenant_id, message.person, source="manual", reason=None
        )
        dispatch(world, hours=1)
        world.run(3)
        assert outcome(world, message) == ("failed", "opted_out")
        assert world.left_at() == []
        assert gate(world) == replace(before, day=gate(world).day)
        assert messaged_at(world, message) is None
        nothing_is_held(world)


def test_on_a_disconnected_instance_it_is_refused_and_fails_if_queued_before() -> None:
    with a_world() as world:
        message = send(world)
        world.fake.instances["loja"].state = ConnectionState.CLOSE
        world.app.instances.refresh(world.tenant_id, world.instance_id)
        with pytest.raises(Conflict) as refused:
            send(world, 2)
        assert refused.value.code == "instance_disconnected"
        dispatch(world, hours=1)
        world.run(3)
        assert outcome(world, message) == ("failed", "instance_disconnected")
        assert world.left_at() == []
        nothing_is_held(world)


def test_the_days_limit_holds_for_it_too() -> None:
    with a_world() as world:
        world.instance_id = world.add_instance("pouca", daily_limit=1)
        first, second = send(world, 1), send(world, 2)
        dispatch(world, hours=1)
        world.run(60)
        assert outcome(world, first) == ("sent", None)
        assert outcome(world, second) == ("failed", "daily_limit_reached")
        with pytest.raises(Conflict) as refused:
            send(world, 3)
        assert refused.value.code == "daily_limit_reached"
        nothing_is_held(world)


def test_of_an_instance_that_was_deleted_meanwhile_it_says_so() -> None:
    with a_world() as world:
        message = send(world)
        world.app.table.delete(GateItem, keys.instance_gate(world.instance_id))
        dispatch(world, hours=1)
        world.run(3)
        assert outcome(world, message) == ("failed", "instance_deleted")
        assert world.left_at() == []


def test_an_instance_whose_key_changed_since_it_was_last_used_is_read_anew_at_once() -> None:
    with a_world(delay=(1, 2)) as world:
        dispatch(world, hours=1)
        send(world, 1)
        world.run(3)
        world.fake.instances["loja"].api_key = "chave-nova"
        world.app.instances.patch(world.tenant_id, world.instance_id, {"api_key": "chave-nova"})
        message = send(world, 2)
        world.run(3)
        assert outcome(world, message) == ("sent", None)


def test_nobody_dispatched_it_in_its_time_so_it_is_not_sent_any_more() -> None:
    with a_world() as world:
        message = send(world)
        world.run(600)
        assert outcome(world, message) == ("failed", "not_sent_in_time")
        dispatch(world, hours=1)
        world.run(60)
        assert outcome(world, message) == ("failed", "not_sent_in_time")
        assert world.left_at() == []
        nothing_is_held(world)


def test_its_request_leaves_before_its_time_is_over_or_not_at_all() -> None:
    with a_world() as world:
        message = send(world)
        world.run(599.4)
        read = world.app.suppressions.read

        def slow_read(*place):
            world.clock.sleep(650)
            return read(*place)

        world.app.suppressions.read = slow_read
        dispatch(world, hours=1)
        world.run(20)
        assert [at for at in world.left_at() if at >= message.give_up_at] == []
        assert outcome(world, message) == ("failed", "not_sent_in_time")
        nothing_is_held(world)


def test_a_contact_that_was_created_in_the_call_before_is_known() -> None:
    with a_world() as world:
        (contact_id,) = world.add_contacts(1)
        # A read that is not consistent may not show it yet.
        world.app.contact_store.read = lambda *_place: None
        message = world.app.direct.test_text(
            world.tenant_id,
            world.instance_id,
            phone="(11) 99000-0001",
            text="Oi {{nome}}",
            contact_id=contact_id,
        )
        assert message.text == "Oi Cliente 0"


def test_of_an_instance_that_was_deleted_with_the_request_out_the_outcome_is_kept() -> None:
    with a_world() as world:
        dispatch(world, hours=1)
        world.fake.add_rule(Rule(Behaviour.SLOW, count=1, seconds=8))
        message = send(world)
        world.run(4)
        assert outcome(world, message) == ("sending", None)
        remove = world.app.remove_instance.remove
        remove(world.tenant_id, world.instance_id, approve=lambda _view: None)
        world.run(10)
        assert outcome(world, message) == ("sent", None)
        assert world.app.gates.read(world.instance_id, consistent=True) is None
        assert world.queue.messages == []


def test_gates_are_given_back_though_the_message_could_not_be() -> None:
    with a_world() as world:
        dispatch(world, hours=1)
        message, save = send(world), world.app.direct_messages.save
        too_late = Exchange(None, world.clock.now())
        world.app.gateway.send_text = lambda *_instance, **_request: too_late

        def failing_save(after, guard):
            if after.status is DirectStatus.QUEUED:
                raise ConnectionError
            return save(after, guard)

        world.app.direct_messages.save = failing_save
        world.run(3)
        assert gate(world).busy_token is None
        assert gate(world).day_count == 0
        assert messaged_at(world, message) is None


# What Evolution answers


def test_a_passing_fault_is_tried_again_and_counted_once() -> None:
    with a_world() as world:
        dispatch(world, hours=1)
        world.fake.add_rule(Rule(Behaviour.NUMBER_CHECK_TIMED_OUT, count=1))
        message = send(world)
        world.run(10)
        assert outcome(world, message) == ("queued", "check_timed_out")
        assert gate(world).day_count == 0
        assert messaged_at(world, message) is None
        world.run(40)
        now = seen(world, message)
        assert (now.status, now.error_code, now.attempts) == (DirectStatus.SENT, None, 2)
        assert gate(world).day_count == 1
        assert len(world.received()) == 1
        nothing_is_held(world)


def test_a_fault_that_does_not_pass_fails_with_its_reason_in_the_end() -> None:
    with a_world() as world:
        dispatch(world, hours=1)
        world.fake.add_rule(Rule(Behaviour.NUMBER_CHECK_EMPTY))
        message = send(world)
        world.run(700)
        assert outcome(world, message) == ("failed", "check_empty")
        assert (gate(world).day_count, world.received()) == (0, [])
        assert messaged_at(world, message) is None
        nothing_is_held(world)


def test_a_server_that_cannot_be_reached_is_asked_again_and_then_named() -> None:
    with a_world() as world:
        dispatch(world, hours=1)
        world.fake.add_rule(Rule(Behaviour.CONNECTION_REFUSED, operation=None))
        message = send(world)
        world.run(120)
        assert outcome(world, message) == ("queued", None)
        world.run(600)
        assert outcome(world, message) == ("failed", "connect_failed")
        nothing_is_held(world)


@pytest.mark.parametrize("behaviour", UNKNOWN)
def test_one_that_may_have_been_sent_is_never_sent_again(behaviour: Behaviour) -> None:
    with a_world() as world:
        dispatch(world, hours=2)
        world.fake.add_rule(Rule(behaviour, count=1))
        message = send(world)
        world.run(3_600)
        status, code = outcome(world, message)
        assert status == "unconfirmed"
        assert code is not None
        assert len(world.left_at()) == 1
        assert gate(world).day_count == 1
        assert messaged_at(world, message) is not None
        nothing_is_held(world)


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        (Behaviour.UNAUTHORIZED, RecipientErrorCode.INSTANCE_UNAUTHORIZED),
        (Behaviour.INSTANCE_NOT_FOUND, RecipientErrorCode.INSTANCE_NOT_FOUND),
        (Behaviour.NOT_ON_WHATSAPP, RecipientErrorCode.NUMBER_NOT_ON_WHATSAPP),
    ],
)
def test_what_no_further_try_would_mend_fails_at_once(
    behaviour: Behaviour, code: RecipientErrorCode
) -> None:
    with a_world() as world:
        dispatch(world, hours=1)
        world.fake.add_rule(Rule(behaviour, count=1))
        message = send(world)
        world.run(3)
        assert outcome(world, message) == ("failed", code.value)
        assert gate(world).day_count == 0
        nothing_is_held(world)


# Copies, crashes and lost jobs


def test_a_job_delivered_three_times_at_once_and_again_later_is_sent_once() -> None:
    with a_world() as world:
        message = send(world)
        batch = world.queue.receive()
        world.fake.add_rule(Rule(Behaviour.SLOW, count=1, seconds=8))

        def deliver() -> None:
            world.app.dispatch.dispatch(batch, world.clock.now() + MINUTE)

        for _ in range(3):
            world.clock.spawn(deliver, kind="dispatcher")
        for later in (1, 30, 200):
            world.clock.spawn(deliver, at=world.clock.now() + later * SECOND, kind="dispatcher")
        world.run(300)
        assert len(world.left_at()) == 1
        assert outcome(world, message) == ("sent", None)
        assert gate(world).day_count == 1


def test_a_sender_that_died_with_the_request_out_leaves_it_unconfirmed() -> None:
    with a_world() as world:
        dispatch(world, hours=1)
        crash_in(world, "dispatcher", "POST sendText", after_effect=True)
        message = send(world)
        world.run(30)
        assert outcome(world, message) == ("sending", None)
        world.run(120)
        assert outcome(world, message) == ("unconfirmed", "lease_expired")
        assert len(world.received()) == 1
        assert world.queue.messages == []
        stored = world.app.direct_messages.read(world.tenant_id, message.direct_message_id)
        assert stored == seen(world, message)


def crash_in(world: World, kind: str, call: str, *, after_effect: bool) -> None:
    """End the process of that kind which is the first to make that call."""
    inject = world.injector.call

    def watched(name, effect):
        if name == call and world.clock.process.kind == kind:
            number = len(world.injector.calls)
            world.injector.arm(kind, number, after_effect=after_effect)
            world.injector.calls = ["before"] * number
            world.injector.call = inject
        return inject(name, effect)

    world.injector.arm(kind, None)
    world.injector.call = watched


def test_the_answer_of_a_sender_that_was_given_up_is_still_proof() -> None:
    with a_world(function_timeout_seconds=32) as world:
        message = send(world)
        (job,) = [each.job for each in world.queue.messages]
        save, held_up = world.app.direct_messages.save, []

        def slow_save(after, guard):
            if after.status is DirectStatus.SENT and not held_up:
                held_up.append(after)
                world.clock.sleep(70 * SECOND)
            return save(after, guard)

        world.app.direct_messages.save = slow_save
        deadline = world.clock.now() + MINUTE
        world.clock.spawn(partial(world.app.send_direct, job, deadline), kind="dispatcher")
        world.run(65)
        assert outcome(world, message) == ("unconfirmed", "lease_expired")
        assert world.app.send_direct(job, world.clock.now() + MINUTE) is None
        assert outcome(world, message) == ("unconfirmed", "lease_expired")
        world.run(10)
        assert outcome(world, message) == ("sent", None)
        assert len(world.left_at()) == 1


def test_an_api_that_died_before_its_job_was_queued_leaves_one_that_is_never_sent() -> None:
    with a_world() as world:
        dispatch(world, hours=1)
        create, created = world.app.direct_messages.create, []

        def kept(message):
            created.append(message)
            create(message)

        world.app.direct_messages.create = kept
        crash_in(world, "api", "SendMessageBatch", after_effect=False)
        world.clock.join(partial(send, world), kind="api")
        (message,) = created
        assert outcome(world, message) == ("queued", None)
        world.run(600)
        assert outcome(world, message) == ("failed", "not_sent_in_time")
        assert world.left_at() == []


@pytest.mark.parametrize("is_queued", [False, True])
def test_a_job_that_the_queue_did_not_acknowledge_is_made_worthless(is_queued: bool) -> None:
    with a_world() as world:
        put = world.queue.send

        def lose_the_answer(jobs):
            if is_queued:
                put(jobs)
            return [False for _ in jobs]

        world.queue.send = lose_the_answer
        with pytest.raises(Unavailable):
            send(world)
        world.queue.send = put
        again = send(world)
        dispatch(world, hours=1)
        world.run(100)
        assert outcome(world, again) == ("sent", None)
        assert len(world.left_at()) == 1
        assert world.queue.messages == []


def test_a_job_whose_acknowledgement_was_lost_but_that_is_under_way_is_answered_for() -> None:
    with a_world() as world:
        put = world.queue.send

        def lose_the_answer(jobs):
            put(jobs)
            world.poll(until=world.clock.now() + 5_000)
            world.run(2)
            return [False for _ in jobs]

        world.queue.send = lose_the_answer
        message = send(world)
        assert outcome(world, message) == ("sent", None)


def test_another_tenant_finds_nothing_of_it() -> None:
    with a_world() as world:
        message = send(world)
        other_id = world.app.create_tenant("Outra loja").tenant_id
        second_id = world.add_instance("segunda")
        for place in ((other_id, world.instance_id), (world.tenant_id, second_id)):
            with pytest.raises(NotFound):
                world.app.direct.read(*place, message.direct_message_id)


def test_it_is_forgotten_after_thirty_days_though_it_may_still_lie_there() -> None:
    with a_world() as world:
        message = send(world)
        world.run(30 * 86_400 - 1)
        assert seen(world, message).error_code is DirectErrorCode.NOT_SENT_IN_TIME
        world.run(1)
        with pytest.raises(NotFound):
            seen(world, message)


@pytest.mark.exhaustive
@pytest.mark.parametrize("after_effect", [False, True])
@pytest.mark.parametrize("behaviour", [None, Behaviour.NUMBER_CHECK_TIMED_OUT])
def test_a_dispatcher_that_crashes_at_any_call_sends_it_once_or_says_that_it_may_have(
    after_effect: bool, behaviour: Behaviour | None
) -> None:
    with a_world(delay=(1, 2), function_timeout_seconds=32) as world:
        # What SQS makes of the function's timeout, as the template does.
        world.queue.visibility_ms = 62 * SECOND
        dispatch(world, hours=12)
        statuses = []
        for crash_at in range(MOST_CALLS):
            if behaviour:
                world.fake.add_rule(Rule(behaviour, count=1))
            world.injector.arm("dispatcher", crash_at, after_effect=after_effect)
            message = send(world, crash_at)
            world.run(900)
            crashed = len(world.injector.calls) > crash_at
            now = seen(world, message)
            arrived = [text for to, text in world.received() if to == phone(crash_at)]
            assert len(arrived) <= 1
            assert now.status in {DirectStatus.SENT, DirectStatus.UNCONFIRMED}
            assert bool(arrived) or now.status is DirectStatus.UNCONFIRMED
            assert now.attempts <= 2
            statuses.append(now.status)
            world.injector.arm("", None)
            world.fake.clear_rules()
            # A mark that a crash left behind has run out.
            assert not gate(world).is_busy(world.clock.now())
            assert (world.queue.messages, world.queue.dead) == ([], [])
            if not crashed:
                break
        assert not crashed, "the whole way was crashed"
        assert len(statuses) >= 8
        rules.human_pace(world, 1_000)
        # Only from the claim to the settling of a try is there any doubt: three calls of each.
        tries = 2 if behaviour else 1
        assert statuses.count(DirectStatus.UNCONFIRMED) == 3 * tries
