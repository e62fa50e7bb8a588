"""The local stack's table, queues and functions are those of `template.yaml`, read from it.

Of CloudFormation's functions `Ref`, `Fn::GetAtt`, `Fn::Sub` and `Fn::If` over parameters at their
defaults are understood, which is what the properties read here use. Another one is refused, not
guessed.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from local.process import ACCOUNT_ID, REGION, ROOT

TEMPLATE = ROOT / "template.yaml"
_PSEUDO_PARAMETERS = {
    "AWS::AccountId": ACCOUNT_ID,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackName": "campaigns",
}


class TemplateError(Exception):
    """The template uses something that the local stack does not understand."""


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms (`!Ref x` for `{"Ref": x}`)."""


def _short_form(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    elif isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    return {"Ref" if suffix == "Ref" else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _short_form)


def read_document(text: str) -> dict[str, Any]:
    """A template as it is written, its short forms spelled out."""
    document: dict[str, Any] = yaml.load(text, _Loader)  # noqa: S506 - is safe
    return document


class Template:
    """A template whose references can be worked out.

    `attributes` give the resources that exist: ``{"Table": name, "JobsQueue.Arn": arn}``.
    """

    def __init__(self, path: Path = TEMPLATE, attributes: Mapping[str, str] | None = None) -> None:
        self._document = read_document(path.read_text(encoding="utf-8"))
        parameters = self._document.get("Parameters", {})
        self._values: dict[str, Any] = {
            **_PSEUDO_PARAMETERS,
            **{name: parameter["Default"] for name, parameter in parameters.items()},
            **(attributes or {}),
        }

    def know(self, attributes: Mapping[str, str]) -> None:
        """Adds what a resource got when it was made."""
        self._values |= attributes

    def change(self, logical_id: str, property_name: str, value: object) -> None:
        """A resource differs from the template in this property."""
        self._document["Resources"][logical_id]["Properties"][property_name] = value

    def properties(self, logical_id: str, *names: str) -> dict[str, Any]:
        """The properties of a resource (all, or those named), worked out."""
        properties = self._document["Resources"][logical_id]["Properties"]
        return {name: self._resolve(properties[name]) for name in names or properties}

    def environment(self) -> dict[str, str]:
        """The environment that every function gets."""
        variables = self._document["Globals"]["Function"]["Environment"]["Variables"]
        return {name: str(self._resolve(value)) for name, value in variables.items()}

    def _resolve(self, value: Any) -> Any:
        match value:
            case list():
                return [self._resolve(item) for item in value]
            case {"Ref": name, **rest} if not rest:
                return self._reference(name)
            case {"Fn::GetAtt": argument, **rest} if not rest:
                return self._reference(
                    argument if isinstance(argument, str) else ".".join(argument)
                )
            case {"Fn::Sub": str(text), **rest} if not rest:
                return re.sub(r"\$\{([^!}]+)\}", lambda found: str(self._reference(found[1])), text)
            case {"Fn::If": [str(condition), then, otherwise], **rest} if not rest:
                return self._resolve(then if self._holds(condition) else otherwise)
            case dict():
                return {name: self._member(name, member) for name, member in value.items()}
            case _:
                return value

    def _member(self, name: str, member: Any) -> Any:
        if name.startswith("Fn::"):
            raise TemplateError(f"{name} is not understood in the local stack")
        return self._resolve(member)

    def _holds(self, condition: str) -> bool:
        return self._judge(self._document["Conditions"][condition])

    def _judge(self, condition: Any) -> bool:
        match condition:
            case {"Fn::Not": [negated]}:
                return not self._judge(negated)
            case {"Fn::Equals": [left, right]}:
                return bool(self._resolve(left) == self._resolve(right))
            case _:
                raise TemplateError(f"{condition} is not understood in the local stack")

    def _reference(self, name: str) -> Any:
        try:
            return self._values[name]
        except KeyError:
            raise TemplateError(f"{name} has no value in the local stack") from None
