"""Settlement: what the outcome of a try makes of its recipient. Times are epoch milliseconds."""

from dataclasses import dataclass, replace
from typing import assert_never

from campaigns.domain.delivery import (
    AutoPauseReason,
    InstanceFault,
    Outcome,
    PermanentFailure,
    Sent,
    Transient,
    Unknown,
)
from campaigns.domain.instants import MINUTE_MS, SECOND_MS
from campaigns.domain.recipient import RecipientErrorCode, RecipientStatus

#: Waits before the three further tries that a passing fault is given.
RETRY_DELAYS_MS = (30 * SECOND_MS, 2 * MINUTE_MS, 8 * MINUTE_MS)
#: A wait is stretched or shortened by up to this share of itself.
JITTER = 0.2
#: WhatsApp limits the rate over minutes: a wait after `rate-overlimit` is this many times longer.
RATE_LIMIT_MULTIPLE = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What a try makes of its recipient: the next status and what is written with it.

    `retry_at` (epoch ms) comes with `pending`: not before then. `may_have_been_sent` is the
    recipient's from now on. `proven_unsent`: nothing of *this* try left the server, so the day's
    count is given back and the person's own stamp does not block the next try.
    """

    status: RecipientStatus
    retry_count: int
    may_have_been_sent: bool
    proven_unsent: bool
    error_code: RecipientErrorCode | None = None
    retry_at: int | None = None
    auto_pause_reason: AutoPauseReason | None = None
    whatsapp_message_id: str | None = None
    remote_jid: str | None = None


def decide_settlement(
    outcome: Outcome,
    *,
    retry_count: int,
    may_have_been_sent: bool,
    now: int,
    random_fraction: float,
    resend_approved: bool = False,
) -> Settlement:
    """A passing fault is tried three times more, an instance's fault costs no try, doubt is held.

    `retry_count`: further tries used up so far. `may_have_been_sent`: an earlier try's outcome was
    or is unknown; then a try that was not sent proves nothing about the recipient, which goes back
    to `unknown` and is only ever sent again by reconciliation or the operator. `resend_approved`:
    the operator wants this one sent once more; her word holds while a try is proven not to have
    been sent and may be repeated, and the doubt is back where there is no further try. `now` in
    epoch ms; `random_fraction` from 0 to 1 makes the jitter.
    """
    settled = Settlement(
        status=RecipientStatus.UNKNOWN,
        retry_count=retry_count,
        may_have_been_sent=may_have_been_sent,
        proven_unsent=True,
        error_code=None if isinstance(outcome, Sent) else outcome.error_code,
        auto_pause_reason=outcome.pause_reason if isinstance(outcome, InstanceFault) else None,
    )
    # What ends a recipient that was not sent; it proves nothing of an earlier try.
    ends_as = RecipientStatus.UNKNOWN if may_have_been_sent else RecipientStatus.FAILED
    match outcome:
        case Sent(whatsapp_message_id, remote_jid):
            return replace(
                settled,
                status=RecipientStatus.SENT,
                proven_unsent=False,
                whatsapp_message_id=whatsapp_message_id,
                remote_jid=remote_jid,
            )
        case Unknown():
            return replace(settled, may_have_been_sent=True, proven_unsent=False)
        case _ if may_have_been_sent and not resend_approved:
            return settled
        case PermanentFailure():
            return replace(settled, status=ends_as)
        case InstanceFault():
            return replace(settled, status=RecipientStatus.PENDING, retry_at=now)
        case Transient(_, hard_backoff):
            if retry_count >= len(RETRY_DELAYS_MS):
                return replace(settled, status=ends_as)
            return replace(
                settled,
                status=RecipientStatus.PENDING,
                retry_count=retry_count + 1,
                retry_at=now + backoff_ms(retry_count, random_fraction, hard=hard_backoff),
            )
        case _:
            assert_never(outcome)


def under_cancelled_campaign(settlement: Settlement) -> Settlement:
    """Under a cancelled campaign a release settles as `skipped`; everything else stays as it is."""
    if settlement.status is not RecipientStatus.PENDING:
        return settlement
    return replace(
        settlement,
        status=RecipientStatus.SKIPPED,
        error_code=RecipientErrorCode.CAMPAIGN_CANCELLED,
        retry_at=None,
    )


def backoff_ms(retry_count: int, random_fraction: float, *, hard: bool) -> int:
    """The wait before the next try: 30 s, 2 min, 8 min, each spread by 20 % either way.

    `retry_count` is 0 before the first further try. `hard` makes it five times as long.
    """
    base = RETRY_DELAYS_MS[retry_count] * (RATE_LIMIT_MULTIPLE if hard else 1)
    return round(base * (1 - JITTER + 2 * JITTER * random_fraction))
