"""The HTTP API's gateway, played: requests to events, answers to responses."""

import base64
import json
from datetime import UTC, datetime

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from local.bridge import event_from, response_from
from local.pool import Outcome

NOW = datetime(2026, 11, 22, 13, 5, 7, 250_000, tzinfo=UTC)


def request(**parts: object) -> Request:
    builder = EnvironBuilder(
        base_url="http://127.0.0.1:8000",
        environ_base={"REMOTE_ADDR": "127.0.0.1"},
        **parts,  # type: ignore[arg-type]
    )
    return Request(builder.get_environ())


def outcome(answer: object) -> Outcome:
    return Outcome(json.dumps(answer).encode())


def test_the_event_has_the_shape_of_payload_version_2() -> None:
    event = event_from(
        request(path="/api/contacts/", method="GET", headers={"User-Agent": "curl/8"}), NOW
    )

    assert event["requestContext"].pop("requestId")
    assert event == {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/api/contacts/",
        "rawQueryString": "",
        "headers": {
            "host": "127.0.0.1:8000",
            "user-agent": "curl/8",
            "x-forwarded-for": "127.0.0.1",
            "x-forwarded-port": "8000",
            "x-forwarded-proto": "http",
        },
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "domainName": "127.0.0.1:8000",
            "domainPrefix": "127",
            "http": {
                "method": "GET",
                "path": "/api/contacts/",
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "curl/8",
            },
            "routeKey": "$default",
            "stage": "$default",
            "time": "22/Nov/2026:13:05:07 +0000",
            "timeEpoch": 1795352707250,
        },
        "isBase64Encoded": False,
    }


def test_a_webhook_comes_by_a_route_of_its_own() -> None:
    event = event_from(request(path="/api/webhooks/evolution/in_1/", method="POST"), NOW)

    assert event["routeKey"] == event["requestContext"]["routeKey"] == "POST /api/webhooks/{proxy+}"
    assert event["rawPath"] == "/api/webhooks/evolution/in_1/"
    assert event["pathParameters"] == {"proxy": "evolution/in_1/"}


def test_the_path_arrives_decoded_and_the_query_string_as_it_was_sent() -> None:
    event = event_from(request(path="/caf%C3%A9 1", query_string="q=a%20b&tag=x&tag=y&e="), NOW)

    assert event["rawPath"] == "/café 1"
    assert event["rawQueryString"] == "q=a%20b&tag=x&tag=y&e="
    assert event["queryStringParameters"] == {"q": "a b", "tag": "x,y", "e": ""}


def test_header_names_are_lower_case() -> None:
    event = event_from(request(headers={"X-Tag": "A"}), NOW)

    assert event["headers"]["x-tag"] == "A"


def test_headers_of_one_connection_stay_at_the_gateway() -> None:
    event = event_from(request(headers={"Connection": "keep-alive"}), NOW)

    assert "connection" not in event["headers"]


def test_cookies_have_a_list_of_their_own() -> None:
    event = event_from(request(headers={"Cookie": "a=1; b=2"}), NOW)

    assert event["cookies"] == ["a=1", "b=2"]
    assert "cookie" not in event["headers"]


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "text/csv"])
def test_a_text_body_goes_as_it_is(kind: str) -> None:
    event = event_from(request(method="POST", data='{"a": "é"}'.encode(), content_type=kind), NOW)

    assert event["body"] == '{"a": "é"}'
    assert event["isBase64Encoded"] is False


@pytest.mark.parametrize(
    "kind", ["application/octet-stream", "application/x-www-form-urlencoded", None]
)
def test_any_other_body_goes_as_base64(kind: str | None) -> None:
    event = event_from(request(method="POST", data=b"a=\xff", content_type=kind), NOW)

    assert base64.b64decode(event["body"]) == b"a=\xff"
    assert event["isBase64Encoded"] is True


def test_a_body_that_only_claims_to_be_text_goes_as_base64() -> None:
    event = event_from(request(method="POST", data=b"\xff", content_type="text/plain"), NOW)

    assert base64.b64decode(event["body"]) == b"\xff"
    assert event["isBase64Encoded"] is True


def test_the_full_answer_becomes_the_response() -> None:
    response = response_from(
        outcome(
            {
                "statusCode": 409,
                "headers": {"Content-Type": "application/problem+json", "Retry-After": 5},
                "cookies": ["a=1; Path=/", "b=2"],
                "body": '{"code": "busy"}',
            }
        )
    )

    assert response.status_code == 409
    assert response.headers.getlist("Content-Type") == ["application/problem+json"]
    assert response.headers["Retry-After"] == "5"
    assert response.headers.getlist("Set-Cookie") == ["a=1; Path=/", "b=2"]
    assert response.get_data() == b'{"code": "busy"}'


def test_a_base64_answer_is_decoded() -> None:
    body = base64.b64encode(b"\x89PNG").decode()
    response = response_from(outcome({"statusCode": 200, "body": body, "isBase64Encoded": True}))

    assert response.get_data() == b"\x89PNG"


@pytest.mark.parametrize(
    ("answer", "body"), [({"ok": True}, b'{"ok": true}'), ("hello", b"hello"), ([1], b"[1]")]
)
def test_an_answer_without_a_status_is_the_json_body_of_a_200(answer: object, body: bytes) -> None:
    response = response_from(outcome(answer))

    assert response.status_code == 200
    assert response.content_type == "application/json"
    assert response.get_data() == body


@pytest.mark.parametrize(
    "failure",
    [
        Outcome(b'{"errorType": "ValueError"}', failed=True),
        outcome({"statusCode": "many"}),
        outcome({"statusCode": 200, "body": "no base64", "isBase64Encoded": True}),
        outcome({"statusCode": 200, "headers": ["not", "a map"]}),
        outcome({"statusCode": 200, "body": {"not": "a string"}}),
    ],
)
def test_a_failed_function_and_an_answer_that_is_none_are_a_bad_gateway(failure: Outcome) -> None:
    response = response_from(failure)

    assert response.status_code == 502
    assert response.get_json() == {"message": "Internal Server Error"}
