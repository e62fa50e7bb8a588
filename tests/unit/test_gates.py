"""The instance gate, over every combination of what it looks at."""

from dataclasses import replace
from itertools import product

import pytest

from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.gates import Refusal, Shut, judge_instance_gate
from campaigns.domain.model import ConnectionState, InstanceGate

NOW = 1_795_349_529_000
NEXT_DAY_AT = NOW + 3_600_000
TODAY, YESTERDAY = "2026-11-22", "2026-11-21"
DELAY_MIN_MS = 20_000
OPEN_GATE = InstanceGate(
    instance_id="in_1",
    tenant_id="tn_1",
    connection_state=ConnectionState.OPEN,
    config_version=3,
    delay_min_ms=DELAY_MIN_MS,
    delay_max_ms=50_000,
    daily_limit=250,
    live_campaign_id="cp_1",
    live_status=CampaignStatus.ACTIVE,
    last_left_at=NOW - DELAY_MIN_MS,
    day=TODAY,
    day_count=249,
)


def judge(gate, *, campaign_id="cp_1", now=NOW, day=TODAY):
    return judge_instance_gate(
        gate,
        campaign_id=campaign_id,
        config_version=3,
        now=now,
        day=day,
        next_day_at=NEXT_DAY_AT,
    )


#: What a gate can be like in each respect, and the refusal that follows; None lets through.
CAMPAIGNS = [("cp_1", None), ("cp_2", Refusal.NOT_LIVE), (None, Refusal.NOT_LIVE)]
STATUSES = [
    (status, None if status is CampaignStatus.ACTIVE else Refusal.PAUSED)
    for status in [*CampaignStatus, None]
]
CONNECTIONS = [
    (ConnectionState.OPEN, None),
    (ConnectionState.CONNECTING, Refusal.CONNECTING),
    (ConnectionState.CLOSE, Refusal.DISCONNECTED),
    (ConnectionState.UNKNOWN, Refusal.DISCONNECTED),
]
VERSIONS = [(3, None), (2, Refusal.RECONFIGURED), (4, Refusal.RECONFIGURED)]
DAYS = [
    ((250, TODAY, 249), None),
    ((250, TODAY, 250), Refusal.DAY_LIMIT),
    ((250, TODAY, 300), Refusal.DAY_LIMIT),
    ((250, YESTERDAY, 250), None),
    ((250, None, 0), None),
    ((None, TODAY, 9_999), None),
]
MARKS = [(None, None), (NOW - 1, None), (NOW, None), (NOW + 1, Refusal.BUSY)]
GAPS = [
    (0, None),
    (NOW - DELAY_MIN_MS, None),
    (NOW - DELAY_MIN_MS + 1, Refusal.GAP),
    (NOW + 1_000, Refusal.GAP),
]
OPENS_AT = {Refusal.DAY_LIMIT: NEXT_DAY_AT, Refusal.BUSY: NOW + 1}


def test_a_gate_is_open_when_every_fact_lets_through_and_else_says_the_first_that_does_not():
    judged = set()
    for facts in product(CAMPAIGNS, STATUSES, CONNECTIONS, VERSIONS, DAYS, MARKS, GAPS):
        (live, status, state, version, (limit, day, count), busy_until, left), refusals = zip(
            *facts, strict=True
        )
        gate = replace(
            OPEN_GATE,
            live_campaign_id=live,
            live_status=status,
            connection_state=state,
            config_version=version,
            daily_limit=limit,
            day=day,
            day_count=count,
            busy_until=busy_until,
            last_left_at=left,
        )
        expected = next((refusal for refusal in refusals if refusal), None)
        shut = judge(gate)
        judged.add(expected)
        assert (shut.refusal if shut else None) is expected, facts
        if shut:
            opens_at = OPENS_AT.get(shut.refusal)
            if shut.refusal is Refusal.GAP:
                opens_at = left + DELAY_MIN_MS
            assert shut.opens_at == opens_at, facts
    # The person's gate is another one.
    assert judged == {None, *Refusal} - {Refusal.PERSON}


@pytest.mark.parametrize("status", [*CampaignStatus, None])
@pytest.mark.parametrize("live", ["cp_1", None])
def test_a_send_without_a_campaign_asks_for_none_and_keeps_pace_all_the_same(live, status):
    gate = replace(OPEN_GATE, live_campaign_id=live, live_status=status)
    assert judge(gate, campaign_id=None) is None
    assert judge(replace(gate, last_left_at=NOW), campaign_id=None) == Shut(
        Refusal.GAP, NOW + DELAY_MIN_MS
    )
    full = replace(gate, day_count=250)
    assert judge(full, campaign_id=None) == Shut(Refusal.DAY_LIMIT, NEXT_DAY_AT)
    closed = replace(gate, connection_state=ConnectionState.CLOSE)
    assert judge(closed, campaign_id=None) == Shut(Refusal.DISCONNECTED)


def test_who_waits_as_long_as_each_refusal_says_gets_through():
    gate = replace(
        OPEN_GATE, day_count=250, busy_until=NEXT_DAY_AT + 5_000, last_left_at=NEXT_DAY_AT - 1_000
    )
    now, day, met = NOW, TODAY, []
    while (shut := judge(gate, now=now, day=day)) and len(met) < 9:
        assert shut.opens_at is not None
        assert shut.opens_at > now
        met.append(shut.refusal)
        now, day = shut.opens_at, "2026-11-23"
    assert met == [Refusal.DAY_LIMIT, Refusal.BUSY, Refusal.GAP]
    assert now == NEXT_DAY_AT - 1_000 + DELAY_MIN_MS
