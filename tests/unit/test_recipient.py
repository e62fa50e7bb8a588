from itertools import product

import pytest

from campaigns.domain.errors import InvalidState
from campaigns.domain.recipient import (
    IN_FLIGHT,
    ONLY_BY,
    SETTLED,
    RecipientStatus,
    RecipientTrigger,
    can_move,
    require_move,
)

# The design's own lines, so that the table in the code is held to them and not to itself.
DESIGN = """
pending → sending | failed | skipped
sending → sent | delivered | read | responded | failed | skipped | unknown | pending
unknown → sending | sent | delivered | read | responded | unconfirmed
unconfirmed → sent | delivered | read | responded | failed | pending
sent → delivered | read | responded
delivered → read | responded
read → responded
sent → failed
failed → pending
"""
# Beside the design: a resend that the operator asked for may be overtaken by proof of the first
# try, and is in doubt again where it cannot be made.
AFTER_DOUBT = """
pending → sent | delivered | read | responded | unknown
"""


def moves_of(table):
    return {
        (before.strip(), after.strip())
        for before, afters in (line.split("→") for line in table.strip().splitlines())
        for after in afters.split("|")
    }


ALLOWED = moves_of(DESIGN)
PAIRS = list(product(RecipientStatus, repeat=2))


def test_the_statuses_are_those_of_the_design():
    assert {status.value for status in RecipientStatus} == {
        "pending", "sending", "unknown", "sent", "delivered", "read", "responded", "failed",
        "skipped", "unconfirmed",
    }  # fmt: skip


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_a_recipient_moves_exactly_as_the_design_says(before, after):
    assert can_move(before, after) is ((before.value, after.value) in ALLOWED)


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_a_move_outside_the_table_is_refused_with_the_present_status(before, after):
    if (before.value, after.value) in ALLOWED:
        require_move(before, after)
        return
    with pytest.raises(InvalidState) as refused:
        require_move(before, after)
    assert refused.value.current_status == before.value


CONDITIONS = {
    # Whoever was never tried is in doubt only after a restore from backup.
    ("pending", "unknown"): {"restore"},
    ("sent", "failed"): {"error_ack"},
    ("failed", "pending"): {"retry"},
    ("unknown", "sending"): {"resend"},
    ("unknown", "unconfirmed"): {"grace_ended"},
    ("unknown", "sent"): {"proof"},
    ("unknown", "delivered"): {"proof"},
    ("unknown", "read"): {"proof"},
    ("unknown", "responded"): {"proof"},
    ("unconfirmed", "sent"): {"proof", "operator"},
    ("unconfirmed", "delivered"): {"proof"},
    ("unconfirmed", "read"): {"proof"},
    ("unconfirmed", "responded"): {"proof"},
    ("unconfirmed", "failed"): {"operator"},
    ("unconfirmed", "pending"): {"operator"},
}


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_a_conditional_move_is_made_by_its_own_triggers_only(before, after):
    pair = (before.value, after.value)
    everything = {trigger.value for trigger in RecipientTrigger}
    expected = CONDITIONS.get(pair, everything if pair in ALLOWED else set())
    moved_by = {
        trigger.value for trigger in RecipientTrigger if can_move(before, after, by=trigger)
    }
    assert moved_by == expected


def test_every_condition_belongs_to_a_move_that_there_is():
    for before, after in ONLY_BY:
        assert can_move(before, after) or can_move(before, after, may_have_been_sent=True)


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_one_that_may_have_been_sent_also_moves_as_late_proof_and_doubt_want(before, after):
    pair = (before.value, after.value)
    allowed = (ALLOWED | moves_of(AFTER_DOUBT)) - {("failed", "pending")}
    assert can_move(before, after, may_have_been_sent=True) is (pair in allowed)
    if pair in moves_of(AFTER_DOUBT) and after is not RecipientStatus.UNKNOWN:
        moved_by = {
            trigger.value
            for trigger in RecipientTrigger
            if can_move(before, after, by=trigger, may_have_been_sent=True)
        }
        assert moved_by == {"proof"}


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_a_restore_alone_puts_in_doubt_whom_nobody_had_tried(before, after):
    is_new_doubt = (before.value, after.value) == ("pending", "unknown")
    by_restore = can_move(before, after, by=RecipientTrigger.RESTORE)
    by_others = {
        trigger
        for trigger in set(RecipientTrigger) - {RecipientTrigger.RESTORE}
        if can_move(before, after, by=trigger)
    }
    if is_new_doubt:
        assert (by_restore, by_others) == (True, set())
    elif by_restore:
        # Open to whoever holds the recipient.
        assert by_others == set(RecipientTrigger) - {RecipientTrigger.RESTORE}


def test_a_failed_recipient_that_may_have_been_sent_is_never_retried():
    failed, pending = RecipientStatus.FAILED, RecipientStatus.PENDING
    assert can_move(failed, pending, by=RecipientTrigger.RETRY)
    assert not can_move(failed, pending, by=RecipientTrigger.RETRY, may_have_been_sent=True)
    with pytest.raises(InvalidState):
        require_move(failed, pending, by=RecipientTrigger.RETRY, may_have_been_sent=True)


def test_the_operator_may_send_an_unconfirmed_one_again():
    assert can_move(
        RecipientStatus.UNCONFIRMED,
        RecipientStatus.PENDING,
        by=RecipientTrigger.OPERATOR,
        may_have_been_sent=True,
    )


def test_settled_are_sent_or_further_failed_skipped_and_unconfirmed():
    assert {status.value for status in SETTLED} == {
        "sent", "delivered", "read", "responded", "failed", "skipped", "unconfirmed",
    }  # fmt: skip
    assert {status.value for status in IN_FLIGHT} == {"sending", "unknown"}
    assert set(RecipientStatus) == SETTLED | IN_FLIGHT | {RecipientStatus.PENDING}
    assert SETTLED.isdisjoint(IN_FLIGHT)
