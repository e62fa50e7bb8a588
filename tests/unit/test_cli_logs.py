"""Lines of logs become entries, once each, from files that are rotated and events that are late."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from botocore.exceptions import ClientError, NoCredentialsError, NoRegionError

from campaigns.adapters.metrics import EmbeddedMetrics
from campaigns.services.ports_metrics import Count
from campaigns_cli.admin_logs import ago, stack_on_aws
from campaigns_cli.cloudwatch_logs import (
    CloudWatchLogs,
    aws_explained,
    configured_stack,
    log_group_of,
)
from campaigns_cli.errors import CliError, UnusableInput
from campaigns_cli.local_logs import LocalLogs, log_folder
from campaigns_cli.log_entries import Entry, Level
from local.template import Template
from tests.fakes.clock import FakeClock
from tests.fakes.log_group import FakeLogGroup

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LONG_AGO = NOON - timedelta(days=1)


def line(message, at=NOON, **fields):
    """As Powertools writes it."""
    stamp = f"{at:%Y-%m-%d %H:%M:%S},{at.microsecond // 1000:03}+0000"
    known = {"level": "INFO", "location": "tick:1", "message": message, "timestamp": stamp}
    return json.dumps({**known, "service": "campaigns", "cold_start": False, **fields})


def messages(entries):
    return [entry.message for entry in entries]


# ------------------------------------------------------------ entries


def test_a_line_of_powertools_is_read_and_shown_without_what_never_changes():
    at = NOON.replace(microsecond=123_000)
    entry = Entry.parse(line("schedule_run", at, due=3, function_request_id="r-1", tenant_id=None))
    assert (entry.at, entry.level, entry.request_id) == (at, "INFO", "r-1")
    shown = entry.to_text().plain
    assert shown.endswith("INFO    schedule_run due=3 request=r-1")
    assert shown.startswith(f"{at.astimezone():%Y-%m-%d %H:%M:%S}")


def test_an_exception_stands_below_its_line():
    trace = "Traceback (most recent call last):\n  File \"a.py\"\nKeyError: 'x'"
    shown = Entry.parse(line("job_failed", level="ERROR", exception=trace)).to_text().plain
    assert shown.splitlines()[1:] == ["    " + part for part in trace.splitlines()]


def test_a_line_of_metrics_is_shown_as_what_was_counted():
    written: list[str] = []
    metrics = EmbeddedMetrics("loja", FakeClock(), written.append)
    metrics.count(Count.MESSAGES_SENT, 3)
    metrics.publish()
    assert Entry.parse(written[0], NOON).to_text().plain.endswith("metrics MessagesSent=3")


def test_what_people_wrote_is_no_markup():
    assert "[bold]x[/bold]" in Entry.parse(line("[bold]x[/bold]")).to_text().plain


@pytest.mark.parametrize(
    ("kind", "record", "level", "shown"),
    [
        ("platform.start", {"requestId": "r-1", "version": "$LATEST"}, "DEBUG", "platform.start"),
        (
            "platform.report",
            {"requestId": "r-1", "status": "success", "metrics": {"durationMs": 12.5}},
            "INFO",
            "platform.report status=success durationMs=12.5",
        ),
        (
            "platform.report",
            {"requestId": "r-1", "status": "timeout"},
            "ERROR",
            "platform.report status=timeout",
        ),
    ],
)
def test_what_lambda_says_of_a_call_matters_when_it_went_wrong(kind, record, level, shown):
    content = {"time": "2026-11-22T12:00:00.000Z", "type": kind, "record": record}
    entry = Entry.parse(json.dumps(content))
    assert (entry.at, entry.level) == (NOON, level)
    assert f"{shown} request=r-1" in entry.to_text().plain


def test_an_error_object_of_lambda_tells_its_message():
    content = {"errorType": "ValueError", "errorMessage": "no", "stackTrace": ["  File a\n"]}
    entry = Entry.parse(json.dumps({**content, "level": "ERROR", "timestamp": NOON.isoformat()}))
    assert (entry.at, entry.message, entry.details) == (NOON, "no", "  File a")


@pytest.mark.parametrize("text", ["Traceback (most recent call last):", "", "[1, 2]", "42", "{"])
def test_text_that_is_no_entry_is_kept_as_it_is(text):
    entry = Entry.parse(text, NOON)
    assert (entry.at, entry.level, entry.message) == (NOON, None, text)
    assert json.loads(entry.to_json()) == {"message": text}


def test_an_entry_in_json_is_what_the_function_wrote():
    assert Entry.parse(line("call", route="/x")).to_json() == line("call", route="/x")


@pytest.mark.parametrize(
    ("level", "lowest", "matters"),
    [
        ("INFO", Level.INFO, True),
        ("INFO", Level.WARNING, False),
        ("WARN", Level.WARNING, True),
        ("CRITICAL", Level.ERROR, True),
        ("DEBUG", None, True),
    ],
)
def test_a_level_is_the_lowest_that_is_shown(level, lowest, matters):
    assert Entry.parse(line("x", level=level)).matters(lowest) is matters


def test_text_without_a_level_is_never_held_back():
    assert Entry.parse("KeyError: 'x'").matters(Level.ERROR)


# ------------------------------------------------------------ the local stack


def write(path, *lines):
    with path.open("a") as file:
        file.writelines(f"{one}\n" for one in lines)


def test_the_workers_of_one_function_are_read_together_in_the_order_of_time(tmp_path):
    write(tmp_path / "campaigns-api-1.log", line("c", NOON + timedelta(seconds=2)))
    write(tmp_path / "campaigns-api-2.log", line("b", NOON + timedelta(seconds=1)))
    write(tmp_path / "campaigns-api-2.log.1", line("a", NOON))
    write(tmp_path / "campaigns-scheduler-1.log", line("not me"))
    write(tmp_path / "ministack.log", "not me")
    assert messages(LocalLogs(tmp_path, "api", LONG_AGO).poll()) == ["a", "b", "c"]


def test_a_poll_gives_what_is_new_and_a_line_only_when_it_is_whole(tmp_path):
    path = tmp_path / "campaigns-api-1.log"
    logs = LocalLogs(tmp_path, "api", LONG_AGO)
    assert logs.poll() == []
    write(path, line("first"))
    assert messages(logs.poll()) == ["first"]
    whole = line("olá")
    cut = len(whole.encode()) - 3
    with path.open("ab") as file:
        file.write(whole.encode()[:cut])
        file.flush()
        assert logs.poll() == []
        file.write(whole.encode()[cut:] + b"\n")
    assert messages(logs.poll()) == ["olá"]
    assert logs.poll() == []


def test_nothing_is_lost_or_told_twice_when_a_log_is_rotated_between_two_polls(tmp_path):
    path = tmp_path / "campaigns-api-1.log"
    write(path, line("one"))
    logs = LocalLogs(tmp_path, "api", LONG_AGO)
    assert messages(logs.poll()) == ["one"]
    write(path, line("two"))
    path.replace(tmp_path / "campaigns-api-1.log.1")
    write(path, line("three"))
    assert messages(logs.poll()) == ["two", "three"]
    assert logs.poll() == []


def test_a_log_that_begins_anew_is_read_from_its_beginning(tmp_path):
    path = tmp_path / "campaigns-api-1.log"
    write(path, line("a longer line than the next"), line("and another"))
    logs = LocalLogs(tmp_path, "api", LONG_AGO)
    logs.poll()
    path.write_text(line("short") + "\n")
    assert messages(logs.poll()) == ["short"]


def test_older_entries_are_left_out_and_a_traceback_stays_with_its_entry(tmp_path):
    path = tmp_path / "campaigns-api-1.log"
    write(path, line("old", NOON - timedelta(minutes=5)), "Traceback: old")
    write(path, line("new", NOON + timedelta(minutes=1)), "Traceback: new")
    entries = LocalLogs(tmp_path, "api", NOON).poll()
    assert messages(entries) == ["new", "Traceback: new"]


def test_the_logs_are_those_of_the_nearest_stack_running_or_not(tmp_path):
    (tmp_path / ".local" / "logs").mkdir(parents=True)
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert log_folder({}, below) == tmp_path / ".local" / "logs"
    assert log_folder({"STATE_DIR": str(tmp_path / "other")}, below) is None


# ------------------------------------------------------------ AWS


class Clock:
    def __init__(self):
        self.at = NOON

    def __call__(self):
        return self.at


def test_events_are_told_once_and_in_order_however_late_they_come():
    group, clock = FakeLogGroup(), Clock()
    group.put(NOON - timedelta(hours=2), line("too old"))
    for number in range(7):
        group.put(NOON - timedelta(seconds=70 - number), line(f"m{number}"))
    logs = CloudWatchLogs(group, "/g", NOON - timedelta(hours=1), term=None, now=clock)
    assert messages(logs.poll()) == [f"m{number}" for number in range(7)]
    clock.at += timedelta(seconds=3)
    group.put(NOON - timedelta(seconds=75), line("late"))
    group.put(NOON, line("new"))
    assert messages(logs.poll()) == ["late", "new"]
    clock.at += timedelta(minutes=5)
    assert logs.poll() == []
    group.put(clock.at, line("newest"))
    assert messages(logs.poll()) == ["newest"]


def test_following_looks_back_over_what_may_be_late_and_no_further():
    group, clock = FakeLogGroup(), Clock()
    logs = CloudWatchLogs(group, "/g", NOON - timedelta(hours=1), term=None, now=clock)
    for _ in range(3):
        logs.poll()
        clock.at += timedelta(minutes=10)
    first, *others = [datetime.fromtimestamp(each / 1000, UTC) for each in group.asked_from]
    assert first == NOON - timedelta(hours=1)
    assert others == [NOON - timedelta(seconds=90), NOON + timedelta(minutes=8, seconds=30)]


def test_a_campaigns_lines_are_chosen_on_aws():
    group = FakeLogGroup()
    group.put(NOON, line("hers", campaign_id="cp_1"))
    group.put(NOON, line("another's", campaign_id="cp_2"))
    logs = CloudWatchLogs(group, "/g", LONG_AGO, term="cp_1", now=Clock())
    assert messages(logs.poll()) == ["hers"]


def test_an_event_without_a_time_of_its_own_has_that_of_cloudwatch():
    group = FakeLogGroup()
    group.put(NOON, "Traceback\n")
    (entry,) = CloudWatchLogs(group, "/g", LONG_AGO, term=None, now=Clock()).poll()
    assert (entry.at, entry.message) == (NOON, "Traceback")


class Stack:
    """CloudFormation, which knows what the template calls its resources."""

    def describe_stack_resource(self, *, StackName, LogicalResourceId):  # noqa: N803
        template = Template(attributes={"AWS::StackName": StackName})
        name = template.properties(LogicalResourceId, "LogGroupName")["LogGroupName"]
        return {"StackResourceDetail": {"PhysicalResourceId": name}}


@pytest.mark.parametrize("function", ["api", "scheduler", "dispatcher"])
def test_each_functions_log_group_is_the_templates(function):
    assert log_group_of(Stack(), "shop", function) == f"/aws/lambda/shop-{function}"


def refusal(code):
    return ClientError({"Error": {"Code": code, "Message": "because"}}, "FilterLogEvents")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (refusal("ValidationError"), "--stack"),
        (refusal("AccessDeniedException"), "logs:FilterLogEvents"),
        (refusal("ExpiredTokenException"), "entre de novo"),
        (refusal("Strange"), "Strange: because"),
        (NoCredentialsError(), "AWS_PROFILE"),
        (NoRegionError(), "AWS_DEFAULT_REGION"),
    ],
)
def test_a_refusal_of_aws_says_what_to_do(error, words):
    with pytest.raises(CliError, match=words), aws_explained("shop"):
        raise error


# ------------------------------------------------------------ which logs


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("90s", timedelta(seconds=90)),
        ("10m", timedelta(minutes=10)),
        (" 2h", timedelta(hours=2)),
        ("1d", timedelta(days=1)),
    ],
)
def test_a_span_of_time_is_typed_short(text, span):
    assert ago(text) == span


@pytest.mark.parametrize("text", ["", "10", "m", "-5m", "1.5h", "10 m", "1w", "99999d"])
def test_a_span_that_is_none_is_refused(text):
    with pytest.raises(UnusableInput, match="10m"):
        ago(text)


def test_a_deployment_is_meant_where_one_is_named_or_set(tmp_path):
    (tmp_path / "samconfig.toml").write_text(
        '[default.global.parameters]\nstack_name = "from-sam"\n'
    )
    assert stack_on_aws(None, {}, tmp_path) is None
    assert stack_on_aws("shop", {}, tmp_path) == "shop"
    assert stack_on_aws(None, {"TABLE_NAME": "t"}, tmp_path / "below") == "from-sam"
    assert stack_on_aws("shop", {"TABLE_NAME": "t"}, tmp_path) == "shop"


def test_a_deployment_without_a_name_is_asked_for(tmp_path):
    (tmp_path / "samconfig.toml").write_text("version = 0.1\n")
    with pytest.raises(UnusableInput, match="--stack"):
        stack_on_aws(None, {"TABLE_NAME": "t"}, tmp_path)


def test_the_name_that_a_deploy_has_of_its_own_goes_first(tmp_path):
    (tmp_path / "samconfig.toml").write_text(
        '[default.global.parameters]\nstack_name = "all"\n'
        '[default.deploy.parameters]\nstack_name = "deployed"\n'
    )
    assert configured_stack(tmp_path) == "deployed"
    assert configured_stack(Path(os.sep)) is None
