"""A processed template as a stack that was made of it: names and ARNs in place of references.

Whatever has no name of its own is called by its logical id.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

REGION: Final = "us-east-1"
ACCOUNT: Final = "123456789012"
STACK: Final = "campaigns"

_PSEUDO: Final = {
    "AWS::AccountId": ACCOUNT,
    "AWS::NoValue": None,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackName": STACK,
}
#: By type: the property that names it, and its ARN behind region and account.
_KINDS: Final = {
    "AWS::DynamoDB::Table": ("TableName", "dynamodb", "table/{}"),
    "AWS::KMS::Key": ("", "kms", "key/{}"),
    "AWS::Lambda::Function": ("FunctionName", "lambda", "function:{}"),
    "AWS::Logs::LogGroup": ("LogGroupName", "logs", "log-group:{}:*"),
    "AWS::SNS::Topic": ("TopicName", "sns", "{}"),
    "AWS::SQS::Queue": ("QueueName", "sqs", "{}"),
}


class NotUnderstood(Exception):
    """The template says something that this cannot judge by; it is refused, not guessed at."""


class Stack:
    """One set of parameters' stack; what is not given has its default."""

    def __init__(self, template: Mapping[str, Any], **parameters: str) -> None:
        self.resources: Mapping[str, Any] = template["Resources"]
        self._conditions: Mapping[str, Any] = template.get("Conditions", {})
        declared = template.get("Parameters", {})
        assert parameters.keys() <= declared.keys()
        self._parameters = {
            name: parameters.get(name, described.get("Default", ""))
            for name, described in declared.items()
        }

    def of_type(self, kind: str) -> dict[str, Any]:
        """The resources of a type that exist under these parameters: properties, by logical id."""
        return {
            name: resource.get("Properties", {})
            for name, resource in self.resources.items()
            if resource["Type"] == kind and self.holds(resource.get("Condition"))
        }

    def holds(self, condition: str | None) -> bool:
        """Whether that condition of the template does; None always does."""
        if condition is None:
            return True
        return bool(self.value(self._conditions[condition]))

    def value(self, node: Any) -> Any:
        """What a part of the template is, with all that it refers to."""
        match node:
            case {"Ref": str(name)}:
                return self._reference(name)
            case {"Fn::GetAtt": [str(name), "Arn"]}:
                return self._arn(name)
            case {"Fn::GetAtt": str(path)} if path.endswith(".Arn"):
                return self._arn(path.removesuffix(".Arn"))
            case {"Condition": str(name), **rest} if not rest:
                return self.holds(name)
            case dict() if len(node) == 1 and next(iter(node)).startswith("Fn::"):
                ((function, argument),) = node.items()
                return self._function(function.removeprefix("Fn::"), argument)
            case dict():
                pairs = {name: self.value(member) for name, member in node.items()}
                return {name: member for name, member in pairs.items() if member is not None}
            case list():
                return [each for each in map(self.value, node) if each is not None]
        return node

    def _function(self, name: str, argument: Any) -> Any:
        if name == "If":
            condition, then, otherwise = argument
            return self.value(then if self.holds(condition) else otherwise)
        functions: dict[str, Callable[[Any], Any]] = {
            "And": all,
            "Equals": lambda two: two[0] == two[1],
            "Join": lambda parts: parts[0].join(self._list(parts[1])),
            "Not": lambda one: not one[0],
            "Or": any,
            "Select": lambda chosen: chosen[1][int(chosen[0])],
        }
        if name == "Sub":
            return self._substitute(argument)
        if name not in functions:
            raise NotUnderstood(f"Fn::{name}")
        return functions[name](self.value(argument))

    def _list(self, value: Any) -> list[str]:
        """A list, or a parameter that is one in a string."""
        return value.split(",") if isinstance(value, str) else value

    def _substitute(self, argument: Any) -> str:
        text, given = argument if isinstance(argument, list) else (argument, {})

        def replace(found: re.Match[str]) -> str:
            name = found[1]
            if name in given:
                return str(self.value(given[name]))
            if "." in name:
                return str(self.value({"Fn::GetAtt": name}))
            return str(self._reference(name))

        return re.sub(r"\$\{([^!}]+)\}", replace, text)

    def _reference(self, name: str) -> Any:
        if name in _PSEUDO:
            return _PSEUDO[name]
        if name in self._parameters:
            return self._parameters[name]
        if self.resources[name]["Type"] == "AWS::SQS::Queue":
            return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{self._name(name)}"
        return self._name(name)

    def _name(self, logical_id: str) -> str:
        resource = self.resources[logical_id]
        named_by, *_ = _KINDS.get(resource["Type"], ("",))
        return str(self.value(resource.get("Properties", {}).get(named_by, logical_id)))

    def _arn(self, logical_id: str) -> str:
        kind = self.resources[logical_id]["Type"]
        if kind == "AWS::IAM::Role":
            return f"arn:aws:iam::{ACCOUNT}:role/{logical_id}"
        if kind not in _KINDS:
            raise NotUnderstood(f"the ARN of {logical_id}, which is an {kind}")
        _, service, form = _KINDS[kind]
        return arn(service, form.format(self._name(logical_id)))


def arn(service: str, resource: str) -> str:
    """An ARN in the stack's account and region."""
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"
