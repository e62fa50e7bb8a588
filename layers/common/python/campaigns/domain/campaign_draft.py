"""A campaign as its owner asks for it: whole and consistent, or refused with all its faults."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from campaigns.domain.errors import FieldError
from campaigns.domain.hours import custom_windows
from campaigns.domain.instants import known_zone
from campaigns.domain.model import Schedule
from campaigns.domain.plain_text import has_controls, is_blank
from campaigns.domain.rendering import TEXT_LIMIT
from campaigns.domain.sending_window import (
    InvalidSendingWindow,
    ScheduleType,
    SendingWindow,
    SendingWindowProblem,
)
from campaigns.domain.sources import NamedSources, check_sources

NAME_LIMIT: Final = 200
DESCRIPTION_LIMIT: Final = 2_000
MESSAGES_LIMIT: Final = 5

#: Weekends and holidays that a schedule leaves out by its kind; a custom period says so itself.
_SKIPS: Final = {
    ScheduleType.IMMEDIATE: False,
    ScheduleType.BUSINESS_DAYS: True,
    ScheduleType.BUSINESS_HOURS: False,
}
_WINDOWS: Final = (("morning_start", "morning_end"), ("afternoon_start", "afternoon_end"))


@dataclass(frozen=True, slots=True)
class CampaignDraft:
    """What a campaign is to be. `schedule` as its owner wrote it."""

    name: str
    instance_id: str
    schedule: Schedule
    message_texts: Sequence[str]
    contact_ids: Sequence[str] = ()
    group_ids: Sequence[str] = ()
    tags: Sequence[str] = ()
    description: str = ""
    allow_missing: bool = False
    resume_on_reconnect: bool = False

    @property
    def named(self) -> NamedSources:
        """Whom it is for."""
        return NamedSources(self.contact_ids, self.group_ids, self.tags)


@dataclass(frozen=True, slots=True)
class CampaignEdit:
    """What a campaign is to be from now on, whole. `schedule` as its owner wrote it."""

    name: str
    description: str
    instance_id: str
    schedule: Schedule
    allow_missing: bool
    resume_on_reconnect: bool


def effective(schedule: Schedule) -> Schedule:
    """Hours of its own and skip flags count only for a custom period; other kinds fix theirs."""
    skips = _SKIPS.get(ScheduleType(schedule.schedule_type))
    if skips is None:
        return schedule
    return replace(
        schedule,
        morning_start=None,
        morning_end=None,
        afternoon_start=None,
        afternoon_end=None,
        skip_weekends=skips,
        skip_holidays=skips,
    )


def check_draft(draft: CampaignDraft) -> tuple[FieldError, ...]:
    """Name, texts, number of contacts and schedule, before anything is looked up."""
    return (
        *check_name(draft.name),
        *check_description(draft.description),
        *_check_count(draft.message_texts),
        *(
            error
            for number, text in enumerate(draft.message_texts)
            for error in check_text(f"message_texts.{number}", text)
        ),
        *check_sources(draft.named),
        *_check_schedule(draft.schedule),
    )


def check_edit(edit: CampaignEdit) -> tuple[FieldError, ...]:
    """Name, description and schedule, before anything is looked up."""
    return (
        *check_name(edit.name),
        *check_description(edit.description),
        *_check_schedule(edit.schedule),
    )


def check_name(name: str) -> Iterator[FieldError]:
    """A name has 1 to 200 characters, not all of them blank."""
    yield from _check_text("name", name, NAME_LIMIT, lines=False)


def check_description(description: str) -> Iterator[FieldError]:
    if has_controls(description, lines=True):
        yield FieldError("description", "invalid_text", "invalid_text")
    if len(description) > DESCRIPTION_LIMIT:
        yield _too_long("description", DESCRIPTION_LIMIT)


def check_text(field: str, text: str) -> Iterator[FieldError]:
    """A wording has 1 to 4,096 characters, not all of them blank."""
    yield from _check_text(field, text, TEXT_LIMIT, lines=True)


def _check_text(field: str, text: str, limit: int, *, lines: bool) -> Iterator[FieldError]:
    if is_blank(text):
        yield FieldError(field, "required", "required")
    elif has_controls(text, lines=lines):
        yield FieldError(field, "invalid_text", "invalid_text")
    if len(text) > limit:
        yield _too_long(field, limit)


def _check_count(texts: Sequence[str]) -> Iterator[FieldError]:
    if len(texts) > MESSAGES_LIMIT:
        yield FieldError("message_texts", "too_many", "too_many", {"limit": MESSAGES_LIMIT})
    if not texts:
        yield FieldError("message_texts", "required", "required")


def _check_schedule(schedule: Schedule) -> Iterator[FieldError]:
    zone = known_zone(schedule.timezone)
    if zone is None:
        yield FieldError("timezone", "unknown_timezone", "unknown_timezone")
        return
    if schedule.schedule_type != ScheduleType.CUSTOM_PERIOD:
        return
    halves = list(_half_given(schedule))
    yield from halves
    if halves:
        return
    try:
        SendingWindow.for_schedule(
            ScheduleType.CUSTOM_PERIOD, zone, custom=custom_windows(schedule)
        )
    except InvalidSendingWindow as problem:
        field = _faulty_field(schedule, problem.code)
        yield FieldError(field, problem.code.value, problem.code.value)


def _half_given(schedule: Schedule) -> Iterator[FieldError]:
    """A window is whole: with a start it has an end, and the other way round."""
    for pair in _WINDOWS:
        given = [name for name in pair if getattr(schedule, name) is not None]
        if len(given) == 1:
            missing = next(name for name in pair if name not in given)
            yield FieldError(missing, "required", "required")


def _faulty_field(schedule: Schedule, problem: SendingWindowProblem) -> str:
    """The first field to look at: the window that is wrong by itself, or where they meet."""
    if problem is SendingWindowProblem.WINDOWS_OVERLAP:
        return "afternoon_start"
    for start, end in _WINDOWS:
        alone = Schedule(
            schedule.schedule_type,
            schedule.timezone,
            morning_start=getattr(schedule, start),
            morning_end=getattr(schedule, end),
        )
        try:
            custom_windows(alone)
        except InvalidSendingWindow:
            return end
    return "morning_start"


def _too_long(field: str, limit: int) -> FieldError:
    return FieldError(field, "too_long", "too_long", {"limit": limit})
