"""What is decided about an unknown outcome, over every fact that it hangs on."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.model import ConnectionState, FailedTry, InstanceGate
from campaigns.domain.planning import VANISHED_AFTER_MS
from campaigns.domain.recipient import RecipientErrorCode as Code
from campaigns.domain.recipient import RecipientStatus as Status
from campaigns.domain.recipient_changes import lease_expired
from campaigns.domain.reconciling import (
    LOOK_AFTER_MS,
    MAX_RESENDS,
    SLACK_MS,
    DoubtRules,
    NextStep,
    Row,
    by_turns,
    decide,
    honoured_under,
    honours_ids,
    is_resend_under_way,
    is_worth_a_look,
    last_left_at,
    may_be_resent,
    says_the_same,
    spellings,
    status_of,
    time_of_row,
)
from campaigns.domain.webhook_event import AckStatus
from tests.fakes.recipient_steps import START, a_recipient

RULES = DoubtRules(grace_ms=600_000, lease_ms=90_000, read_timeout_ms=20_000, person_gap_ms=80_000)
DOUBT = FailedTry(START + 20_000, Code.READ_TIMEOUT)
UNSENT = FailedTry(START + 20_000, Code.CONNECT_FAILED)
UNKNOWN = replace(
    a_recipient(),
    status=Status.UNKNOWN,
    plan_number=2,
    may_have_been_sent=True,
    unknown_since=START,
    rendered_text="Oi Ana",
    whatsapp_message_id="3EB07BF3A48FF674FA9890",
    failed_tries=(DOUBT,),
    sent_under=3,
)
GATE = InstanceGate(
    instance_id="in_1",
    tenant_id="tn_1",
    connection_state=ConnectionState.OPEN,
    config_version=3,
    delay_min_ms=20_000,
    delay_max_ms=50_000,
    daily_limit=None,
    honours_message_id=True,
)


def test_the_table_of_decisions():
    ages = {0: "early", 79_999: "early", 80_000: "ripe", 599_999: "ripe", 600_000: "over"}
    tries = {
        (DOUBT,): True,
        # Tries before the first doubt were no resends.
        (UNSENT, UNSENT, UNSENT, DOUBT): True,
        (DOUBT, DOUBT, UNSENT): True,
        (DOUBT, *[DOUBT] * MAX_RESENDS): False,
        (DOUBT, UNSENT, UNSENT, UNSENT): False,
    }
    found = set()
    for (age, stage), (failed, is_left), honours, under in product(
        ages.items(), tries.items(), [True, False, None], [3, 2, 4, None]
    ):
        recipient = replace(UNKNOWN, failed_tries=failed, sent_under=under)
        gate = replace(GATE, honours_message_id=honours)
        step = decide(recipient, gate, RULES, now=START + age)
        found.add(step)
        if stage == "over":
            assert step is NextStep.UNCONFIRM
        elif stage == "ripe" and is_left and honours is True and under == 3:
            assert step is NextStep.RESEND
        else:
            assert step is NextStep.HOLD
    assert found == set(NextStep)


def test_the_same_id_is_no_promise_through_another_instance():
    """A campaign that went back to a draft may have been given another one since."""
    assert may_be_resent(UNKNOWN, GATE)
    assert not may_be_resent(UNKNOWN, replace(GATE, instance_id="in_2"))


def test_what_is_sent_now_is_sent_under_a_promise_only_where_one_was_seen_kept():
    seen = {told: honoured_under(replace(GATE, honours_message_id=told)) for told in (True, False)}
    assert seen == {True: GATE.config_version, False: None}
    assert honoured_under(replace(GATE, honours_message_id=None)) is None


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("2.4.0", True),
        ("2.4.0-rc1", True),
        ("2.10.1", True),
        ("v2.5", True),
        ("3.0.0", True),
        ("2.3.7", False),
        ("2.3.99", False),
        ("1.8.2", False),
        ("2", False),
        ("", False),
        ("newest", False),
        (None, False),
    ],
)
def test_a_message_id_is_honoured_from_2_4_on(version, expected):
    assert honours_ids(version) is expected


def test_a_resend_is_under_way_while_it_waits_and_for_ten_minutes_from_its_slot():
    assert not is_resend_under_way(UNKNOWN, START)
    assert is_resend_under_way(replace(UNKNOWN, retry_at=START), START + 10**9)
    planned = replace(UNKNOWN, slot_at=START)
    assert is_resend_under_way(planned, START + VANISHED_AFTER_MS - 1)
    assert not is_resend_under_way(planned, START + VANISHED_AFTER_MS)


def test_a_row_is_looked_for_only_once_it_can_be_there_or_when_the_grace_ends():
    assert not is_worth_a_look(UNKNOWN, RULES, START + LOOK_AFTER_MS - 1)
    assert is_worth_a_look(UNKNOWN, RULES, START + LOOK_AFTER_MS)
    hurried = replace(RULES, grace_ms=1_000)
    assert is_worth_a_look(UNKNOWN, hurried, START + 1_000)


def test_a_try_whose_sender_died_left_when_it_was_claimed_however_late_that_was_noticed():
    sending = replace(
        a_recipient(), status=Status.SENDING, lease_token="mine", lease_until=START + 90_000
    )
    expired = lease_expired(sending, now=START + 3_600_000)
    assert expired.unknown_since == START + 3_600_000
    assert last_left_at(expired, RULES) == START
    assert last_left_at(UNKNOWN, RULES) == START


def test_a_row_says_the_same_by_its_whole_text_and_within_the_time_of_its_try():
    since, until = time_of_row(UNKNOWN, RULES)
    assert (since, until) == (START - SLACK_MS, START + 20_000 + SLACK_MS)
    row = Row("3EB0AA", text="Oi Ana", sent_at=START + 900)
    assert says_the_same(row, UNKNOWN, RULES)
    for sent_at, expected in [(since, True), (until, True), (since - 1, False), (until + 1, False)]:
        assert says_the_same(replace(row, sent_at=sent_at), UNKNOWN, RULES) is expected
    for other in ("Oi ana", "Oi Ana!", "Oi", "", None):
        assert not says_the_same(replace(row, text=other), UNKNOWN, RULES)
    assert not says_the_same(replace(row, sent_at=None), UNKNOWN, RULES)
    untold = replace(UNKNOWN, rendered_text=None)
    assert not says_the_same(replace(row, text=None), untold, RULES)


def test_no_other_message_to_the_person_falls_into_the_time_that_is_looked_at():
    """Two of them are a minute and the read timeout apart, whatever that is set to."""
    for read_timeout_ms in (1, 20_000, 60_000):
        rules = replace(
            RULES, read_timeout_ms=read_timeout_ms, person_gap_ms=60_000 + read_timeout_ms
        )
        later = replace(UNKNOWN, unknown_since=START + rules.person_gap_ms)
        assert time_of_row(UNKNOWN, rules)[1] < time_of_row(later, rules)[0]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (set(), Status.SENT),
        ({AckStatus.PENDING, AckStatus.SERVER_ACK}, Status.SENT),
        ({AckStatus.DELETED}, Status.SENT),
        ({AckStatus.DELIVERY_ACK, AckStatus.SERVER_ACK}, Status.DELIVERED),
        ({AckStatus.READ}, Status.READ),
        ({AckStatus.PLAYED, AckStatus.DELIVERY_ACK}, Status.READ),
        ({AckStatus.ERROR}, Status.FAILED),
        ({AckStatus.ERROR, AckStatus.DELIVERY_ACK}, Status.DELIVERED),
    ],
)
def test_a_row_tells_how_far_its_message_has_come(words, expected):
    assert status_of(Row("3EB0AA", statuses=frozenset(words))) is expected


@pytest.mark.parametrize(
    ("phone", "expected"),
    [
        ("+5511990001234", ["5511990001234", "551190001234"]),
        ("+5548990001234", ["5548990001234", "554890001234"]),
        # A landline is nobody else.
        ("+551130001234", ["551130001234"]),
        ("+525512345678", ["525512345678", "5215512345678"]),
        ("+5491112345678", ["5491112345678", "541112345678"]),
        ("+541112345678", ["541112345678", "5491112345678"]),
        ("+351912345678", ["351912345678"]),
    ],
)
def test_a_phone_is_looked_for_under_each_of_its_spellings(phone, expected):
    assert list(spellings(phone)) == [f"{digits}@s.whatsapp.net" for digits in expected]


@given(st.integers(1, 200), st.integers(1, 40), st.integers(0, 10**13))
def test_each_comes_first_in_turn_and_nobody_is_left_out(count, step, now):
    waiting = list(range(count))
    rounds = -(-count // step) + 1
    seen = set()
    for minute in range(rounds):
        order = by_turns(waiting, step, now + minute * 60_000)
        assert sorted(order) == waiting
        seen.update(order[:step])
    assert seen == set(waiting)


def test_nobody_has_no_turn():
    assert list(by_turns([], 20, START)) == []
