"""The HTTP API's gateway: a request becomes a payload 2.0 event, its answer a response.

Shapes and limits are API Gateway's (payload format 2.0, the template's two routes): the path
arrives decoded and the query string as sent; a body counts as text by its content type; 10 MB, an
event of 6 MB (Lambda's limit) and 30 s are the most.
"""

import base64
import json
import uuid
from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from werkzeug.wrappers import Request, Response

from local.pool import BusyError, Outcome, Pool
from local.process import ACCOUNT_ID

BODY_LIMIT_BYTES = 10 * 1024 * 1024
EVENT_LIMIT_BYTES = 6 * 1024 * 1024
TIMEOUT_SECONDS = 30.0
_API_ID = "local"
_WEBHOOK_PREFIX = "/api/webhooks/"
_WEBHOOK_ROUTE = f"POST {_WEBHOOK_PREFIX}{{proxy+}}"
_NOT_PASSED_ON = {"connection", "cookie"}
_TEXT_TYPES = ("text/", "application/json", "application/xml", "application/javascript")


class Gateway:
    """The WSGI application in front of the api function."""

    def __init__(self, pool: Pool, calls: Executor) -> None:
        self._pool = pool
        self._calls = calls

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        return self._answer(request)(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if (request.content_length or 0) > BODY_LIMIT_BYTES:
            return _own_answer(413, "Request Entity Too Large")
        event = json.dumps(event_from(request, datetime.now(UTC))).encode()
        if len(event) > EVENT_LIMIT_BYTES:
            return _own_answer(413, "Request Entity Too Large")
        running = self._calls.submit(self._pool.invoke, event, TIMEOUT_SECONDS)
        try:
            outcome = running.result(TIMEOUT_SECONDS)
        except (TimeoutError, BusyError):
            return _own_answer(503, "Service Unavailable")
        return response_from(outcome)


def event_from(request: Request, now: datetime) -> dict[str, Any]:
    """The event that the function gets for a request; keys without a value are left out."""
    headers = {
        name.lower(): value
        for name, value in request.headers.items()
        if name.lower() not in _NOT_PASSED_ON
    }
    headers |= {
        "x-forwarded-for": request.remote_addr or "",
        "x-forwarded-port": str(request.environ["SERVER_PORT"]),
        "x-forwarded-proto": request.scheme,
    }
    query = request.query_string.decode("latin-1")
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": _route_key(request),
        "rawPath": request.path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": _request_context(request, now),
        "isBase64Encoded": False,
    }
    if _route_key(request) == _WEBHOOK_ROUTE:
        event["pathParameters"] = {"proxy": request.path.removeprefix(_WEBHOOK_PREFIX)}
    if cookies := request.headers.get("cookie"):
        event["cookies"] = cookies.split("; ")
    if query:
        event["queryStringParameters"] = _joined(parse_qsl(query, keep_blank_values=True))
    if body := request.get_data():
        event |= _body(body, request.mimetype)
    return event


def response_from(outcome: Outcome) -> Response:
    """The response to a function's answer: payload 2.0's full form, or any JSON as a body."""
    if outcome.failed:
        return _own_answer(502, "Internal Server Error")
    answer = json.loads(outcome.payload)
    if not (isinstance(answer, dict) and "statusCode" in answer):
        body = answer if isinstance(answer, str) else json.dumps(answer)
        return Response(body, 200, content_type="application/json")
    try:
        return _full_response(answer)
    except (TypeError, ValueError, AttributeError):
        return _own_answer(502, "Internal Server Error")


def _full_response(answer: Mapping[str, Any]) -> Response:
    body = answer.get("body") or ""
    if not isinstance(body, str):
        raise TypeError("the body is no string")
    response = Response(
        base64.b64decode(body, validate=True) if answer.get("isBase64Encoded") else body,
        int(answer["statusCode"]),
        content_type="text/plain; charset=utf-8",
    )
    for name, value in (answer.get("headers") or {}).items():
        response.headers[name] = str(value)
    for cookie in answer.get("cookies") or []:
        response.headers.add("Set-Cookie", cookie)
    return response


def _request_context(request: Request, now: datetime) -> dict[str, Any]:
    host = request.host
    return {
        "accountId": ACCOUNT_ID,
        "apiId": _API_ID,
        "domainName": host,
        "domainPrefix": host.split(".")[0],
        "http": {
            "method": request.method,
            "path": request.path,
            "protocol": request.environ["SERVER_PROTOCOL"],
            "sourceIp": request.remote_addr or "",
            "userAgent": request.headers.get("user-agent", ""),
        },
        "requestId": str(uuid.uuid4()),
        "routeKey": _route_key(request),
        "stage": "$default",
        "time": now.strftime("%d/%b/%Y:%H:%M:%S %z"),
        "timeEpoch": int(now.timestamp() * 1000),
    }


def _route_key(request: Request) -> str:
    is_webhook = request.method == "POST" and request.path.startswith(_WEBHOOK_PREFIX)
    return _WEBHOOK_ROUTE if is_webhook else "$default"


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Repeated names have their values joined by commas."""
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _body(body: bytes, content_type: str) -> dict[str, Any]:
    """Bodies of a textual type go as they are; forms and whatever has no type, as base64."""
    if content_type.startswith(_TEXT_TYPES):
        try:
            return {"body": body.decode(), "isBase64Encoded": False}
        except UnicodeDecodeError:
            pass
    return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}


def _own_answer(status: int, message: str) -> Response:
    """What the gateway says by itself."""
    return Response(json.dumps({"message": message}), status, content_type="application/json")
