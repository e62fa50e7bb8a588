"""From what a caller sent to a model, or to the list of its faults in the contract's words."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from campaigns.domain.errors import FieldError, ValidationFailed

#: Whoever has more faults than this has another problem, and an answer has its limits.
MOST_FAULTS: Final = 100
#: A path holds the names of unknown fields, which can be as long as a body.
_PATH_SHOWN: Final = 100

#: Pydantic's kind of error to the contract's code; other kinds have a prefix below, or are a
#: model's own and carry their code already.
_CODES: Final = {
    "missing": "required",
    "extra_forbidden": "unknown_field",
    "string_too_short": "too_short",
    "string_too_long": "too_long",
    "too_short": "too_few",
    "too_long": "too_many",
    "literal_error": "invalid_choice",
    "enum": "invalid_choice",
    "string_pattern_mismatch": "invalid_format",
    "string_unicode": "invalid_text",
    "int_parsing": "invalid_type",
    "int_parsing_size": "out_of_range",
    "int_from_float": "invalid_type",
    "bool_parsing": "invalid_type",
    "greater_than_equal": "out_of_range",
    "less_than_equal": "out_of_range",
}


def parsed[M: BaseModel](model: type[M], values: Mapping[str, object]) -> M:
    """Raises :class:`ValidationFailed` with every fault."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise ValidationFailed(faults(error, model)) from None


def faults(error: ValidationError, model: type[BaseModel]) -> tuple[FieldError, ...]:
    """Each fault by its field's path; what was given is not repeated."""
    found = error.errors(include_url=False, include_input=False)
    return tuple(
        _fault(each["type"], each["loc"], each.get("ctx") or {}, model)
        for each in found[:MOST_FAULTS]
    )


def json_object(body: bytes) -> dict[str, Any]:
    """The body as a JSON object; an empty body is an empty one."""
    if not body.strip():
        return {}
    try:
        value = json.loads(body, parse_constant=_refuse_constant)
    # ValueError: no JSON, no UTF-8, NaN, or a number of thousands of digits.
    except (ValueError, RecursionError):
        raise _body_fault("invalid_json") from None
    if not isinstance(value, dict):
        raise _body_fault("not_an_object")
    return value


def _fault(
    kind: str, place: Sequence[str | int], context: Mapping[str, Any], model: type[BaseModel]
) -> FieldError:
    code = _CODES.get(kind) or ("invalid_type" if kind.endswith("_type") else kind)
    params: dict[str, object] = {}
    match code:
        case "too_short" if context.get("min_length") == 1:
            code = "required"
        case "too_short" | "too_few":
            params = {"limit": context.get("min_length")}
        case "too_long" | "too_many":
            params = {"limit": context.get("max_length")}
        case "invalid_choice":
            params = {"choices": _listed(str(context.get("expected", "")))}
        case "out_of_range":
            params = _range_of(model, place)
        case "unknown_field" if getattr(model, "is_query", False):
            code = "unknown_parameter"
    return FieldError(".".join(map(str, place))[:_PATH_SHOWN], code, code, params)


def _listed(expected: str) -> str:
    """Pydantic's list without its quotes and its English: sentences in any language take it."""
    return expected.replace("'", "").replace(" or ", ", ")


def _range_of(model: type[BaseModel], place: Sequence[str | int]) -> dict[str, object]:
    """Both ends of a field's range: the sentence names them together."""
    field = model.model_fields.get(str(place[0])) if len(place) == 1 else None
    limits: dict[str, object] = {}
    for constraint in [*field.metadata, *_constraints(field.annotation)] if field else ():
        for name, end in (("low", "ge"), ("high", "le")):
            if (value := getattr(constraint, end, None)) is not None:
                limits[name] = value
    return limits


def _constraints(annotation: object) -> Iterator[object]:
    """What an annotation says of its parts: of the number in "a number or nothing"."""
    for part in get_args(annotation):
        yield from part.metadata if isinstance(part, FieldInfo) else _constraints(part)


def _refuse_constant(name: str) -> object:
    raise ValueError(name)


def _body_fault(code: str) -> ValidationFailed:
    return ValidationFailed([FieldError("", code, code)])
