"""Rules of the template as tests, each with templates that break it.

A rule that holds for our template says little; that it fails for a template without what it asks
for is shown beside it.
"""

import functools
import re
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import pytest

from local.template import TEMPLATE, read_document

type Mutation = Callable[[Any], None]


@dataclass(frozen=True, slots=True)
class Rules:
    """The template as it is written: `{"Ref": ...}`, `{"Fn::Sub": ...}`."""

    document: dict[str, Any]

    @property
    def parameters(self) -> dict[str, dict[str, Any]]:
        return self.document["Parameters"]

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        return self.document["Resources"]

    @property
    def outputs(self) -> dict[str, dict[str, Any]]:
        return self.document["Outputs"]

    @property
    def environment(self) -> dict[str, Any]:
        return self.document["Globals"]["Function"]["Environment"]["Variables"]

    def properties(self, name: str) -> dict[str, Any]:
        return self.resources[name]["Properties"]

    def of_type(self, kind: str) -> list[str]:
        return [name for name, resource in self.resources.items() if resource["Type"] == kind]

    @property
    def functions(self) -> list[str]:
        return self.of_type("AWS::Serverless::Function")

    @property
    def roles(self) -> list[str]:
        return self.of_type("AWS::IAM::Role")

    @property
    def alarms(self) -> list[str]:
        return self.of_type("AWS::CloudWatch::Alarm")

    def statements(self, role: str) -> list[dict[str, Any]]:
        return [
            statement
            for policy in self.properties(role)["Policies"]
            for statement in policy["PolicyDocument"]["Statement"]
        ]


@functools.cache
def _ours() -> dict[str, Any]:
    return read_document(TEMPLATE.read_text(encoding="utf-8"))


def our_template() -> Rules:
    """A copy that may be broken."""
    return Rules(deepcopy(_ours()))


def rule(**mutants: Mutation) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A test of our template, which each of the mutants must make fail."""
    return broken(our_template, lambda template: template.document, mutants)


def broken[T](
    read: Callable[[], T], document: Callable[[T], Any], mutants: dict[str, Mutation]
) -> Callable[[Callable[[T], None]], Callable[..., None]]:
    """What :func:`rule` does, for whatever can be read afresh."""
    assert mutants, "a rule that nothing breaks is none"
    cases = [pytest.param(None, id="ours")]
    cases += [pytest.param(mutation, id=name) for name, mutation in mutants.items()]

    def decorate(holds: Callable[[T], None]) -> Callable[..., None]:
        @pytest.mark.parametrize("mutation", cases)
        def test(mutation: Mutation | None) -> None:
            subject = read()
            if mutation is None:
                holds(subject)
                return
            before = deepcopy(document(subject))
            mutation(document(subject))
            assert document(subject) != before, "the mutant is our own"
            with pytest.raises((AssertionError, LookupError, ValueError)):
                holds(subject)

        test.__name__, test.__doc__ = holds.__name__, holds.__doc__
        return test

    return decorate


def put(path: str, value: Any) -> Mutation:
    """Writes a value at a path of names and numbers, `Resources/Table/Properties/BillingMode`."""

    def mutate(document: Any) -> None:
        place, name = _place(document, path)
        place[name] = value

    return mutate


def drop(path: str) -> Mutation:
    """Removes what is at a path."""

    def mutate(document: Any) -> None:
        place, name = _place(document, path)
        del place[name]

    return mutate


def also(path: str, value: Any) -> Mutation:
    """Adds one more to the list at a path."""

    def mutate(document: Any) -> None:
        place, name = _place(document, path)
        place[name].append(value)

    return mutate


def of(resource: str, more: str = "") -> str:
    """The path of a resource's properties, or of one of them."""
    return f"Resources/{resource}/Properties" + (f"/{more}" if more else "")


def _place(document: Any, path: str) -> tuple[Any, Any]:
    *way, last = (int(part) if part.isdecimal() else part for part in path.split("/"))
    for part in way:
        document = document[part]
    return document, last


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def takes(parameter: dict[str, Any], value: str) -> bool:
    """Whether CloudFormation would."""
    if "AllowedValues" in parameter and value not in map(str, parameter["AllowedValues"]):
        return False
    if "AllowedPattern" in parameter and not re.fullmatch(parameter["AllowedPattern"], value):
        return False
    if parameter["Type"] != "Number":
        return True
    low, high = parameter.get("MinValue", 0), parameter.get("MaxValue", float("inf"))
    return value.replace(".", "", 1).isdecimal() and low <= float(value) <= high
