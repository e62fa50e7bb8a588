"""What a call changed, as the audit trail tells it: the object, its parent, names of fields."""

from collections.abc import Mapping

from campaigns.domain.audit import AuditObject, Change
from campaigns_api.call import Answered, Call
from campaigns_api.models.base import Answer, Body
from campaigns_api.operations import Operation

_CREATED = 201


def change_of(
    operation: Operation,
    call: Call,
    parameters: Mapping[str, str],
    body: object,
    result: object,
) -> Change | None:
    """The change that a call made, known by what it read and what it answers; None: it made none.

    The object is what was created, else the last that the path names.
    """
    answer = result.body if isinstance(result, Answered) else result
    fields = _changed_fields(operation, call, body, answer)
    if call.is_unchanged or (call.edited and not fields):
        return None
    path = [AuditObject(_kind(name, operation), parameters[name]) for name in operation.parameters]
    if operation.status == _CREATED or not path:
        path.append(AuditObject(operation.kind, getattr(answer, "id", None)))
    return Change(
        action=operation.handler.__name__,
        object=path[-1],
        parent=path[-2] if len(path) > 1 else None,
        fields=fields,
        counts=call.counts,
    )


def _kind(parameter: str, operation: Operation) -> str:
    """`campaign_id` names a campaign; a parameter that is no id, a thing of the concern."""
    kind = parameter.removesuffix("_id")
    return operation.kind if kind == parameter else kind


def _changed_fields(
    operation: Operation, call: Call, body: object, answer: object
) -> tuple[str, ...]:
    """Of an edit those that differ from before, and whatever was given that is never shown."""
    if call.edited is None:
        given = body.model_fields_set if isinstance(body, Body) else frozenset()
        return tuple(sorted(given))
    before = call.edited.before
    after = answer.model_dump(mode="json") if isinstance(answer, Answer) else {}
    writable = operation.body.model_fields if operation.body else {}
    return tuple(
        sorted(
            name
            for name in writable
            if (after.get(name) != before[name] if name in before else name in call.edited.given)
        )
    )
