"""Direct messages in the table: one claim, one outcome, under lost answers, on each emulator."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from random import SystemRandom

import pytest

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.direct_items import DirectMessageItem
from campaigns.adapters.dynamodb.direct_store import DirectMessageStore
from campaigns.adapters.dynamodb.table import Table
from campaigns.domain.delivery import Sent
from campaigns.domain.direct_message import (
    GIVE_UP_AFTER_MS,
    DirectErrorCode,
    DirectMessage,
    DirectPurpose,
    DirectStatus,
    claimed,
    failed,
    lease_expired,
    released,
    settled,
)
from campaigns.domain.recipient import RecipientErrorCode
from campaigns.services.ports_direct import DirectGuard
from tests.contract.lost_answers import losing_the_answer
from tests.contract.things import NOW, TENANT, fresh

QUEUED = DirectGuard(frozenset({DirectStatus.QUEUED}))
PROOF = DirectGuard(frozenset({DirectStatus.SENDING, DirectStatus.UNCONFIRMED}))


def store_of(table: Table) -> DirectMessageStore:
    return DirectMessageStore(table, SystemRandom())


def a_message(table: Table) -> DirectMessage:
    """One that was just queued."""
    message = DirectMessage(
        direct_message_id=fresh("dm"),
        tenant_id=TENANT,
        purpose=DirectPurpose.TEST,
        instance_id="in_1",
        person=fresh("person"),
        phone="+5511990000001",
        text="Oi!",
        whatsapp_message_id="3EB0AAAA",
        slot_at=NOW,
        give_up_at=NOW + GIVE_UP_AFTER_MS,
        created_at=NOW,
        updated_at=NOW,
        expires_at=NOW + 30_000,
    )
    store_of(table).create(message)
    return message


def held(message: DirectMessage, holder: str = "mine") -> DirectMessage:
    return claimed(message, now=NOW, lease_token=holder, lease_until=NOW + 90_000)


def own(holder: str = "mine") -> DirectGuard:
    return DirectGuard(frozenset({DirectStatus.SENDING}), lease_token=holder)


def stored(table: Table, message: DirectMessage) -> DirectMessage | None:
    return store_of(table).read(message.tenant_id, message.direct_message_id)


def test_it_comes_back_as_it_was_queued_and_is_nobodys_else(table: Table) -> None:
    message = a_message(table)
    assert stored(table, message) == message
    assert store_of(table).read("tn_2", message.direct_message_id) is None


def test_a_creation_whose_answer_was_lost_is_done(table: Table) -> None:
    with losing_the_answer(table, "PutItem"):
        message = a_message(table)
    assert stored(table, message) == message


def test_every_state_comes_back_as_it_was_written(table: Table) -> None:
    store, message = store_of(table), a_message(table)
    mine = held(message)
    assert store.save(mine, QUEUED)
    assert stored(table, message) == mine
    again = replace(released(mine, now=NOW + 1), error_code=RecipientErrorCode.CHECK_EMPTY)
    assert store.save(again, own())
    assert stored(table, message) == again
    second = held(again, "second")
    assert store.save(second, QUEUED)
    sent = settled(second, Sent("3EB0BBBB", "55119@s"), now=NOW + 9, left_at=NOW + 2).after
    assert store.save(sent, own("second"))
    assert stored(table, message) == sent


def test_its_reason_comes_back_whosever_list_it_is_of(table: Table) -> None:
    for code in (DirectErrorCode.DAILY_LIMIT_REACHED, RecipientErrorCode.OPTED_OUT):
        message = a_message(table)
        over = failed(message, code, now=NOW)
        assert store_of(table).save(over, QUEUED)
        assert stored(table, message) == over


def test_it_is_claimed_once(table: Table) -> None:
    store, message = store_of(table), a_message(table)
    assert store.save(held(message), QUEUED)
    assert not store.save(held(message, "other"), QUEUED)
    assert stored(table, message) == held(message)


def test_it_is_not_claimed_any_more_when_its_time_is_over(table: Table) -> None:
    store, message = store_of(table), a_message(table)
    end = message.give_up_at
    assert not store.save(held(message), replace(QUEUED, wanted_at=end))
    assert store.save(held(message), replace(QUEUED, wanted_at=end - 1))


def test_a_claim_whose_answer_was_lost_is_ours(table: Table) -> None:
    store, message = store_of(table), a_message(table)
    with losing_the_answer(table, "UpdateItem"):
        assert store.save(held(message), QUEUED)
    assert stored(table, message) == held(message)


def test_only_the_holder_of_the_lease_settles_what_is_no_proof(table: Table) -> None:
    store, message = store_of(table), a_message(table)
    store.save(held(message), QUEUED)
    over = failed(held(message), RecipientErrorCode.OPTED_OUT, now=NOW)
    assert not store.save(over, own("other"))
    assert store.save(over, own())


def test_an_outcome_whose_answer_was_lost_is_done(table: Table) -> None:
    store, message = store_of(table), a_message(table)
    store.save(held(message), QUEUED)
    with losing_the_answer(table, "UpdateItem"):
        assert store.save(released(held(message), now=NOW), own())


def test_a_late_proof_leaves_nothing_of_the_lost_lease(table: Table) -> None:
    store, message = store_of(table), a_message(table)
    mine = held(message)
    store.save(mine, QUEUED)
    assert store.save(lease_expired(mine, now=NOW + 90_000), own())
    sent = settled(mine, Sent("3EB0AAAA", None), now=NOW + 95_000, left_at=NOW).after
    assert store.save(sent, PROOF)
    assert stored(table, message) == sent


def test_a_proof_moves_nothing_that_is_settled_otherwise(table: Table) -> None:
    store, message = store_of(table), a_message(table)
    store.save(failed(message, DirectErrorCode.NOT_SENT_IN_TIME, now=NOW), QUEUED)
    sent = settled(held(message), Sent("3EB0AAAA", None), now=NOW, left_at=NOW).after
    assert not store.save(sent, PROOF)


def test_one_that_is_queued_can_be_withdrawn_and_then_nobody_sends_it(table: Table) -> None:
    store, message = store_of(table), a_message(table)
    assert store.withdraw(message)
    assert stored(table, message) is None
    assert not store.save(held(message), QUEUED)
    assert stored(table, message) is None


def test_a_withdrawal_whose_answer_was_lost_is_done(table: Table) -> None:
    message = a_message(table)
    with losing_the_answer(table, "DeleteItem"):
        assert store_of(table).withdraw(message)


def test_one_that_is_being_sent_cannot_be_withdrawn(table: Table) -> None:
    store, message = store_of(table), a_message(table)
    store.save(held(message), QUEUED)
    assert not store.withdraw(message)
    assert stored(table, message) == held(message)


def test_it_is_found_by_its_whatsapp_id_from_the_first_claim_on(table: Table) -> None:
    store, message = store_of(table), a_message(table)
    message = replace(message, whatsapp_message_id=fresh("3EB0"))
    partition = keys.message_key(message.instance_id, message.whatsapp_message_id)

    def found() -> list[DirectMessageItem]:
        return table.query_all(DirectMessageItem, partition, index="by_message")

    assert found() == []
    store.save(held(message), QUEUED)
    key = keys.direct_message(message.tenant_id, message.direct_message_id)
    assert [item.key for item in found()] == [key]


@pytest.mark.ministack
def test_of_many_claims_at_once_one_gets_through(real_table: Table) -> None:
    message = a_message(real_table)

    def claim(number: int) -> bool:
        return store_of(real_table).save(held(message, f"holder-{number}"), QUEUED)

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(claim, range(16))).count(True) == 1
