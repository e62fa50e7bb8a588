"""`campaigns admin logs` as it is typed, over a stack's folder and over an emulator of AWS."""

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import boto3
import pytest

from campaigns_cli.main import main
from local.template import TEMPLATE, Template
from tests.fakes.aws import CREDENTIALS
from tests.permissions.operators import at_the_desk

PATIENCE_SECONDS = 30
STACK = "shop"


def line(message, level="INFO", **fields):
    at = datetime.now(UTC) - timedelta(seconds=30)
    stamp = f"{at:%Y-%m-%d %H:%M:%S},000+0000"
    return json.dumps({"level": level, "message": message, "timestamp": stamp, **fields})


@pytest.fixture
def log(tmp_path, monkeypatch):
    """The log of a worker of the scheduler in a local stack's folder."""
    monkeypatch.delenv("TABLE_NAME", raising=False)
    monkeypatch.setenv("STATE_DIR", str(tmp_path))
    folder = tmp_path / "logs"
    folder.mkdir()
    path = folder / "campaigns-scheduler-1.log"
    path.write_text(
        line("schedule_run", due=2)
        + "\n"
        + line("due_work_failed", "ERROR", campaign_id="cp_1")
        + "\n"
    )
    return path


@pytest.fixture
def run(monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["campaigns", "admin", "logs", *arguments])
        with at_the_desk("logs"), pytest.raises(SystemExit) as end:
            main()
        output = capsys.readouterr()
        return end.value.code or 0, output.out, output.err

    return run


def test_the_local_stacks_logs_are_read_and_say_where_they_are(run, log):
    code, out, err = run("scheduler")
    assert code == 0
    first, second = out.splitlines()
    assert "INFO    schedule_run due=2" in first
    assert "ERROR   due_work_failed campaign_id=cp_1" in second
    assert str(log.parent) in err


def test_levels_campaigns_and_times_are_chosen(run, log):
    assert "schedule_run" not in run("scheduler", "--level", "warning")[1]
    assert "schedule_run" not in run("scheduler", "--campaign", "cp_1")[1]
    assert run("scheduler", "--campaign", "cp_2")[1] == ""
    assert run("scheduler", "--since", "5s")[1] == ""
    code, out, err = run("api")
    assert (code, out) == (0, "")
    assert "Nada nos últimos 10m" in err


def test_json_is_the_lines_as_they_were_written(run, log):
    assert run("scheduler", "--json")[1] == log.read_text()


def test_without_a_stack_it_says_what_to_do(run, monkeypatch, tmp_path):
    monkeypatch.delenv("TABLE_NAME", raising=False)
    monkeypatch.setenv("STATE_DIR", str(tmp_path))
    code, _, err = run("scheduler")
    assert code == 2
    assert "make run" in err
    assert "--stack" in err


def test_what_is_written_while_it_follows_comes_at_once_and_ctrl_c_ends_it(log):
    with subprocess.Popen(
        [sys.executable, "-m", "campaigns_cli.main", "admin", "logs", "scheduler", "--follow"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as process:
        assert process.stdout is not None
        try:
            assert "schedule_run" in process.stdout.readline()
            assert "due_work_failed" in process.stdout.readline()
            with log.open("a") as file:
                file.write(line("written_later") + "\n")
            assert "written_later" in process.stdout.readline()
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=PATIENCE_SECONDS)
        finally:
            process.kill()
    assert process.returncode == 130
    assert "nada mudou" in err
    assert "Traceback" not in err


@pytest.fixture
def deployed(ministack_url, monkeypatch):
    """A stack with the template's own log groups; gives what puts a line into one."""
    for name, value in (CREDENTIALS | {"AWS_ENDPOINT_URL": ministack_url}).items():
        monkeypatch.setenv(name, value)
    template = Template(TEMPLATE, {"AWS::StackName": STACK})
    groups = {
        name: {
            "Type": "AWS::Logs::LogGroup",
            "Properties": template.properties(name, "LogGroupName"),
        }
        for name in ("ApiLogGroup", "SchedulerLogGroup", "DispatcherLogGroup")
    }
    cloudformation = boto3.client("cloudformation")
    cloudformation.create_stack(StackName=STACK, TemplateBody=json.dumps({"Resources": groups}))
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=STACK, WaiterConfig={"Delay": 1}
    )
    logs = boto3.client("logs")

    def put(function, *messages):
        group = f"/aws/lambda/{STACK}-{function}"
        logs.create_log_stream(logGroupName=group, logStreamName="one")
        now = int(datetime.now(UTC).timestamp() * 1000)
        events = [{"timestamp": now, "message": message} for message in messages]
        logs.put_log_events(logGroupName=group, logStreamName="one", logEvents=events)

    yield put
    cloudformation.delete_stack(StackName=STACK)


@pytest.mark.ministack
def test_a_deployments_logs_are_read_by_the_name_of_its_stack(run, deployed):
    deployed("dispatcher", line("hers", campaign_id="cp_1"), line("another's", campaign_id="cp_2"))
    deployed("api", line("call"))
    code, out, err = run("dispatcher", "--stack", STACK, "--campaign", "cp_1", "--json")
    assert (code, err) == (0, "")
    assert [json.loads(each)["message"] for each in out.splitlines()] == ["hers"]


@pytest.mark.ministack
def test_a_stack_that_is_not_there_is_told_with_what_to_check(run, deployed):
    code, _, err = run("api", "--stack", "nobody")
    assert code == 1
    assert "--stack, AWS_PROFILE e AWS_DEFAULT_REGION" in err
