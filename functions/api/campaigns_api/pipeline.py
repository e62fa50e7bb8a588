"""The way of every call: key, role, size, query, idempotency, body, handler, answer."""

import hashlib
import re
from collections.abc import Mapping
from http import HTTPStatus
from json import dumps
from traceback import extract_tb
from typing import Final

from aws_lambda_powertools import Logger

from campaigns.domain.audit import Change
from campaigns.domain.errors import (
    ConcurrentUpdate,
    FieldError,
    Forbidden,
    NotFound,
    NotYet,
    Unauthenticated,
    ValidationFailed,
)
from campaigns.services.idempotency import Handle, Replay
from campaigns.services.manage_tenants import Principal
from campaigns.services.ports_metrics import Count
from campaigns_api.audit import change_of
from campaigns_api.call import Answered, Call, Edit, etag_of
from campaigns_api.language import Language
from campaigns_api.models.base import Answer, Body, ListQuery, Query
from campaigns_api.operations import Operation
from campaigns_api.problems import BodyTooLarge, Problem, problem_of
from campaigns_api.reply import JSON, PROBLEM_JSON, Reply
from campaigns_api.validation import json_object, parsed

logger = Logger(child=True)

_FIRST_REDIRECT: Final = 300
_BEARER: Final = re.compile(r"Bearer +(\S+)", re.IGNORECASE)
#: What an id in a path can look like; keys of the table are made of ids.
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


def respond(operation: Operation, call: Call, parameters: Mapping[str, str]) -> Reply:
    """Never raises: whatever happens is a problem."""
    try:
        if operation.role is not None:
            call.principal = _authenticated(call)
            if not operation.allows(call.principal.role):
                raise Forbidden
        if len(call.body) > operation.body_limit:
            raise BodyTooLarge(operation.body_limit)
        key = call.headers.get("idempotency-key")
        if key is None or operation.method != "POST" or operation.is_webhook:
            return _perform(operation, call, parameters)
        digest = hashlib.sha256(call.body).hexdigest()
        begun = call.app.idempotency.begin(call.tenant_id, key, operation.method, call.path, digest)
    except Exception as error:
        return refuse(error, call)
    if isinstance(begun, Replay):
        return _replayed(begun)
    reply = _performed(operation, call, parameters)
    _keep(begun.handle, reply, call)
    return reply


def refuse(error: Exception, call: Call) -> Reply:
    """The problem that an exception stands for. A fault of ours is logged, its message is not."""
    problem = problem_of(error)
    if problem.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        call.app.metrics.count(Count.CALLS_FAILED)
    if problem.status >= 500 and not isinstance(error, NotYet):
        _log_fault(error, problem)
    language = _language_of(call)
    return Reply(
        problem.status,
        PROBLEM_JSON,
        dumps(problem.body(language), ensure_ascii=False),
        {
            **problem.headers,
            "Cache-Control": "no-store",
            "Content-Language": language.value,
        },
    )


def _language_of(call: Call) -> Language:
    """The tenant's language is in the table: a problem is worded also where that cannot be read."""
    try:
        return call.language
    except Exception as error:
        _log_fault(error, problem_of(error))
        return Language.PORTUGUESE


def _authenticated(call: Call) -> Principal:
    match = _BEARER.fullmatch(call.headers.get("authorization", "").strip())
    if match is None:
        raise Unauthenticated
    return call.app.tenants.authenticate(match[1])


def _performed(operation: Operation, call: Call, parameters: Mapping[str, str]) -> Reply:
    try:
        return _perform(operation, call, parameters)
    except Exception as error:
        return refuse(error, call)


def _perform(operation: Operation, call: Call, parameters: Mapping[str, str]) -> Reply:
    if not all(_ID.fullmatch(value) for value in parameters.values()):
        raise NotFound
    arguments: dict[str, object] = dict(parameters)
    query = parsed(operation.query or Query, call.query)
    if operation.query:
        _require_one_filter(query)
        arguments["query"] = query
    if operation.is_edit and operation.body:
        arguments["body"] = Edit(call, operation.body, json_object(call.body))
    elif operation.body:
        arguments["body"] = parsed(operation.body, json_object(call.body))
    elif operation.method == "POST" and not operation.is_webhook:
        parsed(Body, json_object(call.body))
    if operation.is_edit or operation.method == "DELETE":
        result = _changed(operation, call, arguments)
    else:
        result = operation.handler(call, **arguments)
    reply = _answered(operation, result, call)
    if operation.is_audited and reply.status < _FIRST_REDIRECT:
        _record(change_of(operation, call, parameters, arguments.get("body"), result), call)
    return reply


def _record(change: Change | None, call: Call) -> None:
    if change:
        call.app.audit.record(call.tenant_id, call.actor, change)


def _changed(operation: Operation, call: Call, arguments: Mapping[str, object]) -> object:
    """A change that lost a race is made upon what is there now, and `If-Match` judged by that."""
    try:
        return operation.handler(call, **arguments)
    except ConcurrentUpdate:
        return operation.handler(call, **arguments)


def _require_one_filter(query: Query) -> None:
    """Filters that need a key path of their own come one at a time."""
    names = query.exclusive if isinstance(query, ListQuery) else ()
    given = [name for name in names if getattr(query, name) is not None]
    if len(given) > 1:
        raise ValidationFailed(
            FieldError(name, "too_many_filters", "too_many_filters") for name in given
        )


def _answered(operation: Operation, result: object, call: Call) -> Reply:
    status, body = operation.status, result
    if isinstance(result, Reply):
        return result
    if isinstance(result, Answered):
        status, body = result.status, result.body
    if body is None:
        return Reply(status, None)
    assert isinstance(body, Answer)
    headers = {"Cache-Control": "no-store"}
    if call.spoken:
        headers["Content-Language"] = call.spoken.value
    if body.versioned_by:
        headers["ETag"] = etag_of(body)
    secret_id = getattr(body, "id", None) if body.holds_secret else None
    return Reply(status, JSON, body.model_dump_json(), headers, secret_id)


def _replayed(kept: Replay) -> Reply:
    headers = dict(kept.headers)
    content_type = headers.pop("Content-Type", None)
    return Reply(kept.status, content_type, kept.body, headers | {"Idempotent-Replayed": "true"})


def _keep(handle: Handle, reply: Reply, call: Call) -> None:
    """What was done stays done: a record that cannot be written must not hide the answer."""
    headers = dict(reply.headers)
    if reply.content_type:
        headers["Content-Type"] = reply.content_type
    try:
        call.app.idempotency.finish(
            handle, reply.status, headers, reply.body, secret_id=reply.secret_id
        )
    except Exception as error:
        _log_fault(error, problem_of(error))


def _log_fault(error: Exception, problem: Problem) -> None:
    """Where it happened and what kind it is; a foreign message may hold anything."""
    places = [
        f"{frame.filename}:{frame.lineno} {frame.name}" for frame in extract_tb(error.__traceback__)
    ]
    logger.error(
        "request failed",
        extra={"error": type(error).__name__, "code": problem.code, "places": places},
    )
