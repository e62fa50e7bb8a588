"""What a storm's seed draws: who dies when, when the emulator is away, and what people do."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from random import Random
from types import MappingProxyType
from zoneinfo import ZoneInfo

from tests.simulator.plan import DAY_MINUTES, ActionKind, DayHours, clock_of

TENANTS = 2
INSTANCES = 8
#: Each on an instance of its own; people of the neighbouring campaign, of another tenant, besides.
RECIPIENTS = 40
SHARED = 3
#: A campaign that wants an instance which is taken, and gets it when the first is cancelled.
RIVALS = 12
#: Fewer where a minute of the storm is shut.
WINDOWED_RECIPIENTS = 24
PACE = (1, 2)
#: Which campaigns something befalls that befalls no other.
CANCELLED = 0
WINDOWED = 1
RIVAL = INSTANCES

#: Short, so that a lease that a death leaves behind is over within the storm.
SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "READ_TIMEOUT_SECONDS": "4",
        "FUNCTION_TIMEOUT_SECONDS": "16",
        "UNKNOWN_GRACE_SECONDS": "5",
        "SCHEDULE_PERIOD_SECONDS": "5",
    }
)
_QUIET_BEGINNING = 5.0
_WINDOW_AHEAD = timedelta(seconds=40)


class Victim(StrEnum):
    """Whose process is killed; `IN_A_SEND`: the dispatcher that waits for Evolution's answer."""

    DISPATCHER = "dispatcher"
    IN_A_SEND = "dispatcher in a send"
    SCHEDULER = "scheduler"


class Writing(StrEnum):
    """What somebody writes back."""

    ANSWER = "Quero saber mais!"
    OPT_OUT = "SAIR"


@dataclass(frozen=True, slots=True)
class Kill:
    """`at` in seconds from the start; `choice` says which of the function's processes."""

    at: float
    victim: Victim
    choice: int


@dataclass(frozen=True, slots=True)
class Act:
    """What an operator asks for, or somebody writes; `choice` draws what is left.

    A pause is followed by a resume `lasts` seconds later.
    """

    at: float
    kind: ActionKind | Writing
    campaign: int
    choice: int
    lasts: float = 0.0


@dataclass(frozen=True, slots=True)
class StormPlan:
    """The same for the same seed and seconds."""

    seed: int
    seconds: float
    version: str
    kills: tuple[Kill, ...]
    acts: tuple[Act, ...]
    restart_at: float
    away_seconds: float


def draw(seed: int, seconds: float) -> StormPlan:
    random = Random(f"storm {seed}")
    return StormPlan(
        seed=seed,
        seconds=seconds,
        version=random.choice(("2.3.7", "2.4.0")),
        kills=tuple(_draw_kills(random, seconds)),
        acts=tuple(_draw_acts(random, seconds)),
        restart_at=seconds * random.uniform(0.4, 0.6),
        away_seconds=random.uniform(1.0, 8.0),
    )


def _draw_kills(random: Random, seconds: float) -> list[Kill]:
    kills = []
    at = _QUIET_BEGINNING
    while (at := at + random.uniform(1.5, 5.5)) < seconds:
        victim = random.choices(list(Victim), weights=(5, 2, 4))[0]
        kills.append(Kill(at, victim, random.randrange(1_000)))
    return kills


def _draw_acts(random: Random, seconds: float) -> list[Act]:
    """The rival starts twice: in vain, and once its instance is free."""
    cancelled_at = seconds * 0.6
    acts = [
        Act(seconds * 0.15, ActionKind.SECOND_START, RIVAL, 0),
        Act(cancelled_at, ActionKind.CANCEL, CANCELLED, 0),
        Act(cancelled_at + 2, ActionKind.SECOND_START, RIVAL, 0),
    ]
    wanted: list[tuple[ActionKind | Writing, int]] = [
        (ActionKind.PAUSE, 5),
        (ActionKind.OPT_OUT, 6),
        (Writing.ANSWER, 6),
        (Writing.OPT_OUT, 2),
    ]
    acts += [
        Act(
            at=random.uniform(_QUIET_BEGINNING, seconds),
            kind=kind,
            campaign=random.randrange(1, INSTANCES),
            choice=random.randrange(1_000),
            lasts=random.uniform(3.0, 9.0),
        )
        for kind, count in wanted
        for _ in range(count)
    ]
    return sorted(acts, key=lambda act: act.at)


@dataclass(frozen=True, slots=True)
class ClosedMinute(DayHours):
    """Open all day but for one minute, at which `end` stands. Judged apart from the code."""

    def is_open(self, instant: int) -> bool:
        local = datetime.fromtimestamp(instant / 1_000, UTC).astimezone(ZoneInfo(self.zone))
        return local.hour * 60 + local.minute != self.end

    def schedule(self) -> Mapping[str, object]:
        return {
            "schedule_type": "custom_period",
            "morning_start": clock_of(0),
            "morning_end": clock_of(self.end),
            "afternoon_start": clock_of(self.end + 1),
            "afternoon_end": clock_of(DAY_MINUTES),
            "skip_weekends": False,
            "skip_holidays": False,
            "ignore_quiet_hours": True,
            "timezone": self.zone,
        }


def closing_soon(now: datetime) -> ClosedMinute:
    """Hours that are shut for the next whole minute but some 40 s; in a zone where it is noon."""
    shift = 12 - now.astimezone(UTC).hour
    zone = f"Etc/GMT{-shift:+d}"
    local = (now + _WINDOW_AHEAD).astimezone(ZoneInfo(zone)) + timedelta(minutes=1)
    return ClosedMinute(zone, end=local.hour * 60 + local.minute)
