"""The instance's gate: its one conditional write says what the rule says, on each emulator."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.adapters.dynamodb.gate_store import GateStore
from campaigns.adapters.dynamodb.table import Table
from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.gates import LEAVE_WITHIN_MS, Refusal, Shut, judge_instance_gate
from campaigns.domain.model import ConnectionState, InstanceGate
from campaigns.domain.try_report import TryReport
from tests.contract.lost_answers import losing_the_answer
from tests.contract.things import (
    NEXT_DAY_AT,
    NOW,
    TODAY,
    TOMORROW,
    YESTERDAY,
    a_live_gate,
    fresh,
    keep_gate,
)

LEASE_MS = 90_000


def take(table: Table, known: InstanceGate, **fields: Any) -> InstanceGate | Shut:
    wanted: dict[str, Any] = {
        "campaign_id": "cp_live",
        "token": fresh("token"),
        "holder": "rc_mine",
        "now": NOW,
        "busy_until": NOW + LEASE_MS,
        "day": TODAY,
        "next_day_at": NEXT_DAY_AT,
    }
    return GateStore(table).take(known, **(wanted | fields))


def stored(table: Table, gate: InstanceGate) -> InstanceGate:
    found = GateStore(table).read(gate.instance_id, consistent=True)
    assert found is not None
    return found


def kept(table: Table, **fields: Any) -> InstanceGate:
    gate = a_live_gate(**fields)
    keep_gate(table, gate)
    return gate


def test_an_open_gate_is_marked_counted_and_left(table: Table) -> None:
    gate = kept(table, day=TODAY, day_count=1, last_left_at=NOW - 60_000)

    assert take(table, gate, token="mine") == gate
    assert stored(table, gate) == replace(
        gate,
        busy_token="mine",
        busy_until=NOW + LEASE_MS,
        busy_holder="rc_mine",
        busy_campaign_id="cp_live",
        last_left_at=NOW + LEAVE_WITHIN_MS,
        day_count=2,
    )


@pytest.mark.parametrize(
    ("fields", "refusal", "opens_at"),
    [
        ({"live_campaign_id": None, "live_status": None}, Refusal.NOT_LIVE, None),
        ({"live_campaign_id": "cp_other"}, Refusal.NOT_LIVE, None),
        ({"live_status": CampaignStatus.PAUSED}, Refusal.PAUSED, None),
        ({"connection_state": ConnectionState.CLOSE}, Refusal.DISCONNECTED, None),
        ({"connection_state": ConnectionState.UNKNOWN}, Refusal.DISCONNECTED, None),
        ({"connection_state": ConnectionState.CONNECTING}, Refusal.CONNECTING, None),
        ({"config_version": 2}, Refusal.RECONFIGURED, None),
        ({"day_count": 3}, Refusal.DAY_LIMIT, NEXT_DAY_AT),
        ({"daily_limit": 2}, Refusal.DAY_LIMIT, NEXT_DAY_AT),
        ({"busy_until": NOW + 1, "busy_token": "theirs"}, Refusal.BUSY, NOW + 1),
        ({"last_left_at": NOW - 19_999}, Refusal.GAP, NOW + 1),
        ({"delay_min_ms": 30_001}, Refusal.GAP, NOW + 1),
    ],
)
def test_each_clause_alone_shuts_it_even_for_whoever_knew_it_open(
    table: Table, fields: dict[str, Any], refusal: Refusal, opens_at: int | None
) -> None:
    gate = kept(table, day=TODAY, day_count=2, last_left_at=NOW - 30_000)
    now_shut = replace(gate, **fields)
    keep_gate(table, now_shut)

    shut = take(table, gate)

    assert isinstance(shut, Shut)
    assert (shut.refusal, shut.opens_at) == (refusal, opens_at)
    assert stored(table, gate) == now_shut


_CHANGES: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.fixed_dictionaries({"connection_state": st.sampled_from(ConnectionState)}),
    st.fixed_dictionaries({"config_version": st.sampled_from([1, 2])}),
    st.fixed_dictionaries({"delay_min_ms": st.sampled_from([1_000, 19_999, 20_000, 20_001])}),
    st.fixed_dictionaries({"daily_limit": st.sampled_from([None, 1, 2])}),
    st.fixed_dictionaries({"live_campaign_id": st.sampled_from([None, "cp_live", "cp_other"])}),
    st.fixed_dictionaries(
        {"live_status": st.sampled_from([None, CampaignStatus.ACTIVE, CampaignStatus.PAUSED])}
    ),
    st.fixed_dictionaries(
        {
            "busy_token": st.just("theirs"),
            "busy_holder": st.sampled_from(["rc_mine", "rc_theirs"]),
            "busy_until": st.sampled_from([NOW - 1, NOW, NOW + 1, NOW + LEASE_MS]),
        }
    ),
    st.fixed_dictionaries(
        {"last_left_at": st.integers(NOW - 20_002, NOW - 19_998) | st.just(NOW - 500)}
    ),
    st.fixed_dictionaries(
        {"day": st.sampled_from([None, YESTERDAY, TODAY]), "day_count": st.integers(0, 3)}
    ),
)


@st.composite
def gates(draw: st.DrawFn, most_changes: int = 4) -> InstanceGate:
    """A gate that differs from an open one in a few respects."""
    gate = a_live_gate(instance_id="in_random")
    for changes in draw(st.lists(_CHANGES, max_size=most_changes)):
        gate = replace(gate, **changes)
    return gate


def judged(gate: InstanceGate, campaign_id: str | None, config_version: int) -> Shut | None:
    return judge_instance_gate(
        gate,
        campaign_id=campaign_id,
        config_version=config_version,
        now=NOW,
        day=TODAY,
        next_day_at=NEXT_DAY_AT,
    )


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    truth=gates(),
    known=gates(1),
    campaign_id=st.sampled_from([None, "cp_live"]),
    is_next_day=st.booleans(),
)
def test_store_and_rule_agree_on_any_gate_however_old_the_one_that_was_known(
    table: Table,
    truth: InstanceGate,
    known: InstanceGate,
    campaign_id: str | None,
    is_next_day: bool,
) -> None:
    if is_next_day and truth.day:  # For a process whose clock is ahead of ours.
        truth = replace(truth, day=TOMORROW)
    keep_gate(table, truth)
    # A gate that is known as shut is not asked at all.
    expected = judged(known, campaign_id, known.config_version) or judged(
        truth, campaign_id, known.config_version
    )

    answer = take(table, known, campaign_id=campaign_id)

    if expected is None:
        assert answer == truth
        assert stored(table, truth).day_count == truth.sent_on(TODAY) + 1
    else:
        assert isinstance(answer, Shut)
        assert (answer.refusal, answer.opens_at) == (expected.refusal, expected.opens_at)
        assert stored(table, truth) == truth


def test_a_busy_gate_names_whose_send_it_is_busy_with(table: Table) -> None:
    gate = kept(table)
    take(table, gate, holder="rc_first")
    assert take(table, gate, holder="rc_second") == Shut(
        Refusal.BUSY, NOW + LEASE_MS, holder="rc_first"
    )


def test_a_gate_that_a_direct_message_holds_is_sending_for_no_campaign(table: Table) -> None:
    gate = kept(table)
    take(table, gate)
    assert stored(table, gate).is_sending_for("cp_live", NOW)
    assert not stored(table, gate).is_sending_for("cp_other", NOW)
    later = NOW + LEASE_MS
    assert not stored(table, gate).is_sending_for("cp_live", later)
    # The mark of a campaign's try that crashed is another's now.
    take(table, gate, campaign_id=None, now=later, busy_until=later + LEASE_MS)
    assert not stored(table, gate).is_sending_for("cp_live", later)


def test_a_mark_that_ran_out_holds_up_nobody(table: Table) -> None:
    gate = kept(table)
    take(table, gate)
    later = NOW + LEASE_MS
    assert isinstance(take(table, gate, now=later, busy_until=later + LEASE_MS), InstanceGate)
    assert stored(table, gate).day_count == 2


def test_the_first_request_of_a_day_starts_its_count_anew(table: Table) -> None:
    gate = kept(table, day=YESTERDAY, day_count=3)
    assert isinstance(take(table, gate), InstanceGate)
    assert (stored(table, gate).day, stored(table, gate).day_count) == (TODAY, 1)


def test_a_day_that_others_filled_since_it_was_known_is_full(table: Table) -> None:
    known = kept(table, day=YESTERDAY, day_count=1)
    keep_gate(table, replace(known, day=TODAY, day_count=3))
    assert take(table, known) == Shut(Refusal.DAY_LIMIT, NEXT_DAY_AT)


def test_a_clock_that_is_behind_at_midnight_counts_for_the_day_that_has_begun(
    table: Table,
) -> None:
    gate = kept(table, day=TOMORROW, day_count=2)
    assert isinstance(take(table, gate, token="mine"), InstanceGate)
    assert (stored(table, gate).day, stored(table, gate).day_count) == (TOMORROW, 3)

    GateStore(table).settle(gate, token="mine", left_at=NOW, day=TODAY, counts=True)
    assert take(table, gate, now=NOW + 20_000) == Shut(Refusal.DAY_LIMIT, NEXT_DAY_AT)


def test_settling_clears_the_mark_and_says_when_the_request_left(table: Table) -> None:
    gate = kept(table)
    before = take(table, gate, token="mine")
    assert isinstance(before, InstanceGate)

    GateStore(table).settle(before, token="mine", left_at=NOW + 7, day=TODAY, counts=True)

    after = stored(table, gate)
    assert (after.busy_token, after.busy_until, after.busy_holder) == (None, None, None)
    assert after.busy_campaign_id is None
    assert (after.last_left_at, after.day_count) == (NOW + 7, 1)


def test_settling_counts_failures_in_a_row_until_one_is_sent(table: Table) -> None:
    gate, rows = kept(table, honours_message_id=False, daily_limit=None), []
    for turn, has_failed in enumerate([True, True, None, True, False, True]):
        now = NOW + turn * 60_000
        before = take(table, gate, token=f"try {turn}", now=now, busy_until=now + LEASE_MS)
        assert isinstance(before, InstanceGate)
        rows.append(
            GateStore(table).settle(
                before,
                token=f"try {turn}",
                left_at=now,
                day=TODAY,
                counts=True,
                report=TryReport(has_failed, honours_message_id=None if has_failed else True),
            )
        )
    assert rows == [1, 2, 2, 3, 0, 1]
    assert (stored(table, gate).failures_in_row, stored(table, gate).honours_message_id) == (
        1,
        True,
    )


def note(table: Table, gate: InstanceGate, token: str, campaign_id: str | None = "cp_live"):
    return GateStore(table).note_failure(gate.instance_id, campaign_id=campaign_id, token=token)


def test_a_try_that_never_reached_the_gate_counts_beside_those_that_did(table: Table) -> None:
    gate = kept(table, failures_in_row=2, last_left_at=NOW - 60_000)
    counted = note(table, gate, "rc_1#1")
    assert counted == replace(gate, failures_in_row=3) == stored(table, gate)

    before = take(table, gate)
    assert isinstance(before, InstanceGate)
    assert note(table, gate, "rc_2#1").failures_in_row == 4
    GateStore(table).settle(
        before,
        token=stored(table, gate).busy_token or "",
        left_at=NOW,
        day=TODAY,
        counts=True,
        report=TryReport(has_failed=False),
    )
    assert stored(table, gate).failures_in_row == 0


def test_one_try_counts_once_however_often_it_is_told(table: Table) -> None:
    gate = kept(table)
    with losing_the_answer(table, "UpdateItem"):
        assert note(table, gate, "rc_1#1").failures_in_row == 1
    assert note(table, gate, "rc_1#1").failures_in_row == 1
    assert note(table, gate, "rc_1#2").failures_in_row == 2


@pytest.mark.parametrize(
    "fields",
    [
        {"live_status": CampaignStatus.PAUSED},
        {"live_campaign_id": "cp_another"},
        {"live_campaign_id": None, "live_status": None},
    ],
)
def test_a_try_of_a_campaign_that_is_stopped_here_is_none(
    table: Table, fields: dict[str, Any]
) -> None:
    gate = replace(a_live_gate(), **fields)
    keep_gate(table, gate)
    assert note(table, gate, "rc_1#1") is None
    assert stored(table, gate) == gate
    assert note(table, gate, "dm_1", campaign_id=None) == replace(gate, failures_in_row=1)


def test_an_instance_that_is_gone_counts_nothing_and_is_not_made(table: Table) -> None:
    gate = a_live_gate()
    assert note(table, gate, "dm_1", campaign_id=None) is None
    assert GateStore(table).read(gate.instance_id, consistent=True) is None


def test_a_request_that_did_not_leave_gives_back_gap_and_count(table: Table) -> None:
    gate = kept(table, day=TODAY, day_count=2, last_left_at=NOW - 30_000)
    before = take(table, gate, token="mine")
    assert isinstance(before, InstanceGate)
    GateStore(table).settle(before, token="mine", left_at=None, day=TODAY, counts=False)
    assert stored(table, gate) == gate


def test_a_mark_that_is_anothers_by_now_is_left_alone(table: Table) -> None:
    gate = kept(table)
    before = take(table, gate, token="mine")
    assert isinstance(before, InstanceGate)
    later = NOW + LEASE_MS
    take(table, gate, token="theirs", now=later, busy_until=later + LEASE_MS)
    theirs = stored(table, gate)

    GateStore(table).settle(before, token="mine", left_at=NOW, day=TODAY, counts=False)

    assert stored(table, gate) == theirs


def test_a_take_whose_answer_was_lost_is_ours_and_counted_once(table: Table) -> None:
    gate = kept(table, day=TODAY, day_count=1)
    with losing_the_answer(table, "UpdateItem"):
        before = take(table, gate, token="mine")

    assert isinstance(before, InstanceGate)
    assert (before.busy_token, before.day_count) == (None, 1)
    assert stored(table, gate).day_count == 2
    GateStore(table).settle(before, token="mine", left_at=None, day=TODAY, counts=False)
    assert (stored(table, gate).busy_token, stored(table, gate).day_count) == (None, 1)


@pytest.mark.ministack
def test_of_many_takes_at_once_one_gets_through(real_table: Table) -> None:
    gate = kept(real_table)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: take(real_table, gate), range(16)))

    assert [each for each in answers if isinstance(each, InstanceGate)] == [gate]
    assert stored(real_table, gate).day_count == 1
    assert {each.refusal for each in answers if isinstance(each, Shut)} == {Refusal.BUSY}


@pytest.mark.ministack
def test_a_mark_is_never_held_by_two_however_often_it_is_passed_on(real_table: Table) -> None:
    gate = kept(real_table, delay_min_ms=0, daily_limit=None, last_left_at=0)
    holders: list[str] = []
    most: list[int] = []

    def send(token: str) -> None:
        while True:
            before = take(real_table, gate, token=token, now=NOW + 2 * LEAVE_WITHIN_MS)
            if isinstance(before, InstanceGate):
                break
            assert before.refusal in {Refusal.BUSY, Refusal.GAP}
        holders.append(token)
        most.append(len(holders))
        holders.remove(token)
        GateStore(real_table).settle(before, token=token, left_at=NOW, day=TODAY, counts=True)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(partial(send), [f"token-{number}" for number in range(12)]))

    assert most == [1] * 12
    assert stored(real_table, gate).day_count == 12
