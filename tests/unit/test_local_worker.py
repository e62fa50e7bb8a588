"""One event in a worker: the answer, or Lambda's error object."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from local.process import ROOT
from local.worker import LambdaContext, run

ARN = "arn:aws:lambda:us-east-1:000000000000:function:campaigns-api"


@pytest.fixture
def context(monkeypatch: pytest.MonkeyPatch) -> LambdaContext:
    for name, value in {
        "AWS_LAMBDA_FUNCTION_NAME": "campaigns-api",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/campaigns-api",
        "AWS_LAMBDA_LOG_STREAM_NAME": "campaigns-api-1",
    }.items():
        monkeypatch.setenv(name, value)
    return LambdaContext("request-1", int(time.time() * 1000) + 60_000, ARN)


def failing(_event: Any, _context: LambdaContext) -> None:
    raise LookupError("nobody")


def test_the_handlers_answer_is_json(context: LambdaContext) -> None:
    answer, failed = run(lambda event, _: {"got": event}, b'{"a": 1}', context)

    assert (json.loads(answer), failed) == ({"got": {"a": 1}}, False)


def test_an_exception_is_lambdas_error_object(context: LambdaContext) -> None:
    answer, failed = run(failing, b"{}", context)
    error = json.loads(answer)

    assert failed
    assert error["errorType"] == "LookupError"
    assert error["errorMessage"] == "nobody"
    assert error["requestId"] == "request-1"
    assert "in failing" in error["stackTrace"][0]


def test_an_answer_that_is_no_json_is_an_error(context: LambdaContext) -> None:
    answer, failed = run(lambda _event, _context: {1, 2}, b"{}", context)

    assert failed
    assert json.loads(answer)["errorType"] == "Runtime.MarshalError"


def test_an_answer_over_six_megabytes_is_an_error(context: LambdaContext) -> None:
    answer, failed = run(lambda _event, _context: "x" * 6 * 1024 * 1024 + "x" * 100, b"{}", context)

    assert failed
    assert json.loads(answer)["errorType"] == "Function.ResponseSizeTooLarge"


def test_the_context_is_that_of_the_invocation(context: LambdaContext) -> None:
    assert context.function_name == "campaigns-api"
    assert context.aws_request_id == "request-1"
    assert context.memory_limit_in_mb == "512"
    assert context.invoked_function_arn == ARN
    assert 0 < context.get_remaining_time_in_millis() <= 60_000


def test_no_time_remains_after_the_deadline(context: LambdaContext) -> None:
    assert LambdaContext("request-1", 0, ARN).get_remaining_time_in_millis() == 0


ROTATING = """
import sys
from pathlib import Path
from local.worker import rotate
log = Path(sys.argv[1])
for number in range(10):
    print(f"line {number}")
    print(f"error {number}", file=sys.stderr, flush=True)
    rotate(log, limit_bytes=40)
    if number == 7:
        log.unlink()
"""


def test_an_outgrown_log_goes_on_in_a_new_file_and_loses_nothing(tmp_path: Path) -> None:
    log = tmp_path / "campaigns-api-1.log"
    with log.open("ab") as output:
        subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-c", ROTATING.replace("if number == 7", "if False"), str(log)],
            cwd=ROOT,
            stdout=output,
            stderr=output,
            check=True,
        )
    older = log.with_name("campaigns-api-1.log.1").read_text()
    newest = log.read_text()
    lines = f"{older}{newest}".splitlines()
    assert len(older) >= 40 > len(newest)
    assert len(lines) >= 4
    assert lines[-2:] == ["line 9", "error 9"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [log.name, f"{log.name}.1"]


def test_a_log_that_somebody_tidied_away_is_no_reason_to_fail(tmp_path: Path) -> None:
    log = tmp_path / "campaigns-api-1.log"
    with log.open("ab") as output:
        subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-c", ROTATING, str(log)],
            cwd=ROOT,
            stdout=output,
            stderr=output,
            check=True,
        )
    assert "line 9" in log.read_text()
