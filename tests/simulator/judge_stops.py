"""Rule 6: what is stopped stays stopped, until somebody sets it going again."""

from collections.abc import Iterator

from campaigns.domain.campaign import CampaignStatus
from tests.simulator.evidence import (
    Departure,
    Done,
    Evidence,
    HeadMove,
    at,
    campaign_of,
    is_test,
)
from tests.simulator.plan import ActionKind

STOP_GRACE_MS = 1_000
#: WhatsApp tells the second in which something was written.
_SECOND_MS = 1_000
#: A call whose answer nobody got took effect within this time, or never will.
_CALL_MS = 60_000
_OUT = frozenset({ActionKind.OPT_OUT, ActionKind.REPLY_OUT})
_IN = frozenset({ActionKind.OPT_IN, ActionKind.REPLY_IN})


def stop_means_stop(evidence: Evidence) -> Iterator[str]:
    """From 1 s after a pause, a cancel or an opt-out was answered no request leaves."""
    for stop in evidence.done:
        if stop.answered_at is None:
            continue
        stopped_at = stop.answered_at + STOP_GRACE_MS + evidence.step_ms
        for each in evidence.departures:
            if each.at > stopped_at and _is_against(evidence, stop, each):
                yield f"{stop.kind} was answered at {at(stop.answered_at)}, {_left(each)}"
    yield from _only_while_active(evidence)
    yield from _resumed_by_nobody(evidence)


def _left(departure: Departure) -> str:
    return f"a request to {departure.phone} left at {at(departure.at)}"


def _is_against(evidence: Evidence, stop: Done, departure: Departure) -> bool:
    number = campaign_of(departure.text)
    if stop.kind is ActionKind.CANCEL:
        return number == stop.campaign
    if stop.kind is ActionKind.PAUSE:
        return number == stop.campaign and not _was_resumed(evidence, stop, departure.at)
    if stop.kind in _OUT:
        return (
            departure.phone == stop.phone
            and (number >= 0 or is_test(departure.text))
            and _is_of_tenant(evidence, departure, stop.campaign)
            and not _came_back(evidence, stop, departure.at)
        )
    return False


def _was_resumed(evidence: Evidence, pause: Done, until: int) -> bool:
    """Its head was set going again since somebody asked for the pause."""
    if evidence.head_moves:
        return any(
            each.campaign == pause.campaign
            and each.after is CampaignStatus.ACTIVE
            and pause.began_at < each.at <= until
            for each in evidence.head_moves
        )
    return any(
        each.kind is ActionKind.RESUME
        and each.campaign == pause.campaign
        and each.began_at <= until
        and (each.answered_at is None or each.answered_at >= pause.began_at)
        for each in evidence.done
    )


def _is_of_tenant(evidence: Evidence, departure: Departure, campaign: int) -> bool:
    tenants = {each.number: each.tenant_id for each in evidence.campaigns}
    owners = {each.instance: each.tenant_id for each in evidence.campaigns}
    return owners.get(departure.instance) == tenants[campaign]


def _came_back(evidence: Evidence, out: Done, until: int) -> bool:
    """She chose to hear from the tenant again, by her own time not before she chose to be out."""
    tenants = {each.number: each.tenant_id for each in evidence.campaigns}
    return any(
        each.kind in _IN
        and each.phone == out.phone
        and tenants[each.campaign] == tenants[out.campaign]
        and each.began_at <= until
        and _latest_said_at(each) + _SECOND_MS + evidence.skew_between_ms >= out.began_at
        for each in evidence.done
    )


def _latest_said_at(choice: Done) -> int:
    """What she wrote counts from when she wrote it; what an operator enters, from when it is."""
    if choice.kind is ActionKind.REPLY_IN:
        return choice.began_at
    return choice.began_at + _CALL_MS if choice.answered_at is None else choice.answered_at


def _only_while_active(evidence: Evidence) -> Iterator[str]:
    for campaign in evidence.campaigns:
        moves = _moves(evidence, campaign.number)
        if not moves:
            continue
        for each in evidence.departures:
            if campaign_of(each.text) != campaign.number:
                continue
            since = each.at - STOP_GRACE_MS - evidence.step_ms
            if not _was_ever_active(moves, since, each.at):
                yield f"campaign {campaign.number} was not active, {_left(each)}"


def _was_ever_active(moves: list[HeadMove], since: int, until: int) -> bool:
    before = [move.after for move in moves if move.at <= since][-1:]
    within = [move.after for move in moves if since < move.at <= until]
    return CampaignStatus.ACTIVE in {*before, *within}


def _resumed_by_nobody(evidence: Evidence) -> Iterator[str]:
    """A person resumes a campaign, or the system does what the campaign asks for, unless a person
    has paused it since."""
    for each in evidence.head_moves:
        is_resume = (each.before, each.after) == (CampaignStatus.PAUSED, CampaignStatus.ACTIVE)
        if not is_resume or _was_asked_for(evidence, each):
            continue
        head = evidence.heads.get(each.campaign)
        if head is None or not head.resume_on_reconnect:
            yield f"campaign {each.campaign} was resumed by nobody at {at(each.at)}"
        elif _was_paused_by_somebody(evidence, each):
            yield f"campaign {each.campaign} was resumed at {at(each.at)} against a person's pause"


def _was_asked_for(evidence: Evidence, resume: HeadMove) -> bool:
    return any(
        each.kind is ActionKind.RESUME
        and each.campaign == resume.campaign
        and each.began_at <= resume.at
        and resume.at <= (each.answered_at or each.began_at + _CALL_MS)
        for each in evidence.done
    )


def _was_paused_by_somebody(evidence: Evidence, resume: HeadMove) -> bool:
    active_since = max(
        (
            move.at
            for move in _moves(evidence, resume.campaign)
            if move.after is CampaignStatus.ACTIVE and move.at < resume.at
        ),
        default=0,
    )
    return any(
        each.kind is ActionKind.PAUSE
        and each.campaign == resume.campaign
        and each.answered_at is not None
        and active_since < each.began_at
        and each.answered_at <= resume.at
        for each in evidence.done
    )


def _moves(evidence: Evidence, number: int) -> list[HeadMove]:
    return [each for each in evidence.head_moves if each.campaign == number]
