"""What the functions' roles allow, and what AWS itself does in a function's name."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, NamedTuple

from tests.permissions.stack import NotUnderstood, Stack

#: The functions by the last word of their names.
FUNCTIONS: Final = ("api", "scheduler", "dispatcher")
_UNDERSTOOD: Final = {"Sid", "Effect", "Action", "Resource"}


class Right(NamedTuple):
    """One action on one resource, as a statement allows it: either may have wildcards."""

    sid: str
    action: str
    resource: str

    def covers(self, action: str, resource: str) -> bool:
        """Whether a call of that action on that resource (an ARN) is allowed by it."""
        return _matches(self.action.lower(), action.lower()) and _matches(self.resource, resource)


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of a policy, every reference resolved."""

    sid: str
    is_allowing: bool
    actions: tuple[str, ...]
    resources: tuple[str, ...]

    def speaks_of(self, action: str, resource: str) -> bool:
        """Whether a call of that action on that resource (an ARN) falls under it."""
        return any(each.covers(action, resource) for each in self.rights)

    @property
    def rights(self) -> list[Right]:
        """Each action on each resource."""
        return [
            Right(self.sid, action, resource)
            for action in self.actions
            for resource in self.resources
        ]


class OwnCall(NamedTuple):
    """What AWS calls with a function's role, without a line of ours."""

    action: str
    resource: str
    by: str

    @property
    def place(self) -> tuple[str, str]:
        """The action and its resource."""
        return self.action, self.resource


@dataclass(frozen=True, slots=True)
class Role:
    """A function's rights and surroundings."""

    function: str
    statements: Sequence[Statement]
    environment: Mapping[str, str]
    own_calls: Sequence[OwnCall]

    def allows(self, action: str, resource: str) -> bool:
        """IAM's rule: some statement allows it, and none denies it."""
        met = [each for each in self.statements if each.speaks_of(action, resource)]
        return bool(met) and all(each.is_allowing for each in met)

    @property
    def rights(self) -> list[Right]:
        """Whatever it allows, one action on one resource at a time."""
        return [right for each in self.statements if each.is_allowing for right in each.rights]


def roles_of(stack: Stack) -> dict[str, Role]:
    """The role of each function, by the function's short name."""
    roles = {}
    for logical_id, function in stack.of_type("AWS::Lambda::Function").items():
        name = str(stack.value(function["FunctionName"])).rpartition("-")[2]
        environment = stack.value(function.get("Environment", {}).get("Variables", {}))
        roles[name] = Role(
            name,
            tuple(_statements(stack, _role_id(function))),
            environment,
            tuple(_own_calls(stack, logical_id, function)),
        )
    assert roles.keys() == set(FUNCTIONS)
    return roles


def statements_in(stack: Stack, document: Mapping[str, Any]) -> Iterator[Statement]:
    """The statements of a policy; raises :class:`NotUnderstood` where one is not plain."""
    for raw in _as_list(document["Statement"]):
        statement = stack.value(raw)
        if unknown := statement.keys() - _UNDERSTOOD:
            raise NotUnderstood(f"{sorted(unknown)} in the statement {statement.get('Sid')}")
        yield Statement(
            statement.get("Sid", ""),
            statement["Effect"] == "Allow",
            tuple(_as_list(statement["Action"])),
            tuple(_as_list(statement["Resource"])),
        )


def _statements(stack: Stack, role_id: str) -> Iterator[Statement]:
    role = stack.of_type("AWS::IAM::Role")[role_id]
    if role.get("ManagedPolicyArns"):
        raise NotUnderstood(f"{role_id} has managed policies: what they allow is not to be seen")
    for policy in role.get("Policies", []):
        yield from statements_in(stack, policy["PolicyDocument"])
    for kind in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy"):
        for policy in stack.of_type(kind).values():
            if {"Ref": role_id} in [*policy.get("Roles", []), policy.get("RoleName")]:
                yield from statements_in(stack, policy["PolicyDocument"])


def _role_id(function: Mapping[str, Any]) -> str:
    role = function["Role"]["Fn::GetAtt"]
    return str(role[0] if isinstance(role, list) else role.partition(".")[0])


def _own_calls(stack: Stack, logical_id: str, function: Mapping[str, Any]) -> Iterator[OwnCall]:
    """As AWS's guides to Lambda say what a role has to allow."""
    if "DeadLetterConfig" in function or _destinations(stack, logical_id):
        raise NotUnderstood(f"{logical_id} sends its failures somewhere: which right that takes")
    group = stack.value(function["LoggingConfig"]["LogGroup"])
    group_id = next(
        name
        for name, properties in stack.of_type("AWS::Logs::LogGroup").items()
        if stack.value(properties["LogGroupName"]) == group
    )
    stream = stack.value({"Fn::GetAtt": [group_id, "Arn"]}).replace(":*", ":log-stream:1")
    for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
        yield OwnCall(action, stream, "Lambda, for each line of the function's log")
    for mapping in stack.of_type("AWS::Lambda::EventSourceMapping").values():
        if mapping["FunctionName"] == {"Ref": logical_id}:
            queue = stack.value(mapping["EventSourceArn"])
            for action in ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"):
                yield OwnCall(action, queue, "the event source mapping, which polls the queue")
    if stack.value(function.get("TracingConfig", {})).get("Mode") == "Active":
        for action in ("xray:PutTelemetryRecords", "xray:PutTraceSegments"):
            yield OwnCall(action, "*", "Lambda, where Tracing is Active")


def _destinations(stack: Stack, logical_id: str) -> bool:
    return any(
        config.get("DestinationConfig")
        for config in stack.of_type("AWS::Lambda::EventInvokeConfig").values()
        if config["FunctionName"] == {"Ref": logical_id}
    )


def _matches(pattern: str, text: str) -> bool:
    return _expression(pattern).fullmatch(text) is not None


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    """IAM's wildcards: `*` for any characters, `?` for any one."""
    parts = (".*" if each == "*" else "." if each == "?" else re.escape(each) for each in pattern)
    return re.compile("".join(parts), re.DOTALL)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
