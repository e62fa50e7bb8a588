"""Rules 1, 3, 4 and 5: what phones show, and when requests leave."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from campaigns.domain.resolving import Resolution
from tests.simulator.evidence import Departure, Evidence, Pace, Shown, at, campaign_of
from tests.simulator.plan import ActionKind

PERSON_GAP_MS = 60_000
#: From the last look at its gates to the request.
LEAVES_WITHIN_MS = 1_000


def never_twice(evidence: Evidence) -> Iterator[str]:
    """A phone shows a campaign's message once, and once more for each resend that an operator
    asked for before that. What WhatsApp refused is on no phone."""
    shown: dict[tuple[str, int], list[Shown]] = defaultdict(list)
    for each in evidence.shown:
        if not each.is_refused and campaign_of(each.text) >= 0:
            shown[each.phone, campaign_of(each.text)].append(each)
    for (phone, number), messages in shown.items():
        excuses = sorted(
            each.began_at
            for each in evidence.done
            if (each.kind, each.campaign, each.phone) == (ActionKind.RESOLVE, number, phone)
            and each.detail == Resolution.RESEND
        )
        messages.sort(key=lambda each: each.arrived_at)
        for place, again in enumerate(messages[1:]):
            if place >= len(excuses) or excuses[place] > again.arrived_at:
                count = f"message {place + 2} of campaign {number}"
                yield f"{phone} got {count} at {at(again.arrived_at)}"


def never_hammered(evidence: Evidence) -> Iterator[str]:
    """Two sends to one person leave 60 s apart or more, whoever sends them."""
    sent: dict[str, list[int]] = defaultdict(list)
    for each in evidence.departures:
        if each.is_sent:
            sent[each.phone].append(each.at)
    for phone, times in sent.items():
        for before, after in pairwise(sorted(times)):
            if after - before < PERSON_GAP_MS - evidence.skew_between_ms:
                yield f"{phone} was sent to at {at(before)} and {at(after)}"


def human_pace(evidence: Evidence) -> Iterator[str]:
    """Requests of an instance leave by the shortest gap apart, as it was when the later one had
    its gate opened, and one at a time."""
    for name, left in _by_instance(evidence).items():
        for before, after in pairwise(left):
            least = _least_gap_ms(evidence, name, after.at) - evidence.skew_between_ms
            if after.at - before.at < least:
                yield f"{name}: requests left at {at(before.at)} and {at(after.at)}"
            if before.ended_at is None or before.ended_at > after.at:
                yield f"{name}: two in flight at {at(after.at)}"


def _least_gap_ms(evidence: Evidence, instance: str, left_at: int) -> int:
    gaps = (each.least_gap_ms for each in _paces(evidence, instance, left_at))
    return min(gaps, default=evidence.least_gap_ms)


def _paces(evidence: Evidence, instance: str, left_at: int) -> list[Pace]:
    """Those that were in force when a request that left then may have had its gate opened."""
    paces = [each for each in evidence.paces if each.instance == instance]
    since = left_at - LEAVES_WITHIN_MS - evidence.step_ms
    before = [each for each in paces if each.at <= since][-1:]
    return [*before, *(each for each in paces if since < each.at <= left_at)]


def daily_limit(evidence: Evidence) -> Iterator[str]:
    """No instance sends more on a calendar day of its tenant than its limit is when it does.

    What leaves just after midnight, by any clock, may count for the day before.
    """
    for name, left in _by_instance(evidence).items():
        sent = Counter[str]()
        for each in left:
            if not each.is_sent or _is_at_midnight(each.at, evidence):
                continue
            day = _day(each.at, evidence.zone)
            sent[day] += 1
            limits = [pace.daily_limit for pace in _paces(evidence, name, each.at)]
            known = [limit for limit in limits if limit is not None]
            if known and len(known) == len(limits) and sent[day] > max(known):
                what = f"{name} sent its message {sent[day]} of {day} at {at(each.at)}"
                yield f"{what}, its limit is {max(known)}"


def _is_at_midnight(instant: int, evidence: Evidence) -> bool:
    reach = timedelta(milliseconds=LEAVES_WITHIN_MS + evidence.skew_ms)
    moment = datetime.fromtimestamp(instant / 1_000, UTC)
    zone = ZoneInfo(evidence.zone)
    return len({(moment + shift).astimezone(zone).date() for shift in (-reach, reach)}) > 1


def _day(instant: int, zone: str) -> str:
    return f"{datetime.fromtimestamp(instant / 1_000, UTC).astimezone(ZoneInfo(zone)):%Y-%m-%d}"


def only_in_hours(evidence: Evidence) -> Iterator[str]:
    """No request of a campaign leaves outside of its window."""
    hours, skew = evidence.hours, evidence.skew_ms
    for each in evidence.departures:
        if campaign_of(each.text) < 0:
            continue
        if not any(hours.is_open(each.at + shift) for shift in (-skew, 0, skew)):
            yield f"a request left at {at(each.at)} UTC, outside of {hours}"


def _by_instance(evidence: Evidence) -> dict[str, Sequence[Departure]]:
    left: dict[str, list[Departure]] = defaultdict(list)
    for each in sorted(evidence.departures, key=lambda one: one.at):
        left[each.instance].append(each)
    return dict(left)
