"""Planning a lane: which recipients get which slots, so that two planners draw the same plan.

Nothing here is random and nothing reads a clock. The gap after an entry is a hash of campaign,
sequence and plan number, so a plan is a function of its base; a planner that crashed or raced is
repeated by the next one with the same slots.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile

from campaigns.domain.instants import MINUTE_MS, SECOND_MS
from campaigns.domain.model import DueRetry, PlannedRun

#: How far ahead slots are planned. Two runs of a minute's schedule can lie 119 s apart.
HORIZON_MS = 130 * SECOND_MS
#: After a resume the first request leaves within 10 s; a slot that near is left to do it.
RESTART_WITHIN_MS = 8 * SECOND_MS
#: A planned recipient whose slot is this long past without a claim has lost its job.
VANISHED_AFTER_MS = 10 * MINUTE_MS
#: How long the lane remembers its runs, so that the walk can tell whose slot has passed.
HISTORY_MS = 15 * MINUTE_MS


@dataclass(frozen=True, slots=True)
class Fresh:
    """A recipient that was never planned, in sequence."""

    recipient_id: str
    sequence: int
    person: str
    plan_number: int


@dataclass(frozen=True, slots=True)
class PlannedSend:
    """A slot given to a recipient under its present plan number."""

    recipient_id: str
    sequence: int
    person: str
    plan_number: int
    slot_at: int
    is_retry: bool
    #: Where the lane's next slot lies once this one is taken.
    next_slot_at: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The entries of one run, in the order of their slots, and where the next slot would lie."""

    entries: tuple[PlannedSend, ...]
    next_slot_at: int


def gap_ms(
    campaign_id: str, sequence: int, plan_number: int, delay_min_ms: int, delay_max_ms: int
) -> int:
    """The pause after an entry lies evenly in ``[delay_min, delay_max]``, drawn by a hash.

    Milliseconds in and out; both ends included.
    """
    seed = f"{campaign_id}:{sequence}:{plan_number}".encode()
    draw = int.from_bytes(hashlib.blake2b(seed, digest_size=8).digest())
    return delay_min_ms + draw * (delay_max_ms - delay_min_ms + 1) // (1 << 64)


def draw_plan(
    *,
    base: int,
    horizon: int,
    retries: Sequence[DueRetry],
    fresh: Iterable[Fresh],
    gap: Callable[[int, int], int],
    fit: Callable[[int], int | None],
    day: Callable[[int], str],
    room: Callable[[str], int],
) -> Plan:
    """Give slots from `base` on: retries that are due first, then the next in sequence.

    `gap(sequence, plan_number)` is the pause after an entry; `fit(slot)` the first instant at or
    after a slot at which the campaign may send (None: never again); `room(day)` how many more sends
    that day takes. Planning ends at the horizon, at a day without room, or when nobody is left.
    All times in epoch milliseconds.
    """
    waiting = sorted(retries, key=lambda retry: (retry.retry_at, retry.sequence))
    coming = iter(fresh)
    newcomer = next(coming, None)
    entries: list[PlannedSend] = []
    planned_on: Counter[str] = Counter()
    slot = base
    while waiting or newcomer:
        retry = waiting[0] if waiting and (waiting[0].retry_at <= slot or not newcomer) else None
        entry = retry or newcomer
        assert entry is not None
        fitted = fit(max(slot, retry.retry_at) if retry else slot)
        if fitted is None or fitted > horizon or planned_on[day(fitted)] >= room(day(fitted)):
            break
        planned_on[day(fitted)] += 1
        slot = fitted + gap(entry.sequence, entry.plan_number)
        entries.append(
            PlannedSend(
                entry.recipient_id,
                entry.sequence,
                entry.person,
                entry.plan_number,
                fitted,
                is_retry=retry is not None,
                next_slot_at=slot,
            )
        )
        if retry:
            waiting.pop(0)
        else:
            newcomer = next(coming, None)
    return Plan(tuple(entries), slot)


def acknowledged_run(entries: Sequence[PlannedSend], acknowledged: Sequence[bool]) -> int:
    """How many entries from the first on were all acknowledged.

    The cursor may pass only these: the first refused entry would be forgotten otherwise. Those
    acknowledged behind it are planned again under the same deduplication id, which the queue drops.
    """
    for count, was_acknowledged in enumerate(acknowledged):
        if not was_acknowledged:
            return count
    return len(entries)


def remember(history: Sequence[PlannedRun], run: PlannedRun, now: int) -> tuple[PlannedRun, ...]:
    """Add a run; keep those of the last fifteen minutes and the newest of those before."""
    runs = [*history, run]
    passed = len(_passed(runs, now - HISTORY_MS))
    return tuple(runs[max(0, passed - 1) :])


def passed_by(history: Sequence[PlannedRun], instant: int) -> int:
    """The cursor below which every first slot lies at or before the instant."""
    return max((run.cursor for run in _passed(history, instant)), default=0)


def outstanding(history: Sequence[PlannedRun], cursor: int, now: int) -> int:
    """How many planned sends may still lie ahead: an upper bound, by whole runs."""
    retries = sum(run.retries for run in history if run.last_slot > now)
    return cursor - passed_by(history, now) + retries


def next_slot(
    history: Sequence[PlannedRun], now: int, gap: Callable[[int, int], int]
) -> int | None:
    """The first slot after `now` of those planned, drawn again from its run; None: none lies ahead.

    `gap(sequence, plan_number)` as for :func:`draw_plan`. In a run with retries or a closed window
    in between it is an estimate, never later than the run's last slot.
    """
    planned_before = 0
    for run in history:
        slot = run.first_slot
        if run.last_slot > now:
            for sequence in range(planned_before, run.cursor):
                if slot > now:
                    break
                slot += gap(sequence, 1)
            return slot if now < slot <= run.last_slot else run.last_slot
        planned_before = run.cursor
    return None


def _passed(history: Sequence[PlannedRun], instant: int) -> list[PlannedRun]:
    """The unbroken run of passed ones: a later one may be noted with an earlier last slot."""
    return list(takewhile(lambda run: run.last_slot <= instant, history))
