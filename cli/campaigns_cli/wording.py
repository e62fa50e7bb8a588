"""Times and durations as people say them."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from campaigns_cli.language import t

_DAYS = (
    ("segunda-feira", "Monday"),
    ("terça-feira", "Tuesday"),
    ("quarta-feira", "Wednesday"),
    ("quinta-feira", "Thursday"),
    ("sexta-feira", "Friday"),
    ("sábado", "Saturday"),
    ("domingo", "Sunday"),
)


def moment(at: datetime, zone: ZoneInfo, now: datetime) -> str:
    """An aware time in the campaign's zone: today and tomorrow by name, else weekday and date."""
    local = at.astimezone(zone)
    today = now.astimezone(zone).date()
    clock = f"{local:%H:%M}"
    if local.date() == today:
        return t(f"hoje às {clock}", f"today at {clock}")
    if local.date() == today + timedelta(days=1):
        return t(f"amanhã às {clock}", f"tomorrow at {clock}")
    portuguese, english = _DAYS[local.weekday()]
    return t(
        f"{portuguese}, {local:%d/%m/%Y}, às {clock}", f"{english}, {local:%Y-%m-%d}, at {clock}"
    )


def duration(seconds: float) -> str:
    """Roughly, in the two largest units that say something."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return t("menos de 1 min", "less than 1 min")
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"
