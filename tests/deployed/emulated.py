"""The built template as the emulator takes it, where it differs from AWS."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

_CODE = {
    "AWS::Serverless::Function": "CodeUri",
    "AWS::Serverless::LayerVersion": "ContentUri",
}
#: To AWS a batch is the action of its members; the emulator asks for an action of its own.
_BATCHES = {
    "sqs:ChangeMessageVisibility": "sqs:ChangeMessageVisibilityBatch",
    "sqs:SendMessage": "sqs:SendMessageBatch",
}


def emulated_template(build: Path) -> str:
    """The text of the build's template, but for three things.

    Alarms over more than one metric are left out, which the emulator refuses. Who may do something
    to a queue's message may do it to a batch. Code is named by absolute paths, so that the text may
    lie anywhere.
    """
    template: dict[str, Any] = yaml.safe_load((build / "template.yaml").read_text(encoding="utf-8"))
    resources: dict[str, Any] = template["Resources"]
    for name in [name for name, resource in resources.items() if is_metric_math(resource)]:
        del resources[name]
    for resource in resources.values():
        if path := _CODE.get(resource["Type"]):
            resource["Properties"][path] = str(build / resource["Properties"][path])
    for statement in _statements(resources):
        given = statement["Action"]
        actions = [given] if isinstance(given, str) else given
        statement["Action"] = [*actions, *(_BATCHES[one] for one in actions if one in _BATCHES)]
    return yaml.safe_dump(template, sort_keys=False)


def is_metric_math(resource: dict[str, Any]) -> bool:
    """Whether it is an alarm over more than one metric."""
    return resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in resource["Properties"]


def _statements(resources: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for resource in resources.values():
        if resource["Type"] == "AWS::IAM::Role":
            for policy in resource["Properties"].get("Policies", []):
                yield from policy["PolicyDocument"]["Statement"]
