"""What the storm judges by itself, beside the simulator's judge."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.sending_window import DayWindow, SendingWindow, is_open
from tests.e2e.storm_evidence import out_of_turn
from tests.e2e.storm_logs import read_logs, unexpected
from tests.e2e.storm_plan import ClosedMinute, closing_soon, draw
from tests.simulator.evidence import Departure, Evidence
from tests.simulator.plan import DayHours

MINUTE_MS = 60_000


def window_of(hours: ClosedMinute) -> SendingWindow:
    """The product's own window of the same schedule."""
    schedule = hours.schedule()
    windows = tuple(
        DayWindow.parse(str(schedule[f"{half}_start"]), str(schedule[f"{half}_end"]))
        for half in ("morning", "afternoon")
    )
    return SendingWindow(
        windows, skip_weekends=False, skip_holidays=False, zone=ZoneInfo(hours.zone)
    )


def departures(*left: tuple[int, str]) -> Evidence:
    return Evidence(
        campaigns=[],
        phones={},
        heads={},
        people={},
        counters={},
        shown=[],
        departures=[Departure(at, "loja-0", "5511990000001", text) for at, text in left],
        done=[],
        hours=DayHours("UTC"),
        least_gap_ms=1_000,
    )


@given(now=st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2027, 1, 1)))  # noqa: DTZ001 - hypothesis wants them naive
def test_the_shut_minute_comes_within_the_storm_and_is_the_products_own(now: datetime) -> None:
    now = now.replace(tzinfo=UTC)
    hours = closing_soon(now)
    window = window_of(hours)

    seconds = [now + timedelta(seconds=each) for each in range(0, 180, 5)]
    shut = [each for each in seconds if not hours.is_open(round(each.timestamp() * 1_000))]

    assert shut == [each for each in seconds if not is_open(window, each, lambda _: False)]
    assert 11 <= len(shut) <= 12
    assert timedelta(seconds=35) <= shut[0] - now <= timedelta(seconds=105)


def test_a_seed_draws_the_same_storm_again() -> None:
    assert draw(7, 120) == draw(7, 120) != draw(8, 120)


def test_a_campaign_that_sends_after_another_has_begun_is_out_of_turn() -> None:
    in_turn = departures((1, "C0: Oi"), (2, "C0: Oi"), (3, "C8: Oi"))
    mixed = departures((1, "C0: Oi"), (2, "C8: Oi"), (3, "C0: Oi"))

    assert not list(out_of_turn(in_turn))
    assert len(list(out_of_turn(mixed))) == 1


def test_an_exception_of_the_codes_own_is_told_and_that_of_an_absent_emulator_is_not() -> None:
    lines = [
        'a.log: {"level": "ERROR", "message": "job_failed", "exception_name": "KeyError"}',
        'a.log: {"level": "ERROR", "error": "EndpointConnectionError"}',
        'a.log: {"level": "INFO", "message": "call"}',
        "a.log: ConnectionRefusedError: [Errno 111] Connection refused",
        "a.log: ",
        "a.log: During handling of the above exception, another exception occurred:",
        "a.log: botocore.exceptions.EndpointConnectionError: Could not connect",
        "a.log: AttributeError: no such thing",
        "a.log: Traceback (most recent call last):",
    ]

    assert list(unexpected(lines)) == [lines[0], lines[7]]


def test_a_request_that_is_wrong_is_told_though_the_sdk_raised_it() -> None:
    lines = [
        "a.log: botocore.exceptions.ClientError: An error occurred (ValidationException) when"
        " calling the UpdateItem operation: Two document paths overlap",
        "a.log: During handling of the above exception, another exception occurred:",
        "a.log: pynamodb.exceptions.UpdateError: Failed to update item",
        'a.log: {"level": "ERROR", "exception_name": "ParamValidationError"}',
    ]

    assert list(unexpected(lines)) == [lines[0], lines[3]]


def test_only_the_terminal_of_the_stack_may_show_its_owners_key(tmp_path: Path) -> None:
    (tmp_path / "stack.log").write_text("chave do dono  ak_1\nready\n")
    (tmp_path / "campaigns-api-1.log").write_text("ak_1\n")

    assert read_logs(tmp_path, "ak_1") == ["campaigns-api-1.log: ak_1", "stack.log: ready"]
