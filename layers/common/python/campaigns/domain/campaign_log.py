"""A campaign's log: how an entry comes into being."""

from collections.abc import Mapping
from random import Random

from campaigns.domain.identity import new_id
from campaigns.domain.model import EventType, LogEntry, LogLevel

#: The actor of whatever nobody asked for.
SYSTEM = "system"


def new_entry(
    event_type: EventType,
    now: int,
    random: Random,
    *,
    actor: str = SYSTEM,
    level: LogLevel = LogLevel.INFO,
    metadata: Mapping[str, str | int] | None = None,
) -> LogEntry:
    """An entry of this moment (epoch ms); its id sorts by it."""
    return LogEntry(new_id("lg", now, random), level, event_type, now, actor, metadata or {})
