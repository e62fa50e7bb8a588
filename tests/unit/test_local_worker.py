"""One event in a worker: the answer, or Lambda's error object."""

import json
import time
from typing import Any

import pytest

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
