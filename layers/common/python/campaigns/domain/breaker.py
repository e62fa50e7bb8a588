"""The breaker: what shows that an instance no longer sends, whatever its connection says.

Three signs, each counted from the campaign's start or its last resume by a person: tries that fail
in a row, messages that WhatsApp refuses in a row, and sends that nobody's phone acknowledges. Times
are epoch milliseconds.
"""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from campaigns.domain.acks import is_refused
from campaigns.domain.instants import MINUTE_MS
from campaigns.domain.model import Campaign, Lane, Recipient
from campaigns.domain.planning import passed_by
from campaigns.domain.recipient import SENT_OR_FURTHER, RecipientStatus

#: A phone that is on and online acknowledges within seconds; after this long its silence counts.
RECEIPT_WITHIN_MS = 10 * MINUTE_MS
#: Sends from before this are no news of an instance.
RECEIPTS_SINCE_MS = 60 * MINUTE_MS
#: A lane's receipts are looked at once in so many minutes.
RECEIPTS_EACH_MINUTES = 10
#: How many recipients are read to find the sends wanted: some were skipped, or failed.
_LOOKED_AT = 3
#: On either side of a refused message, in multiples of the run that trips.
_REFUSALS_AROUND = 4

_RECEIVED = SENT_OR_FURTHER - {RecipientStatus.SENT}


@dataclass(frozen=True, slots=True)
class BreakerLimits:
    """When the breaker trips. Each of `failures`, `refusals` and `no_receipt_share` is off at 0.

    `failures`: tries in a row that failed. `refusals`: messages in a row that WhatsApp refused.
    `no_receipt_share`: of at least `sample` sends, those without any receipt (0 to 1).
    """

    failures: int = 5
    refusals: int = 5
    sample: int = 20
    no_receipt_share: float = 0.9

    def trips_at(self, failures_in_row: int) -> bool:
        return 0 < self.failures <= failures_in_row


@dataclass(frozen=True, slots=True)
class Span:
    """Recipients by sequence, ``start <= sequence < stop``."""

    start: int
    stop: int


def began_at(campaign: Campaign) -> int:
    """From when on the campaign's sends count: a person who resumes has seen what was before.

    Heads of an earlier version of the software do not tell a person's resume from the system's.
    """
    return campaign.vouched_at or campaign.resumed_at or campaign.started_at or 0


# Messages that WhatsApp refuses


def around(recipient: Recipient, limits: BreakerLimits) -> Span:
    """The neighbours of a refused recipient that make up a run with it."""
    reach = _REFUSALS_AROUND * limits.refusals
    return Span(max(0, recipient.sequence - reach), recipient.sequence + reach + 1)


def refused_in_row(neighbours: Iterable[Recipient], refused: Recipient, *, since: int) -> int:
    """The run of refused messages that this one belongs to, in the order in which they left.

    Only a receipt ends a run. One that is sent and not acknowledged yet proves nothing, nor does
    one that was skipped or failed for another reason. The run is the same whichever of its ERROR
    acks came last.
    """
    run: list[int] = []
    for each in sorted(neighbours, key=lambda one: (_left_at(one), one.sequence)):
        if _left_at(each) < since:
            continue
        if each.status in _RECEIVED:
            if refused.sequence in run:
                break
            run = []
        elif is_refused(each):
            run.append(each.sequence)
    return len(run) if refused.sequence in run else 0


def _left_at(recipient: Recipient) -> int:
    return recipient.sent_at or recipient.updated_at


# Sends without a receipt


def looks_at_receipts(campaign_id: str, now: int) -> bool:
    """Each tenth minute of its own, so that a thousand lanes do not all read in the same one."""
    own = zlib.crc32(campaign_id.encode()) % RECEIPTS_EACH_MINUTES
    return now // MINUTE_MS % RECEIPTS_EACH_MINUTES == own


def due_for_receipts(lane: Lane, limits: BreakerLimits, now: int) -> Span:
    """The last to be planned whose slots lie long enough ago; a lane's sends go by sequence."""
    stop = passed_by(lane.history, now - RECEIPT_WITHIN_MS)
    return Span(max(0, stop - _LOOKED_AT * limits.sample), stop)


def lacks_receipts(
    recipients: Sequence[Recipient], limits: BreakerLimits, *, since: int, now: int
) -> bool:
    """Of at least `sample` sends of the last hour a share of `no_receipt_share` has no receipt.

    Sends younger than ten minutes, and those from before `since`, do not count.
    """
    first = max(since, now - RECEIPTS_SINCE_MS)
    sent = [
        each.status
        for each in recipients
        if each.status in SENT_OR_FURTHER
        and each.sent_at is not None
        and first <= each.sent_at <= now - RECEIPT_WITHIN_MS
    ]
    if limits.no_receipt_share <= 0 or len(sent) < limits.sample:
        return False
    return sent.count(RecipientStatus.SENT) >= limits.no_receipt_share * len(sent)
