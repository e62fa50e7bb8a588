"""What one seed draws: a deployment, its day, and everything that happens to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum, auto
from random import Random
from zoneinfo import ZoneInfo

from local.fake_evolution import AckRule, AckStatus, AckStep, Behaviour, WebhookRule, WebhookTrait
from local.fake_evolution import Rule as SendRule
from local.fake_evolution.behaviours import UNREACHABLE
from tests.simulator.faults import Fault

MINUTE_MS = 60_000
DAY_MINUTES = 24 * 60


class ActionKind(StrEnum):
    """What an operator or a person does in the middle of it."""

    PAUSE = auto()
    RESUME = auto()
    CANCEL = auto()
    OPT_OUT = auto()
    OPT_IN = auto()
    RETRY_FAILED = auto()
    RESOLVE = auto()
    ADD_CONTACTS = auto()
    REMOVE_CONTACT = auto()
    SECOND_START = auto()
    DISCONNECT = auto()
    START = auto()
    UNSCHEDULE = auto()
    TEST_MESSAGE = auto()
    EDIT_INSTANCE = auto()
    ROTATE_KEY = auto()
    CLOCK_STEP = auto()
    #: What people write: a word that opts out or back in, or something else.
    REPLY_OUT = auto()
    REPLY_IN = auto()
    REPLY = auto()


class SourceKind(StrEnum):
    """Where a campaign's recipients come from; EVERYTHING names each of them three times."""

    CONTACTS = auto()
    GROUP = auto()
    TAG = auto()
    EVERYTHING = auto()


@dataclass(frozen=True, slots=True)
class Action:
    """Done `at` ms after the start, about one of the campaigns; `choice` draws what is left."""

    at: int
    kind: ActionKind
    campaign: int
    choice: int


@dataclass(frozen=True, slots=True)
class DayHours:
    """When requests may leave: minutes of the local day, end exclusive. Judged apart from the code.

    `is_quiet`: a campaign at any time, under the tenant's own quiet hours.
    """

    zone: str
    start: int = 0
    end: int = DAY_MINUTES
    is_quiet: bool = False

    def is_open(self, instant: int) -> bool:
        local = datetime.fromtimestamp(instant / 1_000, UTC).astimezone(ZoneInfo(self.zone))
        return self.start <= local.hour * 60 + local.minute < self.end

    def schedule(self) -> Mapping[str, object]:
        if self.is_quiet:
            return {"schedule_type": "immediate", "ignore_quiet_hours": False}
        if (self.start, self.end) == (0, DAY_MINUTES):
            return {"schedule_type": "immediate", "ignore_quiet_hours": True}
        return {
            "schedule_type": "custom_period",
            "morning_start": clock_of(self.start),
            "morning_end": clock_of(self.end),
            "skip_weekends": False,
            "skip_holidays": False,
            "ignore_quiet_hours": True,
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """One run. `given`: these faults by the number of their call, instead of drawn ones."""

    seed: int
    start: int
    recipients: int
    tenants: int
    instances: int
    #: Campaigns beyond one an instance: theirs is taken.
    rivals: int
    delay: tuple[int, int]
    version: str
    hours: DayHours
    pollers: int
    fault_rate: float
    delivery_rate: float
    minute_rate: float
    most_skew_ms: int
    row_delay: float
    rules: tuple[SendRule, ...]
    ack_rules: tuple[AckRule, ...]
    webhook_rules: tuple[WebhookRule, ...]
    actions: tuple[Action, ...]
    source: SourceKind = SourceKind.CONTACTS
    daily_limit: int | None = None
    #: By how much a living process's clock may be off once it was stepped; 0: none is.
    most_step_ms: int = 0
    #: The first campaigns are put on schedule, for so long after the start of the run.
    scheduled_in_ms: int | None = None
    resumes_on_reconnect: bool = False
    #: Each minute somebody starts the next campaign of an instance that is free.
    is_eager: bool = False
    #: Everything is started at once, rivals too: one of an instance wins.
    is_contested: bool = False
    given: Mapping[int, Fault] | None = field(default=None)


#: Nights on which a clock is put back or forward, at some hour of the night.
_SHIFTS = (
    ("America/New_York", datetime(2026, 11, 1, 5, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 3, 8, 6, tzinfo=UTC)),
    ("Europe/Lisbon", datetime(2026, 10, 25, 0, tzinfo=UTC)),
    ("Europe/Lisbon", datetime(2026, 3, 29, 0, tzinfo=UTC)),
)
_TUESDAY = datetime(2026, 11, 24, 13, tzinfo=UTC)
_ACKS = (
    (AckStep(AckStatus.ERROR, 1),),
    (AckStep(AckStatus.READ, 2),),
    (AckStep(AckStatus.DELIVERY_ACK, 1), AckStep(AckStatus.SERVER_ACK, 3)),
    (AckStep(AckStatus.SERVER_ACK, 0.01), AckStep(AckStatus.DELIVERY_ACK, 0.02)),
    (),
)
_RATES = (0.0, 0.003, 0.01, 0.02, 0.04)


def phone_of(number: int) -> str:
    """The phone of a person, as the fake knows it."""
    return f"551199000{number:04d}"


def clock_of(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def draw(seed: int) -> Plan:
    """The run of a seed; the same one each time."""
    random = Random(f"plan {seed}")
    tenants = random.choice((1, 1, 2))
    instances = max(tenants, random.choice((1, 2)))
    recipients = min(random.randint(1, 12), random.randint(1, 12))
    start, hours = _draw_hours(random, seed)
    least = random.choice((1, 1, 5, 20))
    rivals = random.choice((0, 0, 1, instances))
    actions = _draw_actions(random, seed, instances)
    is_stepped = any(each.kind is ActionKind.CLOCK_STEP for each in actions)
    is_all_day = (hours.start, hours.end) == (0, DAY_MINUTES)
    plan = Plan(
        seed=seed,
        start=start,
        recipients=recipients,
        tenants=tenants,
        instances=instances,
        rivals=rivals,
        delay=(least, least + random.choice((0, 1, 10, 30))),
        version=random.choice(("2.3.7", "2.4.0")),
        hours=hours,
        pollers=random.randint(1, 4),
        fault_rate=random.choice(_RATES),
        delivery_rate=random.choice((0.0, 0.1, 0.3)),
        minute_rate=random.choice((0.0, 0.2, 0.5)),
        most_skew_ms=random.choice((0, 0, 100, 400)),
        row_delay=random.choice((0.0, 2.0, 20.0)),
        rules=_draw_rules(random, seed, recipients),
        ack_rules=tuple(
            AckRule(random.choice(_ACKS), phone=phone_of(random.randrange(recipients)))
            for _ in range(random.choice((0, 1, 3)))
        ),
        webhook_rules=_draw_webhook_rules(random),
        actions=actions,
        source=random.choice(list(SourceKind)),
        # Two days or three for all that an instance has to send.
        daily_limit=random.choice((None, 2 + (recipients + 3) * (1 + rivals) // 2))
        if is_all_day
        else None,
        most_step_ms=random.choice((300, 3_000)) if is_stepped else 0,
        scheduled_in_ms=random.choice((None, None, random.randrange(10 * MINUTE_MS))),
        resumes_on_reconnect=random.random() < 0.5,
        is_eager=random.random() < 0.5,
        is_contested=Random(f"contested {seed}").random() < 0.5,
    )
    if any(each.behaviour is Behaviour.SLOW for each in plan.rules):
        # The receipt comes while the request that it is for has no answer yet, and is the last.
        plan = replace(plan, ack_rules=(*plan.ack_rules, AckRule(_ACKS[3])))
    return replace(plan, actions=tuple(sorted((*actions, *_unscheduling(plan)), key=_at)))


def _at(action: Action) -> int:
    return action.at


def _unscheduling(plan: Plan) -> tuple[Action, ...]:
    """Some of those on schedule are taken off it: mostly before they are due."""
    random = Random(f"unscheduling {plan.seed}")
    if plan.scheduled_in_ms is None or random.random() < 0.5:
        return ()
    at = random.randrange(round(1.2 * plan.scheduled_in_ms) + 1)
    campaign = random.randrange(plan.instances)
    return (Action(at, ActionKind.UNSCHEDULE, campaign, random.randrange(1_000_000)),)


def _draw_hours(random: Random, seed: int) -> tuple[int, DayHours]:
    kind = random.choice(("always", "always", "always", "quiet", "window", "shift"))
    zone, start = "America/Sao_Paulo", _TUESDAY + timedelta(minutes=random.randrange(600))
    if kind == "shift":
        zone, start = random.choice(_SHIFTS)
        start += timedelta(minutes=random.randrange(60))
    local = start.astimezone(ZoneInfo(zone))
    minute = local.hour * 60 + local.minute
    hours = DayHours(zone)
    if kind == "quiet":
        # The night begins a few minutes after the start, or has begun.
        hours = DayHours(zone, 8 * 60, 21 * 60, is_quiet=True)
        start += timedelta(minutes=21 * 60 - minute - random.randrange(-10, 10))
    elif kind in {"window", "shift"}:
        begin = max(0, minute + random.randrange(-60, 30))
        end = min(DAY_MINUTES - 1, begin + random.randint(10, 180))
        hours = DayHours(zone, min(begin, end - 5), end)
        closing = Random(f"closing {seed}")
        if kind == "window" and closing.random() < 0.7:
            # In the middle of the first sends; the days after it are long enough for the rest.
            end = minute + closing.randrange(1, 4)
            hours = DayHours(zone, end - closing.randrange(40, 90), end)
    return round(start.timestamp() * 1_000), hours


def _draw_rules(random: Random, seed: int, recipients: int) -> tuple[SendRule, ...]:
    """The first one goes round with the seed, and strikes whoever is sent to first."""
    rules = []
    behaviours = list(Behaviour)
    for place in range(random.choice((0, 1, 1, 2, 4))):
        behaviour = random.choice(behaviours) if place else behaviours[seed % len(behaviours)]
        rules.append(
            SendRule(
                behaviour,
                phone=random.choice((None, phone_of(random.randrange(recipients))))
                if place
                else None,
                count=random.choice((1, 1, 2, 5)),
                after=random.choice((0, 0, 1)) if place else 0,
                seconds=random.choice((3.0, 25.0)),
                row=behaviour in UNREACHABLE or random.random() < 0.7,
            )
        )
    return tuple(rules)


def _draw_webhook_rules(random: Random) -> tuple[WebhookRule, ...]:
    drawn = [each for each in WebhookTrait if random.random() < 0.3]
    return tuple(
        WebhookRule(
            trait,
            event=random.choice((None, "messages.update", "messages.upsert")),
            probability=random.choice((0.1, 0.4)),
        )
        for trait in drawn
    )


def _draw_actions(random: Random, seed: int, instances: int) -> tuple[Action, ...]:
    """The first one goes round with the seed."""
    kinds = [kind for kind in ActionKind if kind is not ActionKind.UNSCHEDULE]
    count = random.choice((0, 1, 2, 4, 6))
    drawn = [random.choice(kinds) if place else kinds[seed % len(kinds)] for place in range(count)]
    actions = (
        Action(
            at=random.choice((random.randrange(60_000), random.randrange(1_200_000))),
            kind=kind,
            campaign=random.randrange(instances),
            choice=random.randrange(1_000_000),
        )
        for kind in drawn
    )
    return tuple(sorted(actions, key=_at))
