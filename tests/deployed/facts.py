"""What stands in AWS after a deploy, to be compared with what stood there before."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from tests.deployed.stack import Deployment

_FUNCTIONS = ("ApiFunction", "SchedulerFunction", "DispatcherFunction")
_TIMEOUT_SECONDS = 35.0
#: What others know by its name, or what keeps something: an update that replaces one loses it.
LASTING = (
    "Table",
    "Key",
    "JobsQueue",
    "DeadLetterQueue",
    "HttpApi",
    *_FUNCTIONS,
    "DispatcherFunctionJobs",
    "SchedulerFunctionEachMinute",
)


@dataclass(frozen=True, slots=True)
class Facts:
    """`ids` by logical id; `functions` as Lambda describes them; `words` of a 404 of the API."""

    ids: Mapping[str, str]
    outputs: Mapping[str, str]
    parameters: Mapping[str, str]
    functions: Mapping[str, Mapping[str, Any]]
    words: str

    def layers(self) -> dict[str, str]:
        """The version of the layer that each function has."""
        return {name: each["layers"][0] for name, each in self.functions.items()}

    def code(self) -> dict[str, str]:
        """The hash of each function's own code."""
        return {name: each["code"] for name, each in self.functions.items()}


def facts_of(deployment: Deployment) -> Facts:
    """As they are now."""
    resources = deployment.resources()
    stack = deployment.stack()
    return Facts(
        {name: resources[name]["PhysicalResourceId"] for name in LASTING},
        {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]},
        {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]},
        {name: _function(deployment, name) for name in _FUNCTIONS},
        _words(deployment),
    )


def _words(deployment: Deployment) -> str:
    url = deployment.api_url + "/nowhere"
    answer = httpx.get(url, timeout=_TIMEOUT_SECONDS, trust_env=False)
    detail: str = answer.json()["detail"]
    return detail


def _function(deployment: Deployment, logical_id: str) -> dict[str, Any]:
    described = deployment.client("lambda").get_function_configuration(
        FunctionName=deployment.outputs[f"{logical_id}Name"]
    )
    return {
        "code": described["CodeSha256"],
        "layers": [layer["Arn"] for layer in described["Layers"]],
        "environment": described["Environment"]["Variables"],
        "memory": described["MemorySize"],
        "timeout": described["Timeout"],
    }
