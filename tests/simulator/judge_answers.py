"""What was answered is so: a yes, a no, a person's choice, and what was reported of a message."""

from collections import defaultdict
from collections.abc import Iterator

from campaigns.domain.campaign import LIVE, CampaignStatus
from campaigns.domain.model import Recipient
from campaigns.domain.recipient import RecipientStatus
from tests.simulator.evidence import Done, Evidence, Receipt, at
from tests.simulator.plan import ActionKind
from tests.simulator.stated import SENT_OR_FURTHER

_PAST_DRAFT = frozenset(CampaignStatus) - {CampaignStatus.DRAFT}
_WANTED = {
    ActionKind.START: _PAST_DRAFT,
    ActionKind.UNSCHEDULE: {CampaignStatus.DRAFT},
    ActionKind.PAUSE: {CampaignStatus.PAUSED},
    ActionKind.RESUME: {CampaignStatus.ACTIVE},
    ActionKind.CANCEL: {CampaignStatus.CANCELLED},
}
_CONFLICT = 409
_IN = frozenset({ActionKind.OPT_IN, ActionKind.REPLY_IN})
_CHOICES = _IN | {ActionKind.OPT_OUT, ActionKind.REPLY_OUT}
#: WhatsApp tells the second in which something was written.
_SECOND_MS = 1_000
_REFUSED = "ERROR"
_TOLD = {"DELIVERY_ACK": 1, "READ": 2, "PLAYED": 2}
_DOUBT = frozenset({RecipientStatus.UNKNOWN, RecipientStatus.UNCONFIRMED})


def answers_hold(evidence: Evidence) -> Iterator[str]:
    """At some instant between the call and its answer it was so; of a refusal, what it names."""
    if not evidence.head_moves:
        return
    for each in evidence.done:
        if each.kind not in _WANTED:
            continue
        what = f"{each.kind} of campaign {each.campaign}"
        if each.answered_at is not None:
            if not _WANTED[each.kind] & _seen_during(evidence, each, each.answered_at):
                yield f"{what} was answered at {at(each.answered_at)}, and was not so"
        elif each.refusal:
            yield from (f"{what} {why}" for why in _untrue(evidence, each))


def _untrue(evidence: Evidence, asked: Done) -> Iterator[str]:
    refusal = asked.refusal
    assert refusal is not None
    when = f"at {at(refusal.at)}"
    seen = _seen_during(evidence, asked, refusal.at)
    if evidence.is_undisturbed and refusal.status != _CONFLICT:
        yield f"was refused with {refusal.status} {when}"
    if refusal.state and CampaignStatus(refusal.state) not in seen:
        yield f"was refused as {refusal.state} {when}, and was not"
    if "instance_busy" in refusal.codes and not _was_held(evidence, asked, refusal.at):
        yield f"was refused {when}, and nobody had its instance"


def _seen_during(evidence: Evidence, asked: Done, until: int) -> set[CampaignStatus | None]:
    """Its campaign's states from the call to its answer; until the first move it was a draft."""
    moves = [each for each in evidence.head_moves if each.campaign == asked.campaign]
    before = [each.after for each in moves if each.at < asked.began_at][-1:]
    within = {each.after for each in moves if asked.began_at <= each.at <= until}
    first = {each.before for each in moves[:1] if each.at >= asked.began_at}
    return {*before, *within, *first}


def _was_held(evidence: Evidence, asked: Done, until: int) -> bool:
    """Another campaign had the instance at some instant of the call."""
    instances = {each.number: each.instance_id for each in evidence.campaigns}
    latest: dict[int, CampaignStatus | None] = {}
    for move in evidence.head_moves:
        if move.campaign == asked.campaign or move.instance_id != instances[asked.campaign]:
            continue
        if move.at < asked.began_at:
            latest[move.campaign] = move.after
        elif move.at <= until and move.after in LIVE:
            return True
    return any(each in LIVE for each in latest.values())


def choices_hold(evidence: Evidence) -> Iterator[str]:
    """At the end a person is out of a tenant's list if her newest choice says so, and in else."""
    if evidence.suppressed is None:
        return
    tenants = {each.number: each.tenant_id for each in evidence.campaigns}
    chosen: dict[tuple[str, str], list[Done]] = defaultdict(list)
    for each in evidence.done:
        if each.kind in _CHOICES:
            chosen[tenants[each.campaign], each.phone].append(each)
    for who, choices in chosen.items():
        newest = max(
            (one for one in choices if one.answered_at),
            default=None,
            key=lambda one: one.began_at,
        )
        if newest is None or not _is_clear(newest, choices, evidence.skew_between_ms):
            continue
        is_out = newest.kind not in _IN
        if is_out != (who in evidence.suppressed):
            stands = "in" if is_out else "out"
            yield f"{who[1]} chose {newest.kind} at {at(newest.began_at)}, and is {stands}"
    for who in evidence.suppressed - chosen.keys():
        yield f"{who[1]} is out, and never chose to be"


def _is_clear(newest: Done, choices: list[Done], skew_ms: int) -> bool:
    """No other kind of choice may count as newer, by anybody's clock; one that got no good answer
    may have taken effect all the same."""
    return not any(
        (each.kind in _IN) != (newest.kind in _IN)
        and (
            each.answered_at is None
            or max(each.began_at, _said_by(each)) + _SECOND_MS + skew_ms >= newest.began_at
        )
        for each in choices
    )


def _said_by(choice: Done) -> int:
    """What she wrote counts from when she wrote it; what an operator enters, until it is there."""
    is_entered = choice.kind in {ActionKind.OPT_IN, ActionKind.OPT_OUT}
    return (choice.answered_at or 0) if is_entered else choice.began_at


def receipts_hold(evidence: Evidence) -> Iterator[str]:
    """What was taken of a message stands at its recipient, or more does; a doubt excuses, since
    then its id may not have been known."""
    told: dict[str, list[Receipt]] = defaultdict(list)
    for receipt in evidence.receipts:
        told[receipt.whatsapp_message_id].append(receipt)
    doubted = {
        (each.campaign, each.sequence) for each in evidence.recipient_moves if each.after in _DOUBT
    }
    for number, people in evidence.people.items():
        for each in people:
            receipts = told.get(each.whatsapp_message_id or "", [])
            if (number, each.sequence) not in doubted:
                yield from (
                    f"campaign {number}, recipient {each.sequence} is {each.status}, and"
                    f" {one.status} was taken at {at(one.taken_at)}"
                    for one in receipts
                    if not _stands(each, one, {other.status for other in receipts})
                )


def _stands(recipient: Recipient, receipt: Receipt, told: set[str]) -> bool:
    if receipt.status == _REFUSED:
        # Whoever has answered has it, whatever is told afterwards.
        answered = recipient.status is RecipientStatus.RESPONDED
        return answered or recipient.status is RecipientStatus.FAILED or bool(told & _TOLD.keys())
    if receipt.status not in _TOLD:
        return True
    if recipient.status is RecipientStatus.FAILED:
        return _REFUSED in told
    return recipient.status in SENT_OR_FURTHER[_TOLD[receipt.status] :]
