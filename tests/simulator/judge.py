"""The nine rules, judged from what the phones received, when requests left, and the table."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from itertools import pairwise

from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.exceptions import PynamoDBException

from campaigns.domain.books import counted, is_book
from campaigns.domain.campaign import LIVE, CampaignStatus
from campaigns.domain.errors import CampaignsError
from campaigns.domain.model import Campaign, Recipient
from campaigns.domain.recipient import SENT_OR_FURTHER, SETTLED, RecipientStatus
from local.fake_evolution import AckStatus
from tests.simulator.deployment import Deployment
from tests.simulator.life import CampaignOf, Done, Life
from tests.simulator.plan import ActionKind

PERSON_GAP_MS = 60_000
STOP_GRACE_MS = 1_000
_CAMPAIGN = re.compile(r"C(\d+): ")
_PHONE = re.compile(r"5511990{3}\d|99000-?\d{4}")
_EXPLAINED = frozenset(
    {RecipientStatus.FAILED, RecipientStatus.SKIPPED, RecipientStatus.UNCONFIRMED}
)
#: What a store, a server or a rule may say. Any other exception is a fault of the code.
_EXPECTED = (CampaignsError, BotoCoreError, ClientError, PynamoDBException)


@dataclass
class Judgement:
    """All that is known at the end of a run."""

    site: Deployment
    life: Life
    log_lines: list[str]
    log_faults: list[BaseException]

    @cached_property
    def heads(self) -> dict[int, Campaign]:
        store = self.site.observer.campaign_store
        return {
            each.number: head
            for each in self.life.campaigns
            if (head := store.head(each.tenant_id, each.campaign_id, consistent=True))
        }

    @cached_property
    def people(self) -> dict[int, list[Recipient]]:
        return {
            each.number: self.site.observer.recipients.page(
                each.tenant_id, each.campaign_id, 0, 100, limit=100, consistent=True
            )
            for each in self.life.campaigns
        }

    @cached_property
    def shown(self) -> Counter[tuple[str, int]]:
        """Messages by phone and campaign; one that WhatsApp refused is on no phone."""
        return Counter(
            (phone.phone, campaign_of(message.text))
            for phone in self.site.fake.phones()
            for message in phone.messages
            if AckStatus.ERROR not in message.statuses
        )

    @cached_property
    def arrived(self) -> set[tuple[str, int]]:
        """The same with those that WhatsApp refused afterwards, which nobody may have been told."""
        return {
            (phone.phone, campaign_of(message.text))
            for phone in self.site.fake.phones()
            for message in phone.messages
        }

    @property
    def skew(self) -> int:
        """By how much two processes' clocks may differ."""
        return 2 * self.site.plan.most_skew_ms

    def resolved(self, campaign: CampaignOf, phone: str) -> int:
        """How often an operator asked for a decision about that person."""
        return sum(
            (each.kind, each.campaign, each.phone) == (ActionKind.RESOLVE, campaign.number, phone)
            for each in self.life.done
        )


def campaign_of(text: str) -> int:
    found = _CAMPAIGN.match(text)
    return int(found[1]) if found else -1


def at(instant: float) -> str:
    return f"{datetime.fromtimestamp(instant / 1_000, UTC):%d %H:%M:%S.%f}"[:-3]


def judge(judged: Judgement) -> list[str]:
    rules = (
        never_twice,
        never_lost,
        never_hammered,
        human_pace,
        only_in_hours,
        stop_means_stop,
        one_live_campaign,
        exact_books,
        no_leaks,
        no_fault_of_our_own,
    )
    return [f"{rule.__name__}: {what}" for rule in rules for what in rule(judged)]


def never_twice(judged: Judgement) -> Iterator[str]:
    for campaign in judged.life.campaigns:
        for phone in set(judged.life.phones.values()):
            count = judged.shown[phone, campaign.number]
            if count > 1 + judged.resolved(campaign, phone):
                yield f"{phone} shows campaign {campaign.number} {count} times"


def never_lost(judged: Judgement) -> Iterator[str]:
    for campaign in judged.life.campaigns:
        head, people = judged.heads[campaign.number], judged.people[campaign.number]
        name = f"campaign {campaign.number}"
        is_empty = campaign.number in judged.life.empty and head.status is CampaignStatus.DRAFT
        if head.status not in {CampaignStatus.COMPLETED, CampaignStatus.CANCELLED} and not is_empty:
            yield f"{name} is still {head.status} ({head.auto_pause_reason})"
        if len(people) != head.total or len({each.person for each in people}) != len(people):
            yield f"{name} has {len(people)} recipients, a total of {head.total}"
        for each in people:
            yield from _lost(judged, campaign, each)


def _lost(judged: Judgement, campaign: CampaignOf, each: Recipient) -> Iterator[str]:
    phone = judged.life.phones[each.contact_id]
    who = f"campaign {campaign.number}, {phone} ({each.status}, {each.error_code})"
    if judged.heads[campaign.number].status in {CampaignStatus.COMPLETED, CampaignStatus.CANCELLED}:
        if each.status not in SETTLED:
            yield f"{who} is not settled"
        elif each.status in _EXPLAINED and not each.error_code:
            yield f"{who} has no reason"
    is_shown = judged.shown[phone, campaign.number] > 0
    is_decided = judged.resolved(campaign, phone) > 0
    has_arrived = (phone, campaign.number) in judged.arrived
    if each.status in SENT_OR_FURTHER and not has_arrived and not is_decided:
        yield f"{who} was not reached"
    is_doubtful = each.status is RecipientStatus.UNCONFIRMED or each.may_have_been_sent
    if is_shown and each.status not in SENT_OR_FURTHER and not is_doubtful and not is_decided:
        yield f"{who} was reached"


def never_hammered(judged: Judgement) -> Iterator[str]:
    reached = defaultdict(list)
    for request in judged.site.fake.requests():
        if request.message_id:
            reached[request.phone].append(round(request.arrived_at * 1_000))
    for phone, times in reached.items():
        for before, after in pairwise(sorted(times)):
            if after - before < PERSON_GAP_MS - judged.skew:
                yield f"{phone} was sent to at {at(before)} and {at(after)}"


def human_pace(judged: Judgement) -> Iterator[str]:
    least = judged.site.plan.delay[0] * 1_000 - judged.skew
    for name in {each.instance for each in judged.life.campaigns}:
        left = [each for each in judged.site.departures if each.instance == name]
        for before, after in pairwise(left):
            if after.at - before.at < least:
                yield f"{name}: requests left at {at(before.at)} and {at(after.at)}"
            if before.ended_at is None or before.ended_at > after.at:
                yield f"{name}: two in flight at {at(after.at)}"


def only_in_hours(judged: Judgement) -> Iterator[str]:
    hours, skew = judged.site.plan.hours, judged.skew // 2
    for each in judged.site.departures:
        if not any(hours.is_open(each.at + shift) for shift in (-skew, 0, skew)):
            yield f"a request left at {at(each.at)} UTC, outside of {hours}"


def stop_means_stop(judged: Judgement) -> Iterator[str]:
    resumes = [each for each in judged.life.done if each.kind is ActionKind.RESUME]
    tenants = {each.number: each.tenant_id for each in judged.life.campaigns}
    for stop in judged.life.done:
        if stop.answered_at is None:
            continue
        for each in judged.site.departures:
            number = campaign_of(each.text)
            if each.at <= stop.answered_at + STOP_GRACE_MS:
                continue
            is_about = number == stop.campaign
            match stop.kind:
                case ActionKind.CANCEL if is_about:
                    yield _after(stop, each.at)
                case ActionKind.PAUSE if is_about and not _resumed(resumes, stop, each.at):
                    yield _after(stop, each.at)
                case ActionKind.OPT_OUT if (
                    each.phone == stop.phone and tenants.get(number) == tenants[stop.campaign]
                ):
                    yield _after(stop, each.at)


def _after(stop: Done, left_at: int) -> str:
    return (
        f"{stop.kind} was answered at {at(stop.answered_at or 0)}, a request left at {at(left_at)}"
    )


def _resumed(resumes: list[Done], stop: Done, left_at: int) -> bool:
    """Somebody resumed it in between, or was at it when the pause was answered."""
    answered_at = stop.answered_at or 0
    return any(
        each.campaign == stop.campaign
        and each.began_at <= left_at
        and (each.answered_at is None or each.answered_at >= stop.began_at or answered_at == 0)
        for each in resumes
    )


def one_live_campaign(judged: Judgement) -> Iterator[str]:
    live = Counter(head.instance_id for head in judged.heads.values() if head.status in LIVE)
    for instance_id, count in live.items():
        if count > 1:
            yield f"{instance_id} has {count} live campaigns"
    for name in {each.instance for each in judged.life.campaigns}:
        spans: dict[int, list[int]] = defaultdict(list)
        for each in judged.site.departures:
            if each.instance == name:
                spans[campaign_of(each.text)].append(each.at)
        ends = {
            each.campaign: each.answered_at
            for each in judged.life.done
            if each.kind is ActionKind.CANCEL
        }
        for (_, first), (_, second) in pairwise(sorted(spans.items())):
            if not ends and min(second) < max(first) and min(first) < max(second):
                yield f"{name}: two campaigns send at once"


def exact_books(judged: Judgement) -> Iterator[str]:
    for campaign in judged.life.campaigns:
        wanted = Counter(name for each in judged.people[campaign.number] for name in counted(each))
        stored = judged.site.observer.campaign_store.counters(
            campaign.tenant_id, campaign.campaign_id
        )
        kept = {name: count for name, count in stored.items() if is_book(name) and count}
        if kept != dict(wanted):
            yield f"campaign {campaign.number} has {kept}, counted {dict(wanted)}"


def no_leaks(judged: Judgement) -> Iterator[str]:
    for line in judged.log_lines:
        if _PHONE.search(line) or "chave-da-loja" in line or "whs_" in line:
            yield f"logged: {line[:200]}"
    for campaign in judged.life.campaigns:
        for other in {each.tenant_id for each in judged.life.campaigns} - {campaign.tenant_id}:
            store = judged.site.observer.campaign_store
            if store.head(other, campaign.campaign_id, consistent=True):
                yield f"campaign {campaign.number} can be read by {other}"


def no_fault_of_our_own(judged: Judgement) -> Iterator[str]:
    for error in (*judged.log_faults, *judged.life.errors):
        if not isinstance(error, _EXPECTED):
            yield f"{type(error).__name__}: {error}"
