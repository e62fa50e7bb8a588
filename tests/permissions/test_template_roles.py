"""The roles of the template, as CloudFormation gets them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.permissions.judge import VARIANTS, deployed, faults, too_wide
from tests.permissions.operators import PAGE
from tests.permissions.page import tables, written
from tests.permissions.processed import processed, transform
from tests.permissions.recorder import NAMING
from tests.permissions.recordings import ROOT
from tests.permissions.roles import FUNCTIONS, roles_of
from tests.permissions.stack import NotUnderstood, Stack


def test_nothing_is_allowed_on_everything_where_aws_has_something_narrower() -> None:
    assert too_wide() == []


def test_what_aws_itself_does_in_a_functions_name_is_allowed() -> None:
    assert [fault for fault in faults([], []) if "is called for by" in fault] == []


def test_each_condition_on_which_a_right_depends_is_judged_by_both_ways() -> None:
    template = processed()
    stacks = [Stack(template, **parameters) for parameters in VARIANTS]
    named = set(_conditions(template))
    assert named
    assert {name: {stack.holds(name) for stack in stacks} for name in named} == {
        name: {True, False} for name in named
    }


def _conditions(template: dict[str, Any]) -> Iterator[str]:
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Lambda::Function":
            properties = _surroundings(properties)
        elif not resource["Type"].startswith("AWS::IAM::"):
            continue
        if condition := resource.get("Condition"):
            yield condition
        yield from _asked(properties)


def _surroundings(function: dict[str, Any]) -> list[Any]:
    """What of a function its rights, and the calls that it needs them for, depend on."""
    variables = function["Environment"]["Variables"]
    named = [variables[name] for name in NAMING]
    return [
        *named,
        function["LoggingConfig"]["LogGroup"],
        function["Role"],
        function["TracingConfig"],
    ]


def _asked(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for each in node:
            yield from _asked(each)
    if isinstance(node, dict):
        if "Fn::If" in node:
            yield node["Fn::If"][0]
        yield from _asked(list(node.values()))


def test_the_scheduler_that_is_called_is_the_one_that_there_is() -> None:
    stack = Stack(processed())
    functions = stack.of_type("AWS::Lambda::Function").values()
    names = {stack.value(function["FunctionName"]) for function in functions}
    for role in deployed()[0].values():
        assert role.environment["SCHEDULER_FUNCTION_NAME"] in names


def test_nobody_may_call_a_function_but_from_a_place_that_is_named() -> None:
    permissions = Stack(processed()).of_type("AWS::Lambda::Permission")
    assert permissions
    for name, permission in permissions.items():
        assert permission["Action"] == "lambda:InvokeFunction", name
        assert {"SourceArn", "Principal"} <= permission.keys(), name
        assert permission["Principal"] != "*", name


def test_a_restored_tables_own_stack_is_out_of_reach() -> None:
    restored = roles_of(Stack(processed(), RestoredTableName="restored"))
    for role in restored.values():
        on = {right.resource for right in role.rights if right.action.startswith("dynamodb:")}
        assert on
        assert all(":table/restored" in resource for resource in on)


def test_the_page_shows_what_is_granted() -> None:
    assert written(PAGE.read_text("utf-8")) == tables(), (
        "Run: .venv/bin/python -m tests.permissions.page"
    )


def test_a_function_without_a_role_of_its_own_gets_rights_from_sam_that_are_refused() -> None:
    """The reason why the template is judged as SAM has processed it."""
    template = (ROOT / "template.yaml").read_text("utf-8")
    line = "      Role: !GetAtt DispatcherRole.Arn\n"
    assert line in template
    with pytest.raises(NotUnderstood, match="managed policies"):
        roles_of(Stack(json.loads(transform(template.replace(line, "")))))


def test_every_function_is_judged() -> None:
    for roles in deployed():
        assert roles.keys() == set(FUNCTIONS)
        assert all(role.rights for role in roles.values())
