"""Lambda's Invoke operation over the local functions, for boto3's client.

An asynchronous call is answered at once and run once: the template allows no second try.
"""

import json
from collections.abc import Mapping
from concurrent.futures import Executor
from urllib.parse import unquote

from werkzeug.wrappers import Request, Response

from local.pool import BusyError, Outcome, Pool

PATH_PREFIX = "/2015-03-31/functions/"
_REQUEST_LIMIT_BYTES = {"RequestResponse": 6 * 1024 * 1024, "Event": 1024 * 1024}
_WAIT_SECONDS = 60.0


class InvokeApi:
    """Answers ``POST /2015-03-31/functions/{name}/invocations``."""

    def __init__(self, pools: Mapping[str, Pool], background: Executor) -> None:
        self._pools = pools
        self._background = background

    def answer(self, request: Request) -> Response:
        """What Lambda answers: 200 with the outcome, 202 for `Event`, or its error."""
        pool = self._pools.get(function_name(request.path))
        if pool is None or not request.path.endswith("/invocations"):
            return _error(404, "ResourceNotFoundException", "Function not found")
        kind = request.headers.get("X-Amz-Invocation-Type", "RequestResponse")
        event = request.get_data() or b"{}"
        if kind == "DryRun":
            return Response(status=204)
        if kind not in _REQUEST_LIMIT_BYTES:
            return _error(400, "InvalidParameterValueException", "unknown invocation type")
        if len(event) > _REQUEST_LIMIT_BYTES[kind]:
            return _error(413, "RequestTooLargeException", "the payload is too large")
        if not _is_json(event):
            return _error(400, "InvalidRequestContentException", "the payload is not JSON")
        if kind == "Event":
            self._background.submit(pool.invoke, event)
            return Response(status=202)
        try:
            return _outcome(pool.invoke(event, _WAIT_SECONDS))
        except BusyError:
            return _error(429, "TooManyRequestsException", "Rate Exceeded.")


def function_name(path: str) -> str:
    """The function of an Invoke path, which may name it by its ARN."""
    return unquote(path.removeprefix(PATH_PREFIX)).split("/")[0].rpartition(":")[2]


def _is_json(payload: bytes) -> bool:
    try:
        json.loads(payload)
    except ValueError:
        return False
    return True


def _outcome(outcome: Outcome) -> Response:
    response = Response(outcome.payload, 200, content_type="application/json")
    response.headers["X-Amz-Executed-Version"] = "$LATEST"
    if outcome.failed:
        response.headers["X-Amz-Function-Error"] = "Unhandled"
    return response


def _error(status: int, kind: str, message: str) -> Response:
    response = Response(
        json.dumps({"Type": "User", "Message": message}), status, content_type="application/json"
    )
    response.headers["X-Amzn-ErrorType"] = kind
    return response
