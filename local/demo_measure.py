"""What the phones say of a campaign; its own books are asked only who failed and who is unclear."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from local.fake_evolution.numbers import canonical_phone

_READ = frozenset({"read", "responded"})
_DELIVERED = _READ | {"delivered"}


@dataclass(frozen=True, slots=True)
class Measured:
    """Counts of persons, but `duplicates`: messages that a phone got beyond its first.

    `sent` is what the phones say, `delivered` and `read` what the receipts told the campaign.
    `lost`: neither reached nor failed nor unconfirmed. `strangers`: phones that were reached and
    are no recipient's. `min_gap_seconds`: between two requests on one instance, None below two.
    """

    sent: int
    delivered: int
    read: int
    failed: int
    unconfirmed: int
    duplicates: int
    lost: int
    strangers: int
    min_gap_seconds: float | None


def measure(
    recipients: Sequence[Mapping[str, Any]],
    phones: Sequence[Mapping[str, Any]],
    requests: Sequence[Mapping[str, Any]],
) -> Measured:
    """`recipients` as the API lists them; `phones` and `requests` as the fake Evolution shows them.

    A person counts by her phone as WhatsApp reads it, so that two spellings are one.
    """
    statuses = {canonical_phone(one["contact"]["phone"]): one["status"] for one in recipients}
    received = {canonical_phone(one["phone"]): len(one["messages"]) for one in phones}
    reached = {phone for phone, count in received.items() if count}
    explained = {phone for phone, status in statuses.items() if status in {"failed", "unconfirmed"}}
    return Measured(
        sent=len(reached & statuses.keys()),
        delivered=_count(statuses, _DELIVERED),
        read=_count(statuses, _READ),
        failed=_count(statuses, {"failed"}),
        unconfirmed=_count(statuses, {"unconfirmed"}),
        # Two recipients of one phone are a duplicate even if only one of them was served.
        duplicates=sum(count - 1 for count in received.values() if count)
        + len(recipients)
        - len(statuses),
        lost=len(statuses.keys() - reached - explained),
        strangers=len(reached - statuses.keys()),
        min_gap_seconds=smallest_gap(requests),
    )


def smallest_gap(requests: Sequence[Mapping[str, Any]]) -> float | None:
    """The least time between two requests that arrived from one instance, in seconds."""
    arrivals: dict[str, list[float]] = {}
    for request in requests:
        arrivals.setdefault(request["instance"], []).append(request["arrived_at"])
    gaps = [
        later - earlier for times in arrivals.values() for earlier, later in pairwise(sorted(times))
    ]
    return min(gaps, default=None)


def arrived_between(requests: Sequence[Mapping[str, Any]], start: float, end: float) -> int:
    """How many requests arrived after `start` and before `end`, both in epoch seconds."""
    return sum(start < request["arrived_at"] < end for request in requests)


def _count(statuses: Mapping[str, str], wanted: Set[str]) -> int:
    return sum(status in wanted for status in statuses.values())
