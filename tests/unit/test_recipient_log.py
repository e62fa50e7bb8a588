"""What a recipient's item tells of its past."""

from dataclasses import replace

from campaigns.domain.model import EventType, FailedTry, LogLevel, Recipient
from campaigns.domain.recipient import RecipientErrorCode as Code
from campaigns.domain.recipient import RecipientStatus
from campaigns.domain.recipient_log import entries_of, order_of

PENDING = Recipient(
    recipient_id="rc_1",
    tenant_id="tn_1",
    campaign_id="cp_1",
    instance_id="in_1",
    sequence=4,
    person="p",
    contact_id="ct_1",
    status=RecipientStatus.PENDING,
    plan_number=0,
    updated_at=900,
)


def told(recipient: Recipient) -> list[tuple[EventType, LogLevel, int]]:
    return [(each.event_type, each.level, each.created_at) for each in entries_of(recipient)]


def test_of_a_recipient_that_only_waits_there_is_nothing_to_tell():
    assert entries_of(PENDING) == ()


def test_receipts_are_told_newest_first():
    responded = replace(
        PENDING,
        status=RecipientStatus.RESPONDED,
        sent_at=10,
        delivered_at=20,
        read_at=30,
        responded_at=40,
    )
    assert told(responded) == [
        (EventType.MESSAGE_RESPONDED, LogLevel.SUCCESS, 40),
        (EventType.MESSAGE_READ, LogLevel.INFO, 30),
        (EventType.MESSAGE_DELIVERED, LogLevel.INFO, 20),
        (EventType.MESSAGE_SENT, LogLevel.SUCCESS, 10),
    ]


def test_a_send_is_told_with_whatsapps_own_id():
    sent = replace(PENDING, status=RecipientStatus.READ, sent_at=10, read_at=30)
    read, untold = entries_of(sent)
    assert "whatsapp_message_id" not in untold.metadata
    read, told_of = entries_of(replace(sent, whatsapp_message_id="3EB07BF3A48FF674FA9890"))
    assert told_of.metadata["whatsapp_message_id"] == "3EB07BF3A48FF674FA9890"
    assert "whatsapp_message_id" not in read.metadata


def test_a_try_that_will_be_repeated_is_a_warning_and_the_last_one_an_error():
    tries = (FailedTry(10, Code.CONNECT_FAILED), FailedTry(20, Code.CONNECT_FAILED))
    waiting = replace(PENDING, failed_tries=tries, error_code=Code.CONNECT_FAILED)
    assert told(waiting) == [
        (EventType.MESSAGE_FAILED, LogLevel.WARNING, 20),
        (EventType.MESSAGE_FAILED, LogLevel.WARNING, 10),
    ]
    failed = replace(waiting, status=RecipientStatus.FAILED, updated_at=20)
    assert told(failed) == [
        (EventType.MESSAGE_FAILED, LogLevel.ERROR, 20),
        (EventType.MESSAGE_FAILED, LogLevel.WARNING, 10),
    ]


def test_a_try_that_may_have_been_sent_is_told_as_unknown():
    unconfirmed = replace(
        PENDING,
        status=RecipientStatus.UNCONFIRMED,
        failed_tries=(FailedTry(10, Code.READ_TIMEOUT),),
        error_code=Code.READ_TIMEOUT,
    )
    assert told(unconfirmed) == [
        (EventType.MESSAGE_UNCONFIRMED, LogLevel.WARNING, 900),
        (EventType.MESSAGE_UNKNOWN, LogLevel.WARNING, 10),
    ]


def test_a_skip_is_told_with_its_reason_and_ids_but_no_person():
    skipped = replace(PENDING, status=RecipientStatus.SKIPPED, error_code=Code.OPTED_OUT)
    (entry,) = entries_of(skipped)
    assert entry.metadata == {
        "recipient_id": "rc_1",
        "contact_id": "ct_1",
        "sequence": 4,
        "error_code": "opted_out",
    }


def test_an_entry_keeps_its_id_whatever_comes_later():
    sent = replace(PENDING, status=RecipientStatus.SENT, sent_at=10)
    read = replace(sent, status=RecipientStatus.READ, delivered_at=20, read_at=30)
    ids = {each.log_id for each in entries_of(read)}
    assert {each.log_id for each in entries_of(sent)} < ids
    assert len(ids) == 3


def test_what_happened_in_one_millisecond_is_told_in_its_order():
    read = replace(PENDING, status=RecipientStatus.READ, sent_at=10, delivered_at=10, read_at=10)
    entries = entries_of(read)
    assert [each.event_type for each in entries] == [
        EventType.MESSAGE_READ,
        EventType.MESSAGE_DELIVERED,
        EventType.MESSAGE_SENT,
    ]
    assert sorted(entries, key=order_of, reverse=True) == list(entries)
