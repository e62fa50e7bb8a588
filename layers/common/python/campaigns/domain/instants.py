"""Instants: aware datetimes for rules of the calendar, epoch milliseconds where they are kept."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS


#: Names that some systems' data has beside the zones: links to whatever the machine is set to,
#: and copies that count leap seconds.
_NO_ZONES = frozenset({"", "Factory", "localtime", "posixrules"})
_NO_ZONES_UNDER = ("posix/", "right/")


def known_zone(name: str) -> ZoneInfo | None:
    """The IANA zone of that name, if there is one."""
    if name in _NO_ZONES or name.startswith(_NO_ZONES_UNDER):
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def to_datetime(ms: int) -> datetime:
    """The instant as an aware UTC datetime."""
    seconds, rest = divmod(ms, 1_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest * 1_000)


def to_ms(instant: datetime) -> int:
    """The instant in epoch milliseconds, rounded down."""
    seconds = int(instant.replace(microsecond=0).timestamp())
    return seconds * 1_000 + instant.microsecond // 1_000


def to_iso(ms: int) -> str:
    """The instant as ISO 8601 in UTC, with ``Z`` and milliseconds."""
    return to_datetime(ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def day_of(ms: int, zone: ZoneInfo) -> str:
    """The calendar day (``YYYY-MM-DD``) on which the instant falls in the zone."""
    return to_datetime(ms).astimezone(zone).date().isoformat()


def next_midnight(ms: int, zone: ZoneInfo) -> int:
    """The first instant of the next calendar day in the zone."""
    local = to_datetime(ms).astimezone(zone)
    tomorrow = local.date() + timedelta(days=1)
    # A zone may skip midnight: fold 0 of a missing 00:00 maps to the first instant after the gap.
    midnight = datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=zone)
    return to_ms(midnight.astimezone(UTC))
