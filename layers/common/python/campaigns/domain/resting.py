"""When a lane is looked at again: each minute while anything is on its way, else when it can go."""

from dataclasses import dataclass

from campaigns.domain.instants import MINUTE_MS
from campaigns.domain.planning import HORIZON_MS


@dataclass(frozen=True, slots=True)
class LaneState:
    """What a visit found. Times in epoch milliseconds; None: never by itself.

    `is_active`: its campaign may send. `is_idle`: nobody could be planned now. `opens_at`: from
    when on somebody can be (the window opens, the day's limit resets). `retry_at`: the first slot
    that the earliest waiting retry can have. `recount_at`: when its books are due.
    """

    is_active: bool
    is_idle: bool
    needs_look: bool
    outstanding: int
    opens_at: int | None
    retry_at: int | None
    recount_at: int | None


#: A lane that sleeps is looked at this often all the same: limits and hours may be changed.
LONGEST_SLEEP_MS = 60 * MINUTE_MS
#: So long after a stop its books are looked at again: receipts still come, and a crash between one
#: and its booking leaves no trace but the difference. Most come within a day, few after a week.
LATE_LOOKS_MS = (24 * 60 * MINUTE_MS, 7 * 24 * 60 * MINUTE_MS)


def late_look_at(stopped_at: int, recounted_at: int) -> int | None:
    """When the books of a campaign that stopped then are due after that recount; None: no more."""
    looks = (stopped_at + after for after in LATE_LOOKS_MS)
    return next((at for at in looks if at > recounted_at), None)


def due_again(state: LaneState, now: int) -> int | None:
    """When the lane is due again: `now` or earlier keeps it awake, None puts it to sleep for good.

    A lane sleeps only when no job of it can be on its way, so nobody can be released behind it.
    """
    if state.needs_look or state.outstanding > 0 or (state.is_active and not state.is_idle):
        return now
    wakes = [state.recount_at]
    if state.is_active:
        at = state.opens_at if state.opens_at is not None else state.retry_at
        latest = now + LONGEST_SLEEP_MS
        wakes.append(latest if at is None else min(at - HORIZON_MS, latest))
    return min((wake for wake in wakes if wake is not None), default=None)
