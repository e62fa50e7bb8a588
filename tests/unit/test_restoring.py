"""Who is in doubt after a restore, by the pace alone."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.model import (
    Campaign,
    ConnectionState,
    InstanceGate,
    Recipient,
    Recipients,
    RecipientsState,
    Schedule,
)
from campaigns.domain.planning import gap_ms
from campaigns.domain.recipient import RecipientStatus
from campaigns.domain.restoring import (
    Gap,
    held_until,
    in_doubt,
    is_in_doubt,
    reached,
    slots_in,
)

NOW = 1_795_000_000_000
CAMPAIGN = Campaign(
    campaign_id="cp_1",
    tenant_id="tn_1",
    name="Natal",
    instance_id="in_1",
    status=CampaignStatus.ACTIVE,
    schedule=Schedule("immediate", "America/Sao_Paulo"),
    created_at=NOW,
    updated_at=NOW,
    created_by="key:1",
    recipients=Recipients(RecipientsState.READY),
    total=10_000,
)
GATE = InstanceGate(
    instance_id="in_1",
    tenant_id="tn_1",
    connection_state=ConnectionState.OPEN,
    config_version=3,
    delay_min_ms=20_000,
    delay_max_ms=50_000,
    daily_limit=None,
)
PERSON = Recipient(
    recipient_id="rc_1",
    tenant_id="tn_1",
    campaign_id="cp_1",
    instance_id="in_1",
    sequence=12,
    person="p",
    contact_id="ct_1",
    status=RecipientStatus.PENDING,
    plan_number=1,
    updated_at=NOW,
)


@given(
    delay_min=st.integers(1_000, 60_000),
    spread=st.integers(0, 60_000),
    first=st.integers(-130_000, 130_000),
    lasted=st.integers(0, 3_600_000),
)
def test_whoever_had_a_slot_before_the_stop_is_in_doubt(
    delay_min: int, spread: int, first: int, lasted: int
) -> None:
    gate = replace(GATE, delay_min_ms=delay_min, delay_max_ms=delay_min + spread)
    slots = slots_in(Gap(NOW, NOW + lasted), CAMPAIGN, gate)
    assert slots is not None
    # The next slot lies ahead of the restore point, or is moved to a later now.
    slot, sequence = NOW + max(0, first), 0
    while slot <= NOW + lasted:
        slots -= 1
        slot += gap_ms("cp_1", sequence, 1, delay_min, delay_min + spread)
        sequence += 1
    assert slots >= 0


def test_without_a_known_end_everybody_who_is_left_is_in_doubt() -> None:
    assert slots_in(Gap(NOW, None), CAMPAIGN, GATE) is None
    assert reached([PERSON], 0, None) == ([PERSON], None)


def test_the_pace_bounds_the_doubt() -> None:
    # A minute more and the 130 s on top: nine slots of 20 s and the one at the beginning.
    assert slots_in(Gap(NOW, NOW + 60_000), CAMPAIGN, GATE) == 10


@pytest.mark.parametrize(
    ("slots", "count", "left"), [(0, 4, 0), (1, 7, 0), (2, 8, 0), (4, 10, 0), (5, 10, 1)]
)
def test_only_who_waited_for_a_first_slot_behind_the_cursor_takes_one(
    slots: int, count: int, left: int
) -> None:
    page = [replace(PERSON, sequence=sequence) for sequence in range(10)]
    page[5] = replace(page[5], status=RecipientStatus.SKIPPED)
    page[6] = replace(page[6], retry_at=NOW)
    within, rest = reached(page, 4, slots)
    assert (len(within), rest) == (count, left)


def test_one_that_was_to_start_after_the_stop_has_nobody_in_doubt() -> None:
    schedule = replace(CAMPAIGN.schedule, scheduled_at=NOW + 60_000)
    waiting = replace(CAMPAIGN, status=CampaignStatus.SCHEDULED, schedule=schedule)
    assert slots_in(Gap(NOW, NOW + 59_000), waiting, GATE) == 0
    assert slots_in(Gap(NOW, NOW + 60_000), waiting, GATE) == 7
    assert slots_in(Gap(NOW, None), waiting, GATE) is None


def test_what_it_was_claimed_with_stays_and_what_is_missing_is_made_up() -> None:
    honours = replace(GATE, honours_message_id=True)
    fresh = in_doubt(PERSON, "3EB0NEW", honours, now=NOW, turn=0)
    assert (fresh.whatsapp_message_id, fresh.sent_under) == ("3EB0NEW", 3)
    assert fresh.may_have_been_sent
    assert fresh.plan_number == 2
    claimed = replace(
        PERSON, status=RecipientStatus.SENDING, whatsapp_message_id="3EB0OLD", sent_under=2
    )
    kept = in_doubt(claimed, "3EB0NEW", GATE, now=NOW, turn=0)
    assert (kept.whatsapp_message_id, kept.sent_under) == ("3EB0OLD", 2)


def test_where_ids_were_not_honoured_what_may_have_left_since_is_never_a_promise() -> None:
    never_claimed = in_doubt(PERSON, "3EB0NEW", GATE, now=NOW, turn=0)
    assert never_claimed.sent_under is None
    claimed = replace(PERSON, status=RecipientStatus.UNKNOWN, whatsapp_message_id="3EB0OLD")
    honours = replace(GATE, honours_message_id=True)
    assert in_doubt(claimed, "3EB0NEW", honours, now=NOW, turn=0).sent_under is None


def test_the_grace_of_the_last_begins_when_those_before_were_asked_for() -> None:
    honours = replace(GATE, honours_message_id=True)
    since = [in_doubt(PERSON, "id", honours, now=NOW, turn=turn).unknown_since for turn in (0, 50)]
    assert since == [NOW, NOW + 600_000]
    # Nothing is sent again where ids are ignored: nobody's turn comes.
    assert in_doubt(PERSON, "id", GATE, now=NOW, turn=50).unknown_since == NOW


def test_a_repeat_knows_whom_it_put_in_doubt_and_a_later_restore_does_again() -> None:
    doubted = in_doubt(PERSON, "id", GATE, now=NOW, turn=0)
    assert is_in_doubt(doubted, Gap(NOW - 1, None))
    assert not is_in_doubt(doubted, Gap(NOW, None))
    assert not is_in_doubt(PERSON, Gap(NOW - 1, None))


@given(delay_min=st.integers(1_000, 600_000))
def test_neither_the_instances_gap_nor_any_persons_pause_is_cut_short(delay_min: int) -> None:
    gate = replace(GATE, delay_min_ms=delay_min)
    gap_ends_at = held_until(NOW, 80_000, gate) + delay_min
    assert gap_ends_at >= NOW + max(80_000, delay_min)
