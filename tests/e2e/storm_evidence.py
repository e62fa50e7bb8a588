"""What a storm is judged from: the phones, the requests that arrived, the table, and every log."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from itertools import pairwise

from campaigns.bootstrap import App
from campaigns.domain.campaign import OVER
from campaigns.domain.model import Campaign, Recipient
from campaigns.domain.recipient import SETTLED
from campaigns.services.keep_books import KeepBooks
from campaigns_cli.errors import Problem
from tests.e2e.storm_load import Load, Phones, path_of
from tests.e2e.storm_logs import unexpected
from tests.e2e.storm_people import People
from tests.e2e.storm_plan import PACE, WINDOWED
from tests.simulator.evidence import CampaignOf, Departure, Evidence, Shown, at, campaign_of
from tests.simulator.judge import judge
from tests.simulator.judge_books import exact_books
from tests.simulator.judge_sending import only_in_hours
from tests.simulator.plan import DAY_MINUTES, DayHours

#: What is on record is when a request arrived, not when it left. On one machine the two lie a
#: connection and the server's reading apart: a few milliseconds, and up to this where processes
#: that start in the place of the killed ones take both cores. The clock is one for all.
ARRIVES_WITHIN_MS = 300
_ALL = 10_000
_ALWAYS = DayHours("America/Sao_Paulo", 0, DAY_MINUTES)


def gather(load: Load, observer: App, evolution: Phones, people: People) -> Evidence:
    """Everything as it is now, but for leaks and logs."""
    recipients = {each.number: recipients_of(observer, each) for each in load.campaigns}
    return Evidence(
        campaigns=load.campaigns,
        phones=load.phones,
        heads={each.number: head_of(observer, each) for each in load.campaigns},
        people=recipients,
        counters={
            each.number: observer.campaign_store.counters(each.tenant_id, each.campaign_id)
            for each in load.campaigns
        },
        shown=_shown(evolution),
        departures=_departures(evolution),
        done=list(people.done),
        hours=_ALWAYS,
        least_gap_ms=PACE[0] * 1_000,
        # Two arrivals are closer than their departures by the one's lateness at most.
        skew_ms=ARRIVES_WITHIN_MS // 2,
        step_ms=ARRIVES_WITHIN_MS,
        secrets=load.secrets,
    )


def judge_all(evidence: Evidence, load: Load) -> list[str]:
    """The simulator's judgement, and what is known of one campaign's hours and of two campaigns'
    turns on one instance."""
    departures = [each for each in evidence.departures if campaign_of(each.text) == WINDOWED]
    windowed = replace(evidence, departures=departures, hours=load.hours)
    return [
        *judge(evidence),
        *(f"only_in_hours: {what}" for what in only_in_hours(windowed)),
        *(f"one_live_campaign: {what}" for what in out_of_turn(evidence)),
        *(f"no_fault_of_our_own: {what}" for what in unexpected(evidence.log_lines)),
    ]


def out_of_turn(evidence: Evidence) -> Iterator[str]:
    """Of two campaigns on one instance, the requests of the one all left before the other's."""
    left: dict[str, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for each in evidence.departures:
        if (number := campaign_of(each.text)) >= 0:
            left[each.instance][number].append(each.at)
    for name, campaigns in left.items():
        in_turn = sorted(campaigns.values(), key=min)
        for before, after in pairwise(in_turn):
            if max(before) > min(after):
                yield f"{name}: a second campaign sends at {at(min(after))}, the first goes on"


def head_of(observer: App, campaign: CampaignOf) -> Campaign:
    head = observer.campaign_store.head(campaign.tenant_id, campaign.campaign_id, consistent=True)
    assert head is not None
    return head


def recipients_of(observer: App, campaign: CampaignOf) -> list[Recipient]:
    return observer.recipients.page(
        campaign.tenant_id, campaign.campaign_id, 0, _ALL, limit=_ALL, consistent=True
    )


def is_settled(observer: App, campaign: CampaignOf) -> bool:
    """Over, with nobody left on the way."""
    if head_of(observer, campaign).status not in OVER:
        return False
    return all(each.status in SETTLED for each in recipients_of(observer, campaign))


def wrong_books(evidence: Evidence) -> list[int]:
    """The numbers of the campaigns whose counters are not what their recipients say."""
    return [
        each.number
        for each in evidence.campaigns
        if any(exact_books(replace(evidence, campaigns=[each])))
    ]


def recount(head: Campaign, observer: App) -> None:
    """What the schedule does with a campaign that was cancelled ten minutes ago."""
    KeepBooks(
        recipients=observer.recipients,
        campaigns=observer.campaign_store,
        clock=observer.clock,
        random=observer.random,
    ).recount(head)


def duplicates(evidence: Evidence) -> int:
    """Messages that a phone shows of a campaign beyond the first."""
    seen: dict[tuple[str, int], int] = defaultdict(int)
    for each in evidence.shown:
        if (number := campaign_of(each.text)) >= 0 and not each.is_refused:
            seen[each.phone, number] += 1
    return sum(count - 1 for count in seen.values())


def lost(evidence: Evidence) -> int:
    """Recipients of a campaign that is over who are not settled."""
    return sum(each.status not in SETTLED for people in evidence.people.values() for each in people)


def _shown(evolution: Phones) -> Sequence[Shown]:
    return [
        Shown(
            phone["phone"],
            message["text"],
            round(message["received_at"] * 1_000),
            "ERROR" in message["statuses"],
        )
        for phone in evolution.all()
        for message in phone["messages"]
    ]


def _departures(evolution: Phones) -> list[Departure]:
    return [
        Departure(
            round(request["arrived_at"] * 1_000),
            request["instance"],
            request["phone"],
            request["text"],
            None if request["answered_at"] is None else round(request["answered_at"] * 1_000),
            is_sent=request["message_id"] is not None,
        )
        for request in evolution.requests()
    ]


def list_leaks(load: Load) -> list[str]:
    """Where a tenant is told of another's campaign, or may stop it."""
    return [
        f"{name} of campaign {campaign.number} by another tenant"
        for campaign in load.campaigns
        for stranger in load.tenants
        if stranger.tenant_id != campaign.tenant_id
        for name, call in (
            ("reading", partial(stranger.api.get, path_of(campaign))),
            ("cancelling", partial(stranger.api.post, path_of(campaign, "cancel/"))),
        )
        if _status(call) != HTTPStatus.NOT_FOUND
    ]


def _status(call: Callable[[], object]) -> int:
    try:
        call()
    except Problem as problem:
        return problem.status
    return HTTPStatus.OK
