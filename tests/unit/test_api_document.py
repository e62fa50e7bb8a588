"""Whoever knows only HTTP learns the rest from the document: every field says what it means."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from campaigns_api.document import document
from campaigns_api.glossary import GLOSSARY, PARAMETERS, shows_an_example
from campaigns_api.routes import all_operations

#: Values that only a program reads, whose kind differs from answer to answer.
FREE_FORM = {"next"}


@cache
def written() -> dict[str, Any]:
    return document()


def fields() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Model, field, schema."""
    for model, schema in written()["components"]["schemas"].items():
        for name, field in schema.get("properties", {}).items():
            yield model, name, field


def operations() -> Iterator[dict[str, Any]]:
    for methods in written()["paths"].values():
        yield from methods.values()


def test_every_field_is_described():
    assert [
        f"{model}.{name}" for model, name, field in fields() if "description" not in field
    ] == []


def test_every_field_shows_an_example():
    bare = [
        f"{model}.{name}"
        for model, name, field in fields()
        if name not in FREE_FORM and not shows_an_example(field)
    ]
    assert bare == []


def test_every_operation_and_parameter_is_described():
    for operation in operations():
        assert operation["summary"]
        for parameter in operation.get("parameters", []):
            assert parameter["description"], (operation["operationId"], parameter["name"])


def test_what_comes_in_has_no_field_that_nobody_knows():
    bodies = {each.body.__name__ for each in all_operations() if each.body} | {"Consent"}
    for model, schema in written()["components"]["schemas"].items():
        if model in bodies:
            assert schema["additionalProperties"] is False, model


def test_the_glossary_explains_only_what_is_there():
    named = {name for _, name, _ in fields()} | {f"{model}.{name}" for model, name, _ in fields()}
    asked = {each["name"] for operation in operations() for each in operation.get("parameters", [])}
    assert sorted(GLOSSARY.keys() - named - asked) == []
    assert PARAMETERS.keys() == {name for each in all_operations() for name in each.parameters}


def test_an_example_of_a_field_is_of_its_type():
    kinds = {"string": str, "integer": int, "number": int | float, "boolean": bool, "array": list}
    for model, name, field in fields():
        choices = [field, *field.get("anyOf", [])]
        allowed = [kinds[each["type"]] for each in choices if each.get("type") in kinds]
        for example in field.get("examples", []):
            if allowed:
                assert isinstance(example, tuple(allowed)), (model, name, example)
