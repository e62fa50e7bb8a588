"""Recipients: every move is guarded, and the index of retries follows, on each emulator."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from random import SystemRandom

import pytest

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.recipient_items import RecipientItem, to_item, to_recipient
from campaigns.adapters.dynamodb.recipient_store import RecipientStore
from campaigns.adapters.dynamodb.table import Table
from campaigns.domain.model import DueRetry, LaneKey, Recipient
from campaigns.domain.recipient import IN_FLIGHT, RecipientErrorCode, RecipientStatus
from campaigns.domain.recipient_changes import (
    claimed,
    lease_expired,
    released,
    resend_planned,
    settled,
)
from campaigns.domain.settlement import Settlement
from campaigns.services.ports import Guard
from tests.contract.lost_answers import losing_the_answer
from tests.contract.things import NOW, a_recipient, fresh, job_of

WHATSAPP_ID = "3EB07BF3A48FF674FA9890"


def store(table: Table) -> RecipientStore:
    return RecipientStore(table, SystemRandom())


def keep(table: Table, recipient: Recipient) -> Recipient:
    table.put(to_item(recipient, 1))
    return recipient


def stored(table: Table, recipient: Recipient) -> Recipient:
    found = store(table).read(
        recipient.tenant_id, recipient.campaign_id, recipient.sequence, consistent=True
    )
    assert found is not None
    return found


def claim(table: Table, known: Recipient, lease: str = "lease-1") -> Recipient | None:
    """The claim as the sender makes it; the claimed recipient."""
    mine = claimed(
        known,
        now=NOW,
        lease_token=lease,
        lease_until=NOW + 90_000,
        message_id="ms_1",
        text="Oi Ana",
        whatsapp_message_id=WHATSAPP_ID,
        sent_under=3,
    )
    guard = Guard(frozenset({known.status}), plan_number=known.plan_number)
    return mine if store(table).save(known, mine, guard) else None


def a_claimed(table: Table) -> Recipient:
    mine = claim(table, keep(table, a_recipient()))
    assert mine is not None
    return mine


def sent(recipient: Recipient) -> Recipient:
    settlement = Settlement(
        status=RecipientStatus.SENT,
        retry_count=0,
        may_have_been_sent=recipient.may_have_been_sent,
        proven_unsent=False,
        whatsapp_message_id=WHATSAPP_ID,
        remote_jid="551199000@s.whatsapp.net",
    )
    return settled(recipient, settlement, now=NOW + 900, left_at=NOW + 100)


def lane_of(recipient: Recipient) -> LaneKey:
    return LaneKey(recipient.tenant_id, recipient.campaign_id, recipient.instance_id)


def test_a_claim_holds_the_recipient_and_gives_what_was_before(table: Table) -> None:
    pending = keep(table, a_recipient())
    mine = replace(pending, status=RecipientStatus.SENDING, lease_token="mine", attempts=1)
    guard = Guard(frozenset({RecipientStatus.PENDING}), plan_number=1)
    assert store(table).save(pending, mine, guard) == pending
    assert stored(table, pending) == mine


def test_a_job_with_an_older_plan_number_dies_at_the_claim(table: Table) -> None:
    pending = keep(table, a_recipient())
    after = released(pending, now=NOW, not_before=NOW)
    assert store(table).save(pending, after, Guard(frozenset({pending.status}), plan_number=1))

    assert claim(table, pending) is None
    assert stored(table, pending) == after


def test_a_second_copy_of_a_job_dies_at_the_claim(table: Table) -> None:
    pending = keep(table, a_recipient())
    first = claim(table, pending)
    assert claim(table, pending, "lease-2") is None
    assert stored(table, pending) == first


def test_who_does_not_hold_the_lease_settles_nothing(table: Table) -> None:
    mine = a_claimed(table)
    after = released(mine, now=NOW + 900, not_before=NOW + 30_000)
    sending = frozenset({RecipientStatus.SENDING})

    assert store(table).save(mine, after, Guard(sending, lease_token="another")) is None
    assert stored(table, mine) == mine
    assert store(table).save(mine, after, Guard(sending, lease_token="lease-1")) == mine
    assert stored(table, mine) == after


def test_proof_of_a_send_moves_it_forward_whoever_holds_the_lease(table: Table) -> None:
    mine = a_claimed(table)
    expired = lease_expired(mine, now=NOW + 90_000)
    assert store(table).save(mine, expired, Guard(frozenset({RecipientStatus.SENDING})))

    guard = Guard(IN_FLIGHT, whatsapp_message_id=WHATSAPP_ID)
    assert store(table).save(mine, sent(mine), guard) == expired
    after = stored(table, mine)
    assert (after.status, after.sent_at) == (RecipientStatus.SENT, NOW + 100)
    assert (after.error_code, after.unknown_since, after.lease_token) == (None, None, None)
    wrong = Guard(frozenset({RecipientStatus.SENT}), whatsapp_message_id="3EB0" + "0" * 18)
    assert store(table).save(after, mine, wrong) is None


def test_nothing_is_written_where_another_recipient_lies_by_now(table: Table) -> None:
    known = a_recipient()
    other = keep(table, replace(known, recipient_id=fresh("rc")))
    assert claim(table, known) is None
    assert stored(table, known) == other


def test_a_claim_whose_answer_was_lost_is_ours_and_happened_once(table: Table) -> None:
    pending = keep(table, a_recipient())
    with losing_the_answer(table, "UpdateItem"):
        mine = claim(table, pending)
    assert mine is not None
    assert stored(table, pending) == mine
    assert mine.attempts == 1


def test_a_settling_whose_answer_was_lost_is_told_what_it_moved_from(table: Table) -> None:
    mine = a_claimed(table)
    with losing_the_answer(table, "UpdateItem"):
        before = store(table).save(mine, sent(mine), Guard(IN_FLIGHT, lease_token="lease-1"))
    # From this the books are kept: once, as a move from `sending`.
    assert before == mine


def test_a_claimed_recipient_is_found_by_its_whatsapp_message(table: Table) -> None:
    mine = a_claimed(table)
    key = keys.message_key(mine.instance_id, WHATSAPP_ID)
    found = table.query_all(RecipientItem, key, index="by_message")
    assert keys.recipient(mine.tenant_id, mine.campaign_id, mine.sequence) in [
        item.key for item in found
    ]


@pytest.mark.ministack
def test_of_many_claims_at_once_one_gets_through(real_table: Table) -> None:
    pending = keep(real_table, a_recipient())
    with ThreadPoolExecutor(8) as threads:
        claims = list(threads.map(lambda n: claim(real_table, pending, f"lease-{n}"), range(16)))
    (winner,) = [each for each in claims if each]
    assert stored(real_table, pending) == winner


# The index of retries


def test_a_released_recipient_is_due_again_at_its_time_with_its_plan_number(table: Table) -> None:
    pending = keep(table, a_recipient())
    after = released(pending, now=NOW, not_before=NOW + 30_000)
    store(table).save(pending, after, Guard(frozenset({RecipientStatus.PENDING})))

    lane = lane_of(pending)
    assert store(table).due_retries(lane, NOW + 29_999, 10) == []
    assert store(table).due_retries(lane, NOW + 30_000, 10) == [
        DueRetry(after.recipient_id, 0, after.person, plan_number=2, retry_at=NOW + 30_000)
    ]


def test_retries_come_by_their_time_up_to_a_limit(table: Table) -> None:
    campaign_id = fresh("cp")
    for sequence, retry_at in enumerate([NOW + 3, NOW + 1, NOW + 2]):
        pending = keep(table, a_recipient(campaign_id=campaign_id, sequence=sequence))
        after = released(pending, now=NOW, not_before=retry_at)
        store(table).save(pending, after, Guard(frozenset({RecipientStatus.PENDING})))

    lane = LaneKey("tn_1", campaign_id, "in_1")
    assert [each.sequence for each in store(table).due_retries(lane, NOW + 9, 2)] == [1, 2]


def test_a_planned_retry_leaves_the_index_and_keeps_its_slot(table: Table) -> None:
    pending = keep(table, a_recipient())
    after = released(pending, now=NOW, not_before=NOW)
    store(table).save(pending, after, Guard(frozenset({RecipientStatus.PENDING})))

    assert store(table).mark_planned(job_of(after, slot_at=NOW + 5_000))
    assert store(table).mark_planned(job_of(after, slot_at=NOW + 5_000)), "a repeat is the same"
    assert store(table).due_retries(lane_of(pending), NOW + 10**6, 10) == []
    planned = stored(table, pending)
    assert (planned.retry_at, planned.slot_at) == (None, NOW + 5_000)


def test_a_planner_that_knew_an_older_plan_number_leaves_the_retry_on_the_index(
    table: Table,
) -> None:
    pending = keep(table, a_recipient())
    after = released(pending, now=NOW, not_before=NOW)
    store(table).save(pending, after, Guard(frozenset({RecipientStatus.PENDING})))
    assert not store(table).mark_planned(job_of(pending))
    assert [each.plan_number for each in store(table).due_retries(lane_of(pending), NOW, 9)] == [2]


def test_a_claimed_retry_is_no_longer_due(table: Table) -> None:
    pending = keep(table, a_recipient())
    after = released(pending, now=NOW, not_before=NOW)
    store(table).save(pending, after, Guard(frozenset({RecipientStatus.PENDING})))
    assert claim(table, after)
    assert store(table).due_retries(lane_of(pending), NOW + 10**6, 10) == []


def test_why_earlier_tries_failed_is_kept_in_order(table: Table) -> None:
    mine = a_claimed(table)
    first = lease_expired(mine, now=NOW + 90_000)
    store(table).save(mine, first, Guard(frozenset({RecipientStatus.SENDING})))
    second = lease_expired(first, now=NOW + 91_000)
    store(table).save(first, second, Guard(frozenset({RecipientStatus.UNKNOWN})))
    assert [(each.at, each.code) for each in stored(table, mine).failed_tries] == [
        (NOW + 90_000, RecipientErrorCode.LEASE_EXPIRED),
        (NOW + 91_000, RecipientErrorCode.LEASE_EXPIRED),
    ]


def test_a_planned_resend_is_due_on_the_index_and_is_claimed_under_its_plan_number(
    table: Table,
) -> None:
    first = a_claimed(table)
    expired = lease_expired(first, now=NOW)
    assert store(table).save(first, expired, Guard(frozenset({RecipientStatus.SENDING})))
    after = resend_planned(expired, now=NOW + 80_000)
    guard = Guard(frozenset({RecipientStatus.UNKNOWN}), plan_number=expired.plan_number)
    assert store(table).save(expired, after, guard) == expired
    assert stored(table, expired) == after

    (due,) = store(table).due_retries(lane_of(expired), NOW + 80_000, 10)
    assert (due.plan_number, due.retry_at) == (after.plan_number, NOW + 80_000)
    assert store(table).mark_planned(job_of(after, slot_at=NOW + 90_000))
    planned = stored(table, expired)
    assert (planned.retry_at, planned.slot_at) == (None, NOW + 90_000)
    assert claim(table, expired) is None
    mine = claim(table, planned)
    assert mine is not None
    assert stored(table, expired) == mine
    assert mine.whatsapp_message_id == expired.whatsapp_message_id


# In sequence


def test_a_page_goes_on_across_the_blocks_of_a_thousand(table: Table) -> None:
    campaign_id = fresh("cp")
    for sequence in range(996, 1_004):
        keep(table, a_recipient(campaign_id=campaign_id, sequence=sequence))

    def sequences(start: int, stop: int, limit: int) -> list[int]:
        page = store(table).page("tn_1", campaign_id, start, stop, limit=limit)
        return [each.sequence for each in page]

    assert sequences(997, 1_003, 100) == [997, 998, 999, 1_000, 1_001, 1_002]
    assert sequences(998, 1_004, 3) == [998, 999, 1_000]
    assert sequences(0, 996, 100) == []


def test_a_stored_recipient_reads_as_it_was_laid(table: Table) -> None:
    recipient = a_recipient()
    assert to_recipient(to_item(recipient, 1)) == stored(table, keep(table, recipient))
