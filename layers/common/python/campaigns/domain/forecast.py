"""The forecast: when a campaign's messages leave, if nothing gets in their way."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from campaigns.domain.hours import Hours
from campaigns.domain.instants import MINUTE_MS, to_datetime, to_ms
from campaigns.domain.model import InstanceGate
from campaigns.domain.sending_window import closes_at

#: Beyond two years no forecast is made: nobody plans with it, and each day of it costs time.
FARTHEST_MS = 2 * 365 * 24 * 60 * MINUTE_MS


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast an instance sends: its mean pause, its day's limit, and what today has had of it."""

    mean_gap_ms: int
    daily_limit: int | None
    sent_today: int

    @classmethod
    def of(cls, gate: InstanceGate, today: str) -> "Pace":
        mean = (gate.delay_min_ms + gate.delay_max_ms) // 2
        return cls(mean, gate.daily_limit, gate.sent_on(today))


@dataclass(frozen=True, slots=True)
class ForecastDay:
    """How many messages leave on a day (``YYYY-MM-DD``), by the tenant's calendar."""

    day: str
    sends: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """When the first and the last message leave (epoch ms), and how many on each day."""

    first_send_at: int
    last_send_at: int
    days: tuple[ForecastDay, ...]


def forecast(remaining: int, start: int, today: str, hours: Hours, pace: Pace) -> Forecast | None:
    """Each of `remaining` requests leaves a mean pause after the one before, inside the hours.

    The first leaves at `start` (epoch ms) or at the next opening; `today` is the day to which the
    pace's count belongs. None where nobody remains, nothing opens again, the day's limit lets
    nothing through, or the end is farther than `FARTHEST_MS`.
    """
    if remaining <= 0 or pace.daily_limit == 0:
        return None
    first: int | None = None
    days: Counter[str] = Counter()
    day, sent, at = today, pace.sent_today, start
    while (opening := hours.next_opening(at)) is not None and opening - start <= FARTHEST_MS:
        at = opening
        if hours.day(at) != day:
            day, sent = hours.day(at), 0
        sends = min([remaining, *_limits(at, hours, pace, sent)])
        if sends:
            first = at if first is None else first
            days[day] += sends
        if sends == remaining:
            last = at + (sends - 1) * pace.mean_gap_ms
            return _within_reach(first, last, start, days)
        remaining -= sends
        sent += sends
        is_full = pace.daily_limit is not None and sent >= pace.daily_limit
        at = hours.next_day_at(at) if is_full else at + sends * pace.mean_gap_ms
    return None


def _within_reach(
    first: int | None, last: int, start: int, days: Mapping[str, int]
) -> Forecast | None:
    if first is None or last - start > FARTHEST_MS:
        return None
    return Forecast(first, last, tuple(ForecastDay(day, sends) for day, sends in days.items()))


def _limits(at: int, hours: Hours, pace: Pace, sent: int) -> Iterator[int]:
    """How many requests may leave from `at` on before the day ends, the hours close, it is full."""
    yield _sends_between(at, hours.next_day_at(at), pace)
    closes = closes_at(hours.window, to_datetime(at), hours.is_holiday)
    if closes:
        yield _sends_between(at, to_ms(closes), pace)
    if pace.daily_limit is not None:
        yield max(0, pace.daily_limit - sent)


def _sends_between(start: int, end: int, pace: Pace) -> int:
    """How many requests leave in ``[start, end)``, the first at its start."""
    return (end - start - 1) // pace.mean_gap_ms + 1
