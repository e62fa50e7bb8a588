"""Rules 2, 7 and 8: nobody is lost, one campaign holds an instance, and the books are right."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from campaigns.domain.campaign import LIVE, OVER, CampaignStatus
from campaigns.domain.model import Recipient
from campaigns.domain.recipient import RecipientStatus
from campaigns.domain.resolving import Resolution
from tests.simulator.evidence import CampaignOf, Evidence, at, campaign_of
from tests.simulator.plan import ActionKind
from tests.simulator.stated import SENT_OR_FURTHER, SETTLED, counted, is_book, may_move

_EXPLAINED = frozenset(
    {RecipientStatus.FAILED, RecipientStatus.SKIPPED, RecipientStatus.UNCONFIRMED}
)
_NOT_STARTED = frozenset({CampaignStatus.DRAFT, CampaignStatus.SCHEDULED})


def never_lost(evidence: Evidence) -> Iterator[str]:
    """A campaign comes to its end; then everybody is sent, failed, skipped or unconfirmed, says
    why, and says what her phone shows."""
    for campaign in evidence.campaigns:
        head, people = evidence.heads[campaign.number], evidence.people[campaign.number]
        name = f"campaign {campaign.number}"
        is_empty = campaign.number in evidence.empty and head.status in _NOT_STARTED
        if head.status not in OVER and not is_empty:
            yield f"{name} is still {head.status} ({head.auto_pause_reason})"
        if len(people) != head.total or len({each.person for each in people}) != len(people):
            yield f"{name} has {len(people)} recipients, a total of {head.total}"
        if head.status is CampaignStatus.COMPLETED and head.mark != head.total:
            yield f"{name} is completed with its mark at {head.mark} of {head.total}"
        for each in people:
            yield from _lost(evidence, campaign, each)
    for move in evidence.head_moves:
        if move.unsettled:
            what = f"had {move.unsettled} unsettled below its mark at {at(move.at)}"
            yield f"campaign {move.campaign} {what} ({move.after})"


def _lost(evidence: Evidence, campaign: CampaignOf, each: Recipient) -> Iterator[str]:
    phone = evidence.phones[each.contact_id]
    who = f"campaign {campaign.number}, {phone} ({each.status}, {each.error_code})"
    if evidence.heads[campaign.number].status in OVER:
        if each.status not in SETTLED:
            yield f"{who} is not settled"
        elif each.status in _EXPLAINED and not each.error_code:
            yield f"{who} has no reason"
    messages = [
        one
        for one in evidence.shown
        if one.phone == phone and campaign_of(one.text) == campaign.number
    ]
    is_shown = not all(one.is_refused for one in messages)
    decided = _decided(evidence, campaign.number, phone)
    if each.status in SENT_OR_FURTHER and not messages and Resolution.SENT not in decided:
        yield f"{who} was not reached"
    is_doubtful = each.status is RecipientStatus.UNCONFIRMED or each.may_have_been_sent
    if is_shown and each.status not in SENT_OR_FURTHER and not is_doubtful and not decided:
        yield f"{who} was reached"


def _decided(evidence: Evidence, number: int, phone: str) -> set[str]:
    """What an operator decided about her."""
    return {
        each.detail
        for each in evidence.done
        if (each.kind, each.campaign, each.phone) == (ActionKind.RESOLVE, number, phone)
    }


def one_live_campaign(evidence: Evidence) -> Iterator[str]:
    """At no instant do two campaigns hold one instance."""
    last = Counter(head.instance_id for head in evidence.heads.values() if head.status in LIVE)
    for instance_id, count in last.items():
        if count > 1:
            yield f"{instance_id} has {count} live campaigns at the end"
    live: dict[str, set[int]] = defaultdict(set)
    for move in evidence.head_moves:
        holders = live[move.instance_id]
        if move.after in LIVE:
            holders.add(move.campaign)
        else:
            holders.discard(move.campaign)
        if len(holders) > 1 and move.after in LIVE:
            yield f"{move.instance_id} has live campaigns {sorted(holders)} at {at(move.at)}"


def exact_books(evidence: Evidence) -> Iterator[str]:
    """After the recount the counters say what the recipients say; before it they are off by no
    more than the writes that were cut short."""
    for campaign in evidence.campaigns:
        wanted = Counter(
            name
            for each in evidence.people[campaign.number]
            for name in counted(
                each.status,
                each.message_id,
                is_sent=each.sent_at is not None,
                has_responded=each.responded_at is not None,
            )
        )
        stored = evidence.counters[campaign.number]
        kept = {name: count for name, count in stored.items() if is_book(name) and count}
        if kept != dict(wanted):
            yield f"campaign {campaign.number} has {kept}, counted {dict(wanted)}"
    for each in evidence.booked:
        off = {
            name: difference
            for name in each.kept.keys() | each.counted.keys()
            if abs(difference := each.kept.get(name, 0) - each.counted.get(name, 0))
            > each.cut_short
        }
        if off:
            what = f"was off by {off} at {at(each.at)}, {each.cut_short} writes were cut short"
            yield f"campaign {each.campaign} {what}"


def legal_moves(evidence: Evidence) -> Iterator[str]:
    """A recipient moves along its table only, and is laid as pending."""
    for move in evidence.recipient_moves:
        doubt = move.may_have_been_sent
        if not may_move(move.before, move.after, may_have_been_sent=doubt):
            who = f"campaign {move.campaign}, recipient {move.sequence}"
            yield f"{who} moved from {move.before} to {move.after} at {at(move.at)}"
