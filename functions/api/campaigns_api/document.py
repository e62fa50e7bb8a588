"""The OpenAPI document, made of the operations and their models alone."""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from http import HTTPStatus
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from campaigns_api.first_campaign import FIRST_CAMPAIGN
from campaigns_api.glossary import PARAMETERS, explained
from campaigns_api.models.base import ListQuery, PagedQuery
from campaigns_api.models.contacts import ContactRow
from campaigns_api.models.problems import ProblemOut
from campaigns_api.operations import Operation
from campaigns_api.problems import status_of
from campaigns_api.reply import JSON, PROBLEM_JSON

VERSION: Final = "1.0.0"
_SCHEMAS: Final = "#/components/schemas/"
#: What any operation can give.
_FAULTS: Final = ("body_too_large", "internal_error", "unavailable", "concurrent_update")
_SECURITY_SCHEMES: Final = {
    "key": {"type": "http", "scheme": "bearer"},
    "webhook": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Webhook-Secret",
        "description": "The secret of an instance's webhook, which its Evolution server was given.",
    },
    "webhookToken": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "HS256 with that secret as its key, as Evolution's `jwt_key` makes it.",
    },
}
#: Described although no operation names it: the rows of a bulk call are judged one by one.
_BESIDE: Final[tuple[type[BaseModel], ...]] = (ContactRow,)

_EVERYWHERE: Final = """\
Send `Authorization: Bearer <key>`. A key belongs to one tenant; its role is `viewer` (reads),
`operator` (also writes and runs campaigns) or `owner` (also manages instances, keys and the
tenant). Lists answer `{"results", "next"}`; give `next` as `?cursor=`. Errors are RFC 9457 problems
with a stable `code`. `Accept-Language` chooses their language (pt-BR, en). Times are ISO 8601 in
UTC. Every POST with a key takes an `Idempotency-Key`: a repeat gets the first answer, marked with
the header `Idempotent-Replayed: true`; an answer that holds a secret is not repeated but refused
with `already_created`. Paths work with and without their trailing slash. Clients ignore fields and
enum values that they do not know.

A body is a JSON object of at most 1 MB (`bulk_create` 4 MB); a field that is not known is refused.
To change a thing, send it back as it was read, with the changes: fields that nobody may write are
ignored while they say what is stored, and refused with `read_only_field` otherwise; those that move
by themselves, such as counts, are always ignored. What can be changed or deleted has an `ETag`;
give it as `If-Match`, and the change is made only while nobody else has made one (412 otherwise).
An id that is unknown, or another tenant's, is 404 in a path and `unknown_reference` in a body; as a
filter it finds nothing. A problem with `Retry-After` passes by itself: ask again after so many
seconds. Each answer has an `X-Request-Id` for questions to whoever runs the deployment.

A page may be shorter than its `limit` and still have a `next`: one ends at about 4 MB. In front of
the API stands a gateway with answers of its own, which are no problems but `{"message"}`: 413 for a
request that is too large for it, 429 where the whole deployment is called too often, 500 or 503
where an answer would be over 6 MB, takes longer than 30 s or the API cannot be reached. A 429, 500
or 503 may be sent again, a POST with the same `Idempotency-Key`.
"""
_DESCRIPTION: Final = f"""\
WhatsApp campaigns through Evolution API.

{FIRST_CAMPAIGN}
{_EVERYWHERE}"""


@cache
def document_json() -> str:
    """The document as it is served."""
    return json.dumps(document(), ensure_ascii=False)


def document() -> dict[str, Any]:
    """The document as plain values."""
    # Routes import this module to serve what it makes of them.
    from campaigns_api.routes import all_operations

    operations = [each for each in all_operations() if each.in_document]
    schemas, definitions = _schemas(operations)
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _described(
            operation, schemas
        )
    return {
        "openapi": "3.1.0",
        "info": {"title": "alrea-campaigns", "version": VERSION, "description": _DESCRIPTION},
        "servers": [{"url": "/"}],
        "security": [{"key": []}],
        "tags": [{"name": tag} for tag in dict.fromkeys(each.tag for each in operations)],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(definitions.items())),
            "securitySchemes": _SECURITY_SCHEMES,
        },
    }


def _schemas(
    operations: Iterable[Operation],
) -> tuple[Mapping[tuple[Any, Any], Any], dict[str, Any]]:
    """A reference for each model of the operations, and all definitions."""
    wanted: dict[tuple[type[BaseModel], Any], None] = {(ProblemOut, "serialization"): None}
    wanted |= {(model, "validation"): None for model in _BESIDE}
    for operation in operations:
        if operation.body:
            wanted[(operation.body, "validation")] = None
        if operation.answer:
            wanted[(operation.answer, "serialization")] = None
    references, made = models_json_schema(list(wanted), ref_template=_SCHEMAS + "{model}")
    definitions: dict[str, Any] = made.get("$defs", {})
    for name, schema in definitions.items():
        if "properties" in schema:
            schema["properties"] = explained(name, schema["properties"])
    return references, definitions


def _described(operation: Operation, schemas: Mapping[tuple[Any, Any], Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.handler.__name__,
        "tags": [operation.tag],
        "summary": operation.summary,
    }
    if operation.description:
        described["description"] = operation.description
    if operation.is_webhook:
        described["security"] = [{"webhook": []}, {"webhookToken": []}]
    elif operation.role is None:
        described["security"] = []
    else:
        described["x-role"] = operation.role.value
    if parameters := [*_path_parameters(operation), *_query(operation), *_headers(operation)]:
        described["parameters"] = parameters
    if operation.body:
        schema = schemas[(operation.body, "validation")]
        is_needed = any(field.is_required() for field in operation.body.model_fields.values())
        described["requestBody"] = {
            "required": is_needed or operation.is_edit,
            "content": {JSON: {"schema": schema}},
        }
    elif operation.is_webhook:
        described["requestBody"] = {
            "required": True,
            "content": {JSON: {"schema": {"type": "object"}}},
        }
    described["responses"] = _responses(operation, schemas)
    return described


def _path_parameters(operation: Operation) -> Iterable[dict[str, Any]]:
    for name in operation.parameters:
        meaning = PARAMETERS[name]
        schema = {"type": "string", "minLength": 1, "maxLength": 64, "examples": [meaning.example]}
        described = {"description": meaning.description, "schema": schema}
        yield {"name": name, "in": "path", "required": True, **described}


def _query(operation: Operation) -> Iterable[dict[str, Any]]:
    if operation.query is None:
        return
    schema = operation.query.model_json_schema(ref_template=_SCHEMAS + "{model}")
    definitions = schema.get("$defs", {})
    for name, each in explained(operation.query.__name__, schema["properties"]).items():
        resolved = _without_null(_inlined(each, definitions))
        resolved.pop("title", None)
        parameter = {"name": name, "in": "query", "required": False, "schema": resolved}
        if description := resolved.pop("description", None):
            parameter["description"] = description
        yield parameter


def _headers(operation: Operation) -> Iterable[dict[str, Any]]:
    if operation.method == "POST" and not operation.is_webhook:
        schema = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"}
        description = "The same key with the same body has the same outcome for 24 hours."
        yield _header("Idempotency-Key", schema, description)
    if operation.is_edit or operation.method == "DELETE":
        description = "Only if the version is still the one of this `ETag`; otherwise 412."
        yield _header("If-Match", {"type": "string"}, description)


def _header(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "description": description, "schema": schema}


def _responses(operation: Operation, schemas: Mapping[tuple[Any, Any], Any]) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status in (operation.status, *operation.also):
        response: dict[str, Any] = {"description": HTTPStatus(status).phrase}
        if operation.answer:
            schema = schemas[(operation.answer, "serialization")]
            response["content"] = {JSON: {"schema": schema}}
            if operation.answer.versioned_by:
                response["headers"] = {"ETag": {"schema": {"type": "string"}}}
        elif operation.media_type:
            response["content"] = {operation.media_type: {"schema": {"type": "string"}}}
        for name, description in operation.answer_headers.items():
            header = {"description": description, "schema": {"type": "string"}}
            response.setdefault("headers", {})[name] = header
        responses[str(status)] = response
    by_status: dict[int, list[str]] = {}
    for code in codes_of(operation):
        by_status.setdefault(status_of(code), []).append(code)
    problem = schemas[(ProblemOut, "serialization")]
    for status, codes in by_status.items():
        response = responses.setdefault(
            str(status), {"description": HTTPStatus(status).phrase, "content": {}}
        )
        response["content"][PROBLEM_JSON] = {"schema": problem}
        named = "`code`: " + ", ".join(f"`{code}`" for code in codes)
        response["description"] = f"{response['description']}. {named}"
    return dict(sorted(responses.items()))


def codes_of(operation: Operation) -> Sequence[str]:
    """Every code that the operation can give, from its shape and its declaration."""
    if operation.is_webhook:
        return [*operation.codes, *_FAULTS]
    codes: list[str] = []
    if operation.role is not None:
        codes += ["unauthenticated", "forbidden"]
    if operation.parameters:
        codes.append("not_found")
    if operation.method == "POST":
        codes += ["idempotency_in_progress", "idempotency_key_reused"]
    if operation.answer and operation.answer.holds_secret:
        codes.append("already_created")
    codes += operation.codes
    if operation.is_edit:
        codes.append("read_only_field")
    if operation.is_edit or operation.method == "DELETE":
        codes.append("precondition_failed")
    if operation.query and issubclass(operation.query, PagedQuery):
        codes.append("invalid_cursor")
    if operation.query and issubclass(operation.query, ListQuery) and operation.query.exclusive:
        codes.append("too_many_filters")
    codes += ["validation_failed", "throttled"]
    return list(dict.fromkeys([*codes, *_FAULTS]))


def _inlined(schema: dict[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    """Query parameters carry their schema whole."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(_SCHEMAS)
        others = {key: value for key, value in schema.items() if key != "$ref"}
        return {**definitions[name], **others}
    if "anyOf" in schema:
        return {**schema, "anyOf": [_inlined(each, definitions) for each in schema["anyOf"]]}
    return dict(schema)


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter is left out rather than null."""
    choices = [each for each in schema.get("anyOf", []) if each.get("type") != "null"]
    if len(choices) == 1:
        rest = {key: value for key, value in schema.items() if key not in {"anyOf", "default"}}
        return {**choices[0], **rest}
    return schema
