"""The HTTP API in front of workers that fail, hang and die."""

import os
import signal

import boto3
import httpx
import pytest
from botocore.client import BaseClient

from tests.e2e.conftest import Toy, eventually

pytestmark = pytest.mark.stack

API = "campaigns-api"


def lambda_client(toy: Toy) -> BaseClient:
    session = boto3.session.Session("local", "local", region_name="us-east-1")
    return session.client("lambda", endpoint_url=toy.stack.control_url)


def test_the_answer_is_the_functions_with_its_settings_and_no_keys_of_the_users(toy: Toy) -> None:
    response = toy.get("/echo?x=1")

    assert response.status_code == 201
    assert response.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert response.json()["event"]["rawQueryString"] == "x=1"
    assert response.json()["colour"] == "blue"
    assert response.json()["keys"] == "local"
    assert 0 < response.json()["remaining"] <= 2_000


def test_a_body_over_ten_megabytes_is_refused(toy: Toy) -> None:
    response = httpx.post(toy.stack.api_url, content=b"x" * (10 * 1024 * 1024 + 1))

    assert response.status_code == 413
    assert response.json() == {"message": "Request Entity Too Large"}


@pytest.mark.parametrize("path", ["/fail", "/die", "/hang"])
def test_a_function_that_fails_dies_or_hangs_is_a_bad_gateway(toy: Toy, path: str) -> None:
    response = toy.get(path)

    assert response.status_code == 502
    assert response.json() == {"message": "Internal Server Error"}
    eventually(lambda: toy.get("/pid").status_code == 200)


def test_killed_workers_are_replaced(toy: Toy) -> None:
    eventually(lambda: len(toy.status()["functions"][API]["pids"]) == 2)
    before = toy.status()["functions"][API]["pids"]
    for pid in before:
        os.kill(pid, signal.SIGKILL)

    eventually(lambda: toy.get("/pid").status_code == 200)
    eventually(lambda: len(toy.status()["functions"][API]["pids"]) == 2)
    assert not set(before) & set(toy.status()["functions"][API]["pids"])


def test_invoke_answers_what_the_function_returned(toy: Toy) -> None:
    answer = lambda_client(toy).invoke(FunctionName="campaigns-scheduler", Payload=b'{"kind": "x"}')

    assert answer["StatusCode"] == 200
    assert answer["Payload"].read() == b'{"seen": "x"}'


def test_invoke_tells_a_functions_error(toy: Toy) -> None:
    answer = lambda_client(toy).invoke(FunctionName=API, Payload=b'{"rawPath": "/fail"}')

    assert answer["FunctionError"] == "Unhandled"
    assert b'"errorType": "ValueError"' in answer["Payload"].read()


def test_invoke_takes_an_arn(toy: Toy) -> None:
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{API}"
    answer = lambda_client(toy).invoke(FunctionName=arn, Payload=b'{"rawPath": "/short"}')

    assert answer["Payload"].read() == b'{"short": true}'


def test_invoke_of_an_unknown_function_is_lambdas_own_error(toy: Toy) -> None:
    lambdas = lambda_client(toy)

    with pytest.raises(lambdas.exceptions.ResourceNotFoundException):
        lambdas.invoke(FunctionName="campaigns-nobody", Payload=b"{}")
