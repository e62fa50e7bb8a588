"""The API's routes on Powertools' resolver."""

import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Any, Final

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from campaigns.bootstrap import App
from campaigns.domain.errors import NotFound
from campaigns.services.correlation import correlated
from campaigns_api.call import Call
from campaigns_api.operations import Operation
from campaigns_api.pipeline import logger, refuse, respond
from campaigns_api.problems import MethodNotAllowed
from campaigns_api.reply import Reply
from campaigns_api.routes import all_operations

_METHODS: Final = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"})


def build(app: App) -> APIGatewayHttpResolver:
    """A resolver for every operation; a path is the same with and without its trailing slash.

    Without Powertools' own validation: it costs as much start-up as everything else here, and
    words its errors in its own way.
    """
    # With debugging on, which an environment variable can do, it prints whole events.
    resolver = APIGatewayHttpResolver(debug=False, strip_prefixes=[re.compile("/$")])
    by_path: dict[str, list[Operation]] = {}
    for operation in all_operations():
        by_path.setdefault(operation.path, []).append(operation)
    for path, operations in by_path.items():
        # Powertools makes an expression of a rule, in which a point would be any character.
        rule = re.sub(r"\{(\w+)\}", r"<\1>", path.rstrip("/")).replace(".", r"\.")
        for operation in operations:
            resolver.route(rule, operation.method)(_entry(operation, app, resolver))
        allowed = {operation.method for operation in operations}
        others = sorted(_METHODS - allowed)
        resolver.route(rule, others)(_refusal(MethodNotAllowed(allowed), app, resolver))
    resolver.not_found(_refusal(NotFound(), app, resolver))
    return resolver


def _entry(
    operation: Operation, app: App, resolver: APIGatewayHttpResolver
) -> Callable[..., Response[str]]:
    def enter(**parameters: str) -> Response[str]:
        call = _call(app, resolver.current_event.raw_event)
        # What it leaves in the queue is logged under the same id, whoever works on it.
        with correlated(call.request_id):
            reply = respond(operation, call, parameters)
        app.metrics.publish()
        return _response(reply, call, operation.path)

    return enter


def _refusal(
    error: Exception, app: App, resolver: APIGatewayHttpResolver
) -> Callable[..., Response[str]]:
    def enter(*_: object, **__: str) -> Response[str]:
        call = _call(app, resolver.current_event.raw_event)
        return _response(refuse(error, call), call, None)

    return enter


def _call(app: App, event: Mapping[str, Any]) -> Call:
    body = event.get("body") or ""
    return Call(
        app=app,
        method=event["requestContext"]["http"]["method"],
        path=event["rawPath"].rstrip("/"),
        headers={name.lower(): value for name, value in (event.get("headers") or {}).items()},
        query=event.get("queryStringParameters") or {},
        body=b64decode(body) if event.get("isBase64Encoded") else body.encode(),
        request_id=event["requestContext"]["requestId"],
        domain=event["requestContext"].get("domainName"),
    )


def _response(reply: Reply, call: Call, route: str | None) -> Response[str]:
    """One line per call: no path as it was sent, for a query or an id may tell of a person."""
    caller = call.principal
    logger.info(
        "call",
        extra={
            "method": call.method,
            "route": route,
            "status": reply.status,
            "tenant_id": caller and caller.tenant_id,
            "key_id": caller and caller.key_id,
        },
    )
    return Response(
        status_code=reply.status,
        content_type=reply.content_type,
        body=reply.body,
        headers={**reply.headers, "X-Request-Id": call.request_id},
    )
