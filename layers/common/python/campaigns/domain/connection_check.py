"""One look per storm: how often an instance's server is asked how it is connected.

Evolution tells of connections late and by the hundred, so an event only says that something may
have changed. The first one is looked at, and those that follow leave one further look behind, which
comes when the storm may be over: its last event is never lost. Times are epoch milliseconds.
"""

from dataclasses import dataclass
from typing import Final

from campaigns.domain.instants import MINUTE_MS, SECOND_MS

#: Two looks at an instance begin this far apart.
DEBOUNCE_MS: Final = 5 * SECOND_MS
#: A look lasts no longer: what it learned is too old by then, and another one may begin.
LOOK_MS: Final = 15 * SECOND_MS
#: A look that nobody ended, since its process did, is made again.
UNENDED_MS: Final = MINUTE_MS
#: An instance that is neither open nor closed for this long counts as disconnected.
SETTLES_WITHIN_MS: Final = MINUTE_MS
#: After so many looks in a row at a server in trouble the next event, or a person, has to ask.
MOST_FAILURES: Final = 12
_LONGEST_WAIT_MS: Final = 60 * MINUTE_MS


@dataclass(frozen=True, slots=True)
class ConnectionCheckKey:
    """Names an instance that is due for a look."""

    instance_id: str


@dataclass(frozen=True, slots=True)
class ConnectionCheck:
    """A look that has begun. `token` is its own.

    `unsettled_since`: from when on the instance has been neither open nor closed; `failures`: looks
    before this one, in a row, at which the server said nothing of it.
    """

    instance_id: str
    token: str
    begun_at: int
    unsettled_since: int | None = None
    failures: int = 0

    @property
    def again_at(self) -> int:
        """When it is made again if nobody ends it."""
        return self.begun_at + UNENDED_MS

    def is_too_old(self, now: int) -> bool:
        return now >= self.begun_at + LOOK_MS


@dataclass(frozen=True, slots=True)
class Underway:
    """No look begins before `until`, and perhaps not at it either: this one may go on.

    `due_at`: when the next one is due (None: none is).
    """

    until: int
    due_at: int | None


def retry_look_at(failures: int, now: int) -> int | None:
    """A server in trouble is asked again after 1, 2, 4 … 60 minutes; None: no more.

    `failures` of looks in a row, the last one included.
    """
    if failures >= MOST_FAILURES:
        return None
    return now + min(MINUTE_MS << (failures - 1), _LONGEST_WAIT_MS)
