"""Restoring: what a table knows that came back from a backup, and what it cannot know.

Everything since the restore point is missing: claims, outcomes, the day's counts, the stamps of
persons. Whoever may have been sent a message in that time is in doubt. The ids of messages are
keyed hashes, so each can still be looked for. Times are epoch milliseconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.instants import MINUTE_MS
from campaigns.domain.model import Campaign, FailedTry, InstanceGate, Recipient
from campaigns.domain.planning import HORIZON_MS
from campaigns.domain.recipient import RecipientErrorCode, RecipientStatus
from campaigns.domain.reconciling import LOOKED_FOR, honoured_under

#: Where a message of theirs may have left since without the table knowing it.
MAY_HAVE_LEFT = frozenset(
    {RecipientStatus.PENDING, RecipientStatus.SENDING, RecipientStatus.UNKNOWN}
)
#: Each is looked for several times before it is sent again, and more would not leave in a minute.
_TURNS_A_MINUTE = LOOKED_FOR // 4
#: Campaigns that may have sent since the restore point.
MAY_HAVE_SENT = frozenset({CampaignStatus.SCHEDULED, CampaignStatus.ACTIVE, CampaignStatus.PAUSED})


@dataclass(frozen=True, slots=True)
class Gap:
    """What the table does not know: from the restore point until the last request left.

    `stopped_at` None: it is not known when that was.
    """

    restored_to: int
    stopped_at: int | None


def slots_in(gap: Gap, campaign: Campaign, gate: InstanceGate) -> int | None:
    """How many first slots may have been handed out in the gap, at most; None: no end is known.

    They lie `delay_min` apart or more, and nothing leaves before its slot, so that there were no
    more of them than fit into the gap. The horizon on top is for clocks that differ and for the one
    slot more that each resume may have brought.
    """
    if gap.stopped_at is None:
        return None
    begins_at = gap.restored_to
    if campaign.status is CampaignStatus.SCHEDULED:
        begins_at = max(begins_at, campaign.schedule.scheduled_at or 0)
        if begins_at > gap.stopped_at:
            return 0
    return (gap.stopped_at - begins_at + HORIZON_MS) // gate.delay_min_ms + 1


def reached(
    page: Sequence[Recipient], cursor: int, slots: int | None
) -> tuple[Sequence[Recipient], int | None]:
    """The first of a page, as far as the slots go, and how many of these are left.

    First slots are handed out in sequence from the cursor on. Who was settled, or tried, before the
    restore point took none of them.
    """
    if slots is None:
        return page, None
    for place, each in enumerate(page):
        if each.sequence < cursor or not _waits_for_its_first_slot(each):
            continue
        if slots == 0:
            return page[:place], 0
        slots -= 1
    return page, slots


def _waits_for_its_first_slot(recipient: Recipient) -> bool:
    return recipient.status is RecipientStatus.PENDING and recipient.retry_at is None


def in_doubt(
    recipient: Recipient, whatsapp_message_id: str, gate: InstanceGate, *, now: int, turn: int
) -> Recipient:
    """To `unknown`, as somebody whose message may have been sent under the id that it would have.

    `turn`: how many come before it. Where the server honours ids, its grace begins when those have
    been looked for and sent again, so that a long campaign's last ones are not given up unasked.
    The server that got the id, if any did, is the one that the instance has now.
    """
    was_claimed = recipient.whatsapp_message_id is not None
    code = RecipientErrorCode.RESTORED_FROM_BACKUP
    waits = turn // _TURNS_A_MINUTE * MINUTE_MS if gate.honours_message_id else 0
    return replace(
        recipient,
        status=RecipientStatus.UNKNOWN,
        plan_number=recipient.plan_number + 1,
        may_have_been_sent=True,
        whatsapp_message_id=recipient.whatsapp_message_id or whatsapp_message_id,
        sent_under=recipient.sent_under if was_claimed else honoured_under(gate),
        unknown_since=now + waits,
        error_code=code,
        failed_tries=(*recipient.failed_tries, FailedTry(now, code)),
        retry_at=None,
        slot_at=None,
        lease_token=None,
        lease_until=None,
        resend_approved=False,
        updated_at=now,
    )


def is_in_doubt(recipient: Recipient, gap: Gap) -> bool:
    """It was put in doubt already, for this very gap: a repeat leaves it alone."""
    last = recipient.failed_tries[-1] if recipient.failed_tries else None
    return (
        recipient.status is RecipientStatus.UNKNOWN
        and last is not None
        and last.code == RecipientErrorCode.RESTORED_FROM_BACKUP
        and last.at > gap.restored_to
    )


def held_until(now: int, person_gap_ms: int, gate: InstanceGate) -> int:
    """The last-left of an instance after which no request leaves before every person's pause is
    over: who was messaged in the gap is not known either. Never less than its own gap."""
    return now + max(0, person_gap_ms - gate.delay_min_ms)
