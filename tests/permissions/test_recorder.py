"""Every client's calls are recorded, for whoever acts, in whatever thread or process."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import boto3
import botocore.handlers
import pytest

from campaigns.adapters.clock import Threads
from campaigns.adapters.dynamodb.table import Item, Key, Table
from campaigns.settings import Settings
from tests.fakes.aws import create_kms_key, model_table, moto_table
from tests.fakes.virtual_clock import VirtualClock
from tests.permissions.calls import Call
from tests.permissions.recorder import FOLDER, Recorder, acting_as, install
from tests.permissions.recordings import ROOT

NOBODY = Key("nobody", "nothing")
#: Who is none of the functions: what these tests call is no proof that a right is used.
WHO = "somebody"
GET = Call(WHO, "dynamodb:GetItem", "dynamodb:GetItem", "TABLE_NAME")


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """Hears of every client that is made from now on, and in place of the run's own recorder."""
    handlers = [
        each
        for each in botocore.handlers.BUILTIN_HANDLERS
        if getattr(each[1], "__module__", None) != install.__module__
    ]
    monkeypatch.setattr(botocore.handlers, "BUILTIN_HANDLERS", handlers)
    install(recorder := Recorder())
    return recorder


@pytest.fixture(params=[model_table, moto_table])
def table(recorder: Recorder, request: pytest.FixtureRequest) -> Iterator[Table]:
    """A table of the model's, whose calls are never sent, and one of moto's."""
    with request.param() as table:
        yield table


def settings_of(table: Table, **fields: str) -> Settings:
    return Settings(
        table.name, "", fields.pop("kms_key_id", ""), fields.pop("scheduler_function_name", "")
    )


def test_a_call_is_recorded_for_whoever_acts(table: Table, recorder: Recorder) -> None:
    with acting_as(WHO, settings_of(table)):
        table.get(Item, NOBODY)
        table.get(Item, NOBODY)
        table.query(Item, "nobody", index="by_list")
    assert recorder.counts == {
        GET: 2,
        Call(WHO, "dynamodb:Query", "dynamodb:Query", "TABLE_NAME/index/by_list"): 1,
    }


def test_a_transaction_is_recorded_by_what_it_is_made_of(table: Table, recorder: Recorder) -> None:
    with acting_as(WHO, settings_of(table)):
        table.transact([("Put", table.put_request(Item("a", "b")))])
    assert set(recorder.counts) == {
        Call(WHO, "dynamodb:TransactWriteItems", "dynamodb:PutItem", "TABLE_NAME")
    }


def test_what_nobody_is_said_to_do_is_not_recorded(table: Table, recorder: Recorder) -> None:
    table.get(Item, NOBODY)
    with acting_as(WHO, settings_of(table)):
        pass
    table.get(Item, NOBODY)
    assert not recorder.counts


def test_who_acts_inside_acts_and_then_the_other_again(table: Table, recorder: Recorder) -> None:
    settings = settings_of(table)
    with acting_as(WHO, settings):
        with acting_as("another", settings):
            table.get(Item, NOBODY)
        table.get(Item, NOBODY)
    assert recorder.counts == {GET: 1, GET._replace(who="another"): 1}


def test_a_resource_that_the_settings_do_not_name_keeps_its_own_name(
    table: Table, recorder: Recorder
) -> None:
    with acting_as(WHO, Settings("another", "", "", "")):
        table.get(Item, NOBODY)
    assert set(recorder.counts) == {GET._replace(resource=f"?{table.name}")}


def test_tasks_on_other_threads_are_their_callers(table: Table, recorder: Recorder) -> None:
    with acting_as(WHO, settings_of(table)):
        Threads(4)([partial(table.get, Item, NOBODY)] * 5)
    assert recorder.counts == {GET: 5}


def test_tasks_on_the_virtual_clock_are_their_callers_and_no_others(
    table: Table, recorder: Recorder
) -> None:
    clock, settings = VirtualClock(0), settings_of(table)

    def act() -> None:
        with acting_as(WHO, settings):
            clock.side_by_side([partial(_get_later, clock, table)] * 3)

    clock.spawn(act, kind="function")
    clock.spawn(partial(_get_later, clock, table), kind="somebody else")
    clock.sleep(1_000)
    assert recorder.counts == {GET: 3}


def _get_later(clock: VirtualClock, table: Table) -> None:
    clock.sleep(10)
    table.get(Item, NOBODY)


def test_a_call_that_aws_refuses_was_made(recorder: Recorder) -> None:
    with moto_table() as table, acting_as(WHO, settings_of(table, kms_key_id=create_kms_key())):
        kms = boto3.session.Session().client("kms")
        with pytest.raises(kms.exceptions.InvalidCiphertextException):
            kms.decrypt(CiphertextBlob=b"x" * 60)
    assert set(recorder.counts) == {Call(WHO, "kms:Decrypt", "kms:Decrypt", "KMS_KEY_ID")}


def test_a_repeat_of_the_sdk_is_one_call(recorder: Recorder) -> None:
    closed = "http://127.0.0.1:9"
    sqs = boto3.session.Session(
        aws_access_key_id="x",
        aws_secret_access_key="x",
        region_name="us-east-1",
    ).client("sqs", endpoint_url=closed)
    with acting_as(WHO, Settings("", closed, "", "")), pytest.raises(Exception, match="connect"):
        sqs.send_message(QueueUrl=closed, MessageBody="x")
    assert recorder.counts == {Call(WHO, "sqs:SendMessage", "sqs:SendMessage", "QUEUE_URL"): 1}


def test_a_file_tells_of_every_call_and_of_half_its_count_at_any_moment(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    for count in range(1, 41):
        recorder.note(GET)
        assert _count(tmp_path) * 2 > count
    assert len(next(tmp_path.iterdir()).read_text().splitlines()) == 6
    recorder.flush()
    assert _count(tmp_path) == 40


def _count(folder: Path) -> int:
    (file,) = folder.iterdir()
    *call, count = json.loads(file.read_text().splitlines()[-1])
    assert Call(*call) == GET
    return int(count)


_WORKER = """
import os, signal
import tests.permissions.in_worker
import boto3
from botocore.config import Config
try:
    quick = Config(retries={"total_max_attempts": 1})
    boto3.client("lambda", config=quick).invoke(FunctionName="campaigns-scheduler")
except Exception:
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize(
    ("handler", "told"),
    [
        ("api_handler.handler", [["api", "lambda:Invoke", "lambda:InvokeFunction"]]),
        ("toy_api.handler", []),
    ],
)
def test_a_worker_that_is_killed_has_told_what_its_function_called(
    tmp_path: Path, handler: str, told: list[list[str]]
) -> None:
    environment = {
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "PATH": os.environ["PATH"],
        "SCHEDULER_FUNCTION_NAME": "campaigns-scheduler",
        "_HANDLER": handler,
        FOLDER: str(tmp_path),
    }
    worker = subprocess.run(  # noqa: S603 - our own
        [sys.executable, "-c", _WORKER], env=environment, cwd=ROOT, check=False
    )
    assert worker.returncode == -signal.SIGKILL
    lines = [line for file in tmp_path.iterdir() for line in file.read_text().splitlines()]
    assert [json.loads(line)[:3] for line in lines] == told
    assert all(json.loads(line)[3] == "SCHEDULER_FUNCTION_NAME" for line in lines)
