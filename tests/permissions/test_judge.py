"""A template that is changed in any one right is found out, in whichever direction."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest

from tests.permissions.adapters import contained
from tests.permissions.calls import Call
from tests.permissions.judge import (
    VARIANTS,
    denied,
    deployed,
    faults,
    in_each_variant,
    too_wide,
    unused,
)
from tests.permissions.processed import processed
from tests.permissions.roles import Right, Role
from tests.permissions.stack import NotUnderstood

#: Where each statement stands: the role, its policy, its place there.
type Place = tuple[str, int]
_POLICIES = ("ApiRole", "SchedulerRole", "DispatcherRole", "TracingPolicy")


def statements(template: Any, policy: str) -> list[dict[str, Any]]:
    properties = template["Resources"][policy]["Properties"]
    (document,) = [each["PolicyDocument"] for each in properties.get("Policies", [properties])]
    found: list[dict[str, Any]] = document["Statement"]
    return found


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


PLACES: list[Place] = [
    (policy, place) for policy in _POLICIES for place in range(len(statements(processed(), policy)))
]
ACTIONS: list[tuple[str, int, str]] = [
    (policy, place, action)
    for policy, place in PLACES
    for action in as_list(statements(processed(), policy)[place]["Action"])
]


def calls_of(role: Role) -> Iterator[Call]:
    """One for each right that AWS does not use itself."""
    for right in role.rights:
        if not any(right.covers(*own.place) for own in role.own_calls):
            yield Call(role.function, "an:Operation", right.action, setting_of(role, right))


def setting_of(role: Role, right: Right) -> str:
    """The name by which a call of ours would have been recorded."""
    service, _, rest = right.resource.removeprefix("arn:aws:").partition(":")
    tail = rest.split(":", 2)[-1]
    match service:
        case "dynamodb":
            return "/".join(["TABLE_NAME", *tail.split("/")[2:]])
        case "sqs":
            return "QUEUE_URL"
        case "kms":
            return "KMS_KEY_ID"
        case "lambda":
            return "SCHEDULER_FUNCTION_NAME"
        case "ssm":
            return "EVOLUTION_SERVER_KEY_PARAMETER"
    raise AssertionError(right)


@pytest.fixture(scope="module")
def calls() -> set[Call]:
    """What the functions would call if each used each of its rights."""
    return {call for role in deployed()[0].values() for call in calls_of(role)}


@pytest.fixture
def template() -> Any:
    return deepcopy(processed())


def judged(template: Any, calls: set[Call]) -> list[str]:
    return faults(calls, [], in_each_variant(template))


def test_a_template_that_allows_what_is_called_is_right(template: Any, calls: set[Call]) -> None:
    assert judged(template, calls) == []
    assert len(calls) > 25


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_a_statement_that_is_missing_is_missed(
    template: Any, calls: set[Call], place: Place
) -> None:
    policy, number = place
    gone = statements(template, policy).pop(number)
    found = judged(template, calls)
    assert found
    for action in as_list(gone["Action"]):
        assert any(f"no statement of its role allows {action} on" in fault for fault in found)


@pytest.mark.parametrize("action", ACTIONS, ids=str)
def test_an_action_that_is_missing_is_missed(
    template: Any, calls: set[Call], action: tuple[str, int, str]
) -> None:
    policy, number, name = action
    statement = statements(template, policy)[number]
    statement["Action"] = [each for each in as_list(statement["Action"]) if each != name] or [
        "sqs:TagQueue"
    ]
    assert any(f"no statement of its role allows {name} on" in x for x in judged(template, calls))


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_an_action_that_nobody_calls_is_found(
    template: Any, calls: set[Call], place: Place
) -> None:
    policy, number = place
    statement = statements(template, policy)[number]
    service = as_list(statement["Action"])[0].partition(":")[0]
    statement["Action"] = [*as_list(statement["Action"]), f"{service}:TagResource"]
    found = judged(template, calls)
    assert found
    assert all(f"may {service}:TagResource on" in fault for fault in found)


def test_a_resource_that_nobody_calls_is_found(template: Any, calls: set[Call]) -> None:
    jobs, *_ = [s for s in statements(template, "ApiRole") if s["Sid"] == "SendJobs"]
    jobs["Resource"] = [jobs["Resource"], {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}]
    (fault,) = judged(template, calls)
    assert "DeadLetterQueue (SendJobs), and no test has it do so" in fault


def test_a_table_that_is_another_than_the_functions_is_found(
    template: Any, calls: set[Call]
) -> None:
    environment = template["Resources"]["DispatcherFunction"]["Properties"]["Environment"]
    environment["Variables"]["TABLE_NAME"] = "another"
    found = judged(template, calls)
    assert any(
        "allows dynamodb:GetItem on" in fault and "table/another" in fault for fault in found
    )


def test_a_right_on_the_stacks_own_table_is_found_where_a_restored_one_is_used(
    template: Any, calls: set[Call]
) -> None:
    own = {"Fn::GetAtt": ["Table", "Arn"]}
    for statement in statements(template, "DispatcherRole"):
        if statement["Sid"] == "ReadAndWriteTable":
            statement["Resource"] = own
    found = judged(template, calls)
    assert any("allows dynamodb:GetItem on" in each and "table/restored" in each for each in found)
    assert any("may dynamodb:GetItem on" in each and "table/Table" in each for each in found)


def test_what_is_denied_is_not_allowed(template: Any, calls: set[Call]) -> None:
    statements(template, "ApiRole").append(
        {
            "Sid": "Never",
            "Effect": "Deny",
            "Action": "kms:*",
            "Resource": "*",
        }
    )
    found = judged(template, calls)
    assert len([fault for fault in found if "allows kms:" in fault]) == 3


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("dynamodb:*", "arn:aws:dynamodb:us-east-1:123456789012:table/Table"),
        ("dynamodb:Get*", "arn:aws:dynamodb:us-east-1:123456789012:table/Table"),
        ("dynamodb:GetItem", "*"),
        ("dynamodb:GetItem", "arn:aws:dynamodb:us-east-1:123456789012:table/Tabl?"),
        ("dynamodb:Query", "arn:aws:dynamodb:us-east-1:123456789012:table/Table/index/*"),
        ("logs:PutLogEvents", "arn:aws:logs:us-east-1:123456789012:log-group:*"),
        ("logs:PutLogEvents", "*"),
        ("xray:*", "*"),
        ("xray:PutTraceSegments", "arn:aws:xray:us-east-1:123456789012:*"),
    ],
)
def test_a_wildcard_is_too_wide_where_there_is_something_narrower(
    template: Any, action: str, resource: str
) -> None:
    statements(template, "ApiRole").append(
        {"Sid": "Wide", "Effect": "Allow", "Action": action, "Resource": resource}
    )
    found = too_wide(in_each_variant(template))
    assert found
    assert all("(Wide)" in fault for fault in found)


@pytest.mark.parametrize(
    "change",
    [
        {"Condition": {"StringEquals": {"aws:PrincipalTag/team": "x"}}},
        {"NotAction": "s3:*"},
        {"NotResource": "*"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_statement_that_is_not_plain_is_refused(template: Any, change: dict[str, object]) -> None:
    statements(template, "ApiRole")[0].update(change)
    with pytest.raises(NotUnderstood, match="in the statement"):
        in_each_variant(template)


def _managed(resources: Any) -> None:
    arn = "arn:aws:iam::aws:policy/AdministratorAccess"
    resources["ApiRole"]["Properties"]["ManagedPolicyArns"] = [arn]


def _dead_letters_of_the_function(resources: Any) -> None:
    queue = {"TargetArn": {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}}
    resources["SchedulerFunction"]["Properties"]["DeadLetterConfig"] = queue


def _destination(resources: Any) -> None:
    failed = {"OnFailure": {"Destination": {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}}}
    config = resources["SchedulerFunctionEventInvokeConfig"]["Properties"]
    config["DestinationConfig"] = failed


@pytest.mark.parametrize("change", [_managed, _dead_letters_of_the_function, _destination])
def test_rights_that_cannot_be_judged_by_the_template_are_refused(
    template: Any, change: Callable[[Any], None]
) -> None:
    change(template["Resources"])
    with pytest.raises(NotUnderstood):
        in_each_variant(template)


def test_a_policy_beside_the_role_counts_too(template: Any, calls: set[Call]) -> None:
    template["Resources"]["More"] = {
        "Type": "AWS::IAM::Policy",
        "Properties": {
            "Roles": [{"Ref": "ApiRole"}],
            "PolicyDocument": {
                "Statement": {
                    "Effect": "Allow",
                    "Action": "sqs:PurgeQueue",
                    "Resource": {"Fn::GetAtt": ["JobsQueue", "Arn"]},
                }
            },
        },
    }
    assert any("api may sqs:PurgeQueue" in fault for fault in judged(template, calls))


def test_another_functions_rights_are_not_ones_own() -> None:
    call = Call("dispatcher", "sqs:SendMessageBatch", "sqs:SendMessage", "QUEUE_URL")
    (fault,) = denied([call])
    assert fault.startswith("dispatcher calls sqs:SendMessageBatch")
    assert denied([call._replace(who="api")]) == []


def test_who_is_no_function_and_no_command_is_told_and_not_passed_over() -> None:
    call = Call("schedular", "dynamodb:GetItem", "dynamodb:GetItem", "TABLE_NAME")
    assert denied([call]) == ["schedular acts, and is no function and no command of admin"]
    assert denied([call._replace(who="admin tenant")]) == []


@pytest.mark.parametrize("resource", ["?another", "?", "HOME", "TABLE_NAME/index/by_name"])
def test_a_call_on_what_no_setting_names_is_denied(resource: str) -> None:
    assert len(denied([Call("api", "dynamodb:Query", "dynamodb:Query", resource)])) in {1, 2}


def test_an_index_is_not_its_table() -> None:
    role = deployed()[0]["scheduler"]
    table = Call("scheduler", "dynamodb:Query", "dynamodb:Query", "TABLE_NAME")
    index = table._replace(resource="TABLE_NAME/index/by_phone")
    assert denied([table]) == []
    assert denied([index])
    assert role.allows("dynamodb:query", "arn:aws:dynamodb:us-east-1:123456789012:table/Table")


def test_a_role_that_nobody_acts_in_is_unused_but_for_what_aws_does() -> None:
    found = unused([])
    assert any("dispatcher may dynamodb:GetItem" in fault for fault in found)
    assert not any(
        "logs:" in fault or "xray:" in fault or "ReceiveMessage" in fault for fault in found
    )


def test_an_adapters_call_that_nobody_makes_is_found(calls: set[Call]) -> None:
    found = [fault for fault in faults(calls, contained()) if "stands in an adapter" in fault]
    assert len(found) == len(contained())


def test_the_variants_differ_in_what_they_are_there_for() -> None:
    assert len({json.dumps([str(role) for role in roles.values()]) for roles in deployed()}) == len(
        VARIANTS
    )
