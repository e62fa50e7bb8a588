"""The evidence of a simulated run: from the fake's phones, the requests, the table, and people."""

from dataclasses import replace
from typing import Any

from campaigns.domain.phone import parse_phone
from local.fake_evolution import AckStatus
from tests.simulator.deployment import Deployment
from tests.simulator.evidence import (
    Booked,
    Departure,
    Evidence,
    HeadMove,
    Pace,
    RecipientMove,
    Shown,
)
from tests.simulator.life import Life
from tests.simulator.plan import Plan
from tests.simulator.stranger import leaks


def evidence_of(
    site: Deployment, life: Life, log_lines: list[str], log_faults: list[BaseException]
) -> Evidence:
    """All of it, at the end of a run. No fault strikes what is asked here."""
    app, plan, people = site.observer, site.plan, life.people
    campaigns = people.campaigns
    heads = {
        each.number: head
        for each in campaigns
        if (head := app.campaign_store.head(each.tenant_id, each.campaign_id, consistent=True))
    }
    return Evidence(
        campaigns=campaigns,
        phones=people.phones,
        heads=heads,
        people={
            each.number: app.recipients.page(
                each.tenant_id, each.campaign_id, 0, 100, limit=100, consistent=True
            )
            for each in campaigns
        },
        counters={
            each.number: app.campaign_store.counters(each.tenant_id, each.campaign_id)
            for each in campaigns
        },
        shown=[
            Shown(
                phone.phone,
                message.text,
                round(message.received_at * 1_000),
                AckStatus.ERROR in message.statuses,
            )
            for phone in site.fake.phones()
            for message in phone.messages
        ],
        departures=_departures(site),
        done=people.everything_done(),
        hours=plan.hours,
        least_gap_ms=plan.delay[0] * 1_000,
        skew_ms=plan.most_skew_ms + plan.most_step_ms,
        step_ms=plan.most_step_ms,
        log_lines=[*log_lines, *site.metric_lines],
        faults=[*log_faults, *site.errors],
        empty=frozenset(people.empty),
        secrets=frozenset(people.secrets),
        leaks=_leaks(site, life),
        is_undisturbed=_is_undisturbed(plan, site),
        receipts=people.edge.receipts,
        suppressed=_suppressed(site, life),
        **_seen(site, life),
    )


def _is_undisturbed(plan: Plan, site: Deployment) -> bool:
    return plan.fault_rate == 0 and not site.chaos.struck


def _suppressed(site: Deployment, life: Life) -> frozenset[tuple[str, str]]:
    app, phones = site.observer, set(life.people.phones.values())
    return frozenset(
        (tenant_id, phone)
        for tenant_id in {each.tenant_id for each in life.people.campaigns}
        for phone in phones
        if app.suppressions.read(
            tenant_id, app.identity.person(parse_phone(f"+{phone}").person_key)
        )
    )


def _departures(site: Deployment) -> list[Departure]:
    """Which of them the server took is what it says of the requests that came to it."""
    taken = {
        (request.instance, request.phone, round(request.arrived_at * 1_000))
        for request in site.fake.requests()
        if request.message_id
    }
    return [
        replace(each, is_sent=(each.instance, each.phone, each.at) in taken)
        for each in site.departures
    ]


def _leaks(site: Deployment, life: Life) -> list[str]:
    keys = life.people.owner_keys
    return list(leaks(site.observer, life.people.campaigns, keys)) if len(keys) > 1 else []


def _seen(site: Deployment, life: Life) -> dict[str, Any]:
    """What the table went through, in terms of the run's campaigns."""
    watch = site.watch
    numbers = {each.campaign_id: each.number for each in life.people.campaigns}
    names = {each.instance_id: each.instance for each in life.people.campaigns}
    return {
        "head_moves": [
            HeadMove(
                each.at,
                numbers[each.campaign_id],
                each.instance_id,
                each.before,
                each.after,
                each.unsettled,
            )
            for each in watch.heads
        ],
        "recipient_moves": [
            RecipientMove(
                each.at,
                numbers[each.campaign_id],
                each.sequence,
                each.before,
                each.after,
                each.may_have_been_sent,
            )
            for each in watch.recipients
        ],
        "paces": [
            Pace(each.at, names[each.instance_id], each.least_gap_ms, each.daily_limit)
            for each in watch.gates
        ],
        "booked": [
            Booked(each.at, numbers[each.campaign_id], each.kept, each.counted, each.cut_short)
            for each in watch.books
        ],
    }
