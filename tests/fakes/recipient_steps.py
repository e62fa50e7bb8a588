"""What can happen to a recipient, step by step, as the services let it happen."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from hypothesis import strategies as st

from campaigns.domain.delivery import (
    AutoPauseReason,
    InstanceFault,
    Outcome,
    PermanentFailure,
    Sent,
    Transient,
    Unknown,
)
from campaigns.domain.model import Recipient
from campaigns.domain.recipient import RecipientErrorCode as Code
from campaigns.domain.recipient import RecipientStatus as Status
from campaigns.domain.recipient import RecipientTrigger as Trigger
from campaigns.domain.recipient_changes import (
    claimed,
    ended,
    lease_expired,
    released,
    resend_planned,
    settled,
)
from campaigns.domain.resolving import Resolution, resolved
from campaigns.domain.settlement import decide_settlement, under_cancelled_campaign

START = 1_795_525_200_000
LEASE_MS = 90_000
#: Outcomes of a try that never came to its claim.
BEFORE_CLAIM: tuple[Outcome, ...] = (
    Transient(Code.CONNECT_FAILED),
    InstanceFault(Code.ADDRESS_NOT_ALLOWED, AutoPauseReason.ADDRESS_NOT_ALLOWED),
)
OUTCOMES: tuple[Outcome, ...] = (
    *BEFORE_CLAIM,
    Sent("3EB07BF3A48FF674FA9890", "551190000001@s.whatsapp.net"),
    PermanentFailure(Code.NUMBER_NOT_ON_WHATSAPP),
    Transient(Code.RATE_OVERLIMIT, hard_backoff=True),
    Unknown(Code.READ_TIMEOUT),
)
SKIPS = (Code.OPTED_OUT, Code.CONTACT_DELETED, Code.CONTACT_INACTIVE, Code.CAMPAIGN_CANCELLED)


@dataclass(frozen=True)
class Step:
    """One change. `by` is what made the move, where the table asks for it."""

    name: str
    before: Recipient
    after: Recipient
    by: Trigger | None = None


def a_recipient(sequence: int = 0) -> Recipient:
    """One that was just laid."""
    return Recipient(
        recipient_id=f"rc_{sequence}",
        tenant_id="tn_1",
        campaign_id="cp_1",
        instance_id="in_1",
        sequence=sequence,
        person=f"person-{sequence}",
        contact_id=f"ct_{sequence}",
        status=Status.PENDING,
        plan_number=1,
        updated_at=START,
    )


@st.composite
def histories(draw: st.DrawFn, sequence: int = 0, most: int = 12) -> list[Step]:
    """What happened to one recipient since it was laid."""
    current, steps = a_recipient(sequence), []
    for number in range(draw(st.integers(1, most))):
        choices = _CHOICES.get(current.status)
        if choices is None:
            break
        now = START + (number + 1) * 100_000
        step = draw(st.sampled_from(choices))(draw, current, now)
        steps.append(step)
        current = step.after
    return steps


type _Choice = Callable[[st.DrawFn, Recipient, int], Step]


def _claim(draw: st.DrawFn, before: Recipient, now: int) -> Step:
    after = claimed(
        before,
        now=now,
        lease_token=f"lease-{now}",
        lease_until=now + LEASE_MS,
        message_id=draw(st.sampled_from(["ms_1", "ms_2", "ms_3"])),
        text=draw(st.sampled_from(["Oi", "Olá"])),
        whatsapp_message_id="3EB07BF3A48FF674FA9890",
        sent_under=1,
    )
    by = Trigger.RESEND if before.status is Status.UNKNOWN else None
    return Step("claim", before, after, by)


def _release(draw: st.DrawFn, before: Recipient, now: int) -> Step:
    wait = draw(st.sampled_from([0, 30_000, 86_400_000]))
    return Step("release", before, released(before, now=now, not_before=now + wait))


def _settle(draw: st.DrawFn, before: Recipient, now: int) -> Step:
    return _settled(draw, before, now, draw(st.sampled_from(OUTCOMES)))


def _fail_before_claim(draw: st.DrawFn, before: Recipient, now: int) -> Step:
    return _settled(draw, before, now, draw(st.sampled_from(BEFORE_CLAIM)))


def _prove(draw: st.DrawFn, before: Recipient, now: int) -> Step:
    proof = Sent("3EB07BF3A48FF674FA9890", None)
    return replace(_settled(draw, before, now, proof), name="prove", by=Trigger.PROOF)


def _settled(draw: st.DrawFn, before: Recipient, now: int, outcome: Outcome) -> Step:
    settlement = decide_settlement(
        outcome,
        retry_count=before.retry_count,
        may_have_been_sent=before.may_have_been_sent,
        resend_approved=before.resend_approved,
        now=now,
        random_fraction=draw(st.floats(0, 1)),
    )
    if draw(st.booleans()):
        settlement = under_cancelled_campaign(settlement)
    return Step("settle", before, settled(before, settlement, now=now, left_at=now - 500))


def _expire(draw: st.DrawFn, before: Recipient, now: int) -> Step:
    return Step("expire", before, lease_expired(before, now=now))


def _skip(draw: st.DrawFn, before: Recipient, now: int) -> Step:
    # The service leaves one alone that may have been sent: nothing here proves anything. One that
    # the operator wants sent again is simply not sent again.
    if before.may_have_been_sent and not before.resend_approved:
        return _release(draw, before, now)
    code = draw(st.sampled_from(SKIPS))
    return Step("end", before, ended(before, Status.SKIPPED, code, now=now))


def _refuse_text(draw: st.DrawFn, before: Recipient, now: int) -> Step:
    return Step("end", before, ended(before, Status.FAILED, Code.TEXT_TOO_LONG, now=now))


def _give_up(draw: st.DrawFn, before: Recipient, now: int) -> Step:
    after = ended(before, Status.UNCONFIRMED, None, now=now)
    return Step("give up", before, after, Trigger.GRACE_ENDED)


def _resolve(draw: st.DrawFn, before: Recipient, now: int) -> Step:
    resolution = draw(st.sampled_from(Resolution))
    after = resolved(before, resolution, now=now)
    return Step("resolve", before, after, Trigger.OPERATOR)


def _plan(draw: st.DrawFn, before: Recipient, now: int) -> Step:
    """A planner takes a retry off its index."""
    return Step("plan", before, replace(before, retry_at=None, slot_at=now + 1_000))


def _plan_resend(draw: st.DrawFn, before: Recipient, now: int) -> Step:
    """It is put on the index of retries, and then a planner takes it off."""
    if before.retry_at is not None:
        return _plan(draw, before, now)
    return Step("plan resend", before, resend_planned(before, now=now))


_CHOICES: dict[Status, tuple[_Choice, ...]] = {
    Status.PENDING: (_claim, _release, _fail_before_claim, _skip, _refuse_text, _plan, _claim),
    Status.SENDING: (_settle, _settle, _release, _expire, _skip),
    Status.UNKNOWN: (
        _plan_resend,
        _claim,
        _release,
        _plan_resend,
        _fail_before_claim,
        _prove,
        _give_up,
    ),
    Status.UNCONFIRMED: (_prove, _resolve),
}
