"""Days and times as people type them, in Portuguese and in English."""

import re
import unicodedata
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from campaigns_cli.errors import UnusableInput
from campaigns_cli.language import t

#: What is no moment but the lack of one.
NOW: Final = frozenset({"agora", "now"})

_DAYS_AHEAD = {
    **{"ontem": -1, "yesterday": -1, "hoje": 0, "today": 0},
    **{"amanha": 1, "tomorrow": 1},
}
_WEEKDAYS = {
    name: index
    for index, names in enumerate(
        (
            ("segunda", "segunda-feira", "monday"),
            ("terca", "terca-feira", "tuesday"),
            ("quarta", "quarta-feira", "wednesday"),
            ("quinta", "quinta-feira", "thursday"),
            ("sexta", "sexta-feira", "friday"),
            ("sabado", "saturday"),
            ("domingo", "sunday"),
        )
    )
    for name in names
}
_BETWEEN = re.compile(r"[\s,]*(?:,|\bas\b|\bat\b|\s)\s*")
_CLOCK = re.compile(r"(\d{1,2})(?:h|:)?(\d{2})?(?:h|hs)?\s*(am|pm)?")
_NUMERIC_DAY = re.compile(r"(\d{1,2})[/.](\d{1,2})(?:[/.](\d{4}|\d{2}))?")


def typed_moment(text: str, zone: ZoneInfo, now: datetime) -> datetime | None:
    """`25/12/2026 9h30`, `amanhã 14:00`, `sexta às 9h`, `2026-12-25T09:00`; `agora` is None.

    An offset in the text counts; otherwise it is the clock of `zone`. `now` is aware.
    """
    plain = _plain(text)
    if plain in NOW:
        return None
    if moment := _iso(text.strip(), zone):
        return moment
    local = now.astimezone(zone)
    day_text, _, clock_text = _split(plain)
    clock = _clock(clock_text)
    day = _day(day_text, local.date()) if day_text else local.date()
    if clock is None or day is None:
        raise UnusableInput(
            t(
                f"Não entendi o momento “{text}”. Escreva como 25/12/2026 09:00, amanhã 9h ou "
                "agora.",
                f"“{text}” is not a moment. Write it like 2026-12-25 09:00, tomorrow 9:00 or now.",
            )
        )
    moment = datetime.combine(day, clock, zone)
    # A clock alone, or a weekday that is today, means the next one.
    if moment <= local and not day_text:
        return moment + timedelta(days=1)
    if moment <= local and day_text in _WEEKDAYS:
        return moment + timedelta(days=7)
    return moment


def typed_day(text: str, today: date) -> date:
    """`24/12/2026`, `24/12` (the next one), `2026-12-24`, `hoje`, `amanhã`, `sexta`."""
    day = _day(_plain(text), today)
    if day is None:
        raise UnusableInput(
            t(
                f"Não entendi o dia “{text}”. Escreva como 24/12/2026.",
                f"“{text}” is not a day. Write it like 2026-12-24.",
            )
        )
    return day


def typed_past_day(text: str, today: date) -> date:
    """As `typed_day`, but the last such day; a day that is still to come is refused."""
    plain = _plain(text)
    day = _day(plain, today)
    if day and day > today:
        day = _one_before(day, plain)
    if day is None or day > today:
        raise UnusableInput(
            t(
                f"“{text}” não é um dia que já foi. Escreva como 24/10/2026, hoje ou ontem.",
                f"“{text}” is not a day in the past. Write it like 2026-10-24, today or yesterday.",
            )
        )
    return day


def typed_window(text: str) -> tuple[str, str]:
    """`9h-12h` or `09:00-12:00` as the start and end that the API takes; an end may be 24:00."""
    start, separator, end = re.sub(r"\s+", "", _plain(text)).replace("–", "-").partition("-")
    found = (_hours(start), _hours(end, end=True)) if separator else (None, None)
    if found[0] is None or found[1] is None:
        raise UnusableInput(
            t(
                f"Não entendi o horário “{text}”. Escreva como 09:00-12:00.",
                f"“{text}” is not a span of hours. Write it like 09:00-12:00.",
            )
        )
    return found[0], found[1]


def _hours(text: str, *, end: bool = False) -> str | None:
    if end and text in {"24", "24h", "24:00", "24h00"}:
        return "24:00"
    clock = _clock(text)
    return None if clock is None else f"{clock:%H:%M}"


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.strip().casefold())
    return "".join(sign for sign in letters if not unicodedata.combining(sign))


def _iso(text: str, zone: ZoneInfo) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    # A day alone is no moment.
    if len(text) <= len("2026-12-25"):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _split(plain: str) -> tuple[str, str, str]:
    """The words of the day, what stands between, and the clock, which comes last."""
    for found in _BETWEEN.finditer(plain):
        day, clock = plain[: found.start()], plain[found.end() :]
        if day and _clock(clock) is not None:
            return day, found[0], clock
    return "", "", plain


def _clock(text: str) -> time | None:
    found = _CLOCK.fullmatch(text)
    if found is None or not (found[2] or "h" in text or found[3]):
        return None
    hour, minute = int(found[1]), int(found[2] or 0)
    if found[3]:
        hour = hour % 12 + (12 if found[3] == "pm" else 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None


def _day(plain: str, today: date) -> date | None:
    if plain in _DAYS_AHEAD:
        return today + timedelta(days=_DAYS_AHEAD[plain])
    if plain in _WEEKDAYS:
        return today + timedelta(days=(_WEEKDAYS[plain] - today.weekday()) % 7)
    try:
        if found := _NUMERIC_DAY.fullmatch(plain):
            return _numeric(found, today)
        return date.fromisoformat(plain) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", plain) else None
    except ValueError:
        return None


def _one_before(day: date, plain: str) -> date | None:
    """Where the text means a day of each week or year, the one before this."""
    if plain in _WEEKDAYS:
        return day - timedelta(days=7)
    found = _NUMERIC_DAY.fullmatch(plain)
    if found is None or found[3]:
        return None
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return None


def _numeric(found: re.Match[str], today: date) -> date:
    """Day, month and perhaps the year; without it the next such day."""
    day, month = int(found[1]), int(found[2])
    if found[3] is not None:
        year = int(found[3])
        return date(year if year > 99 else 2000 + year, month, day)
    this_year = date(today.year, month, day)
    return this_year if this_year >= today else date(today.year + 1, month, day)
