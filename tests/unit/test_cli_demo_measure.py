"""What the demo reads from the phones, and what it leaves behind."""

import tempfile
from contextlib import suppress

import pytest

from local.demo import wanted_contacts
from local.demo_faults import DemoError
from local.demo_measure import Measured, arrived_between, measure, smallest_gap
from local.demo_stack import demo_folder


def recipient(phone, status="sent"):
    return {"contact": {"phone": phone}, "status": status}


def phone(number, messages=1):
    return {"phone": number, "messages": [{}] * messages}


def request(at, instance="loja"):
    return {"arrived_at": at, "instance": instance}


def test_a_campaign_that_reached_everybody_once_is_clean():
    recipients = [
        recipient("+5511990000001", "delivered"),
        recipient("+551190000002", "responded"),
        recipient("+5511990000003", "failed"),
        recipient("+5511990000004", "unconfirmed"),
    ]
    phones = [phone("5511990000001"), phone("5511990000002"), phone("5511990000004")]
    assert measure(recipients, phones, [request(1.0), request(2.5), request(3.7)]) == Measured(
        sent=3,
        delivered=2,
        read=1,
        failed=1,
        unconfirmed=1,
        duplicates=0,
        lost=0,
        strangers=0,
        min_gap_seconds=pytest.approx(1.2),
    )


def test_a_message_beyond_a_phones_first_is_a_duplicate():
    measured = measure([recipient("+5511990000001")], [phone("5511990000001", 3)], [])
    assert measured.duplicates == 2


def test_one_person_laid_twice_is_a_duplicate():
    recipients = [recipient("+5511990000001"), recipient("+551190000001", "failed")]
    assert measure(recipients, [phone("5511990000001")], []).duplicates == 1


@pytest.mark.parametrize("status", ["pending", "sending", "sent", "skipped"])
def test_who_was_not_reached_and_has_no_reason_is_lost(status):
    assert measure([recipient("+5511990000001", status)], [], []).lost == 1


def test_a_phone_that_is_no_recipients_is_a_stranger():
    assert measure([recipient("+5511990000001")], [phone("5511990000009")], []).strangers == 1


def test_gaps_are_those_of_one_instance():
    assert smallest_gap([request(1.0), request(1.1, "other"), request(3.0)]) == pytest.approx(2.0)
    assert smallest_gap([request(1.0)]) is None


def test_requests_of_a_pause_are_counted_between_its_ends():
    assert arrived_between([request(1.0), request(2.0), request(3.0)], 1.0, 3.0) == 1


def test_the_demo_has_room_for_its_faults():
    assert wanted_contacts({}) == 40
    assert wanted_contacts({"DEMO_CONTACTS": "12"}) == 12
    for value in ("9", "many", "-1"):
        with pytest.raises(DemoError, match="DEMO_CONTACTS"):
            wanted_contacts({"DEMO_CONTACTS": value})


@pytest.mark.parametrize(
    ("end", "kept"), [(None, False), (KeyboardInterrupt(), False), (DemoError("lost"), True)]
)
def test_only_a_demo_that_failed_keeps_its_folder(monkeypatch, tmp_path, end, kept):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with suppress(KeyboardInterrupt, DemoError), demo_folder() as folder:
        (folder / "logs").mkdir()
        if end:
            raise end
    assert folder.exists() == kept
