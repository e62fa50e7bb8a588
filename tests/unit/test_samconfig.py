"""samconfig.toml: two deployments of one template, and the documents that speak of their values."""

import dataclasses
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from local.process import ROOT
from tests.unit.template_rules import Rules, also, broken, drop, our_template, put, takes

ENVIRONMENTS = ("dev", "prod")
#: The longest name that Lambda takes for a function.
LAMBDA_NAME = 64


@dataclasses.dataclass(frozen=True, slots=True)
class Configured:
    """samconfig.toml beside the template of which it speaks."""

    document: dict[str, Any]
    template: Rules

    def deploy(self, environment: str) -> dict[str, Any]:
        return self.document[environment]["deploy"]["parameters"]

    def overrides(self, environment: str) -> dict[str, str]:
        return pairs(self.deploy(environment)["parameter_overrides"])


def pairs(texts: list[str]) -> dict[str, str]:
    return dict(text.split("=", 1) for text in texts)


def our_configuration() -> Configured:
    text = (ROOT / "samconfig.toml").read_text("utf-8")
    return Configured(tomllib.loads(text), our_template())


def configured(**mutants):
    """A test of our samconfig.toml, which each of the mutants must make fail."""
    return broken(our_configuration, lambda configuration: configuration.document, mutants)


@configured(
    no_such_parameter=also("dev/deploy/parameters/parameter_overrides", "Colour=blue"),
    a_value_that_is_refused=put("prod/deploy/parameters/parameter_overrides/3", "LogLevel=LOUD"),
)
def test_what_is_configured_is_a_parameter_and_a_value_that_it_takes(configuration: Configured):
    for environment in ENVIRONMENTS:
        for name, value in configuration.overrides(environment).items():
            assert takes(configuration.template.parameters[name], value), (environment, name)


@configured(
    one_forgot=drop("prod/deploy/parameters/parameter_overrides/0"),
    alike=put("dev/deploy/parameters/parameter_overrides/3", "LogLevel=INFO"),
    unprotected=put("prod/deploy/parameters/parameter_overrides/1", "DeletionProtection=false"),
    unasked=put("prod/deploy/parameters/confirm_changeset", False),
    with_more_rights=put("prod/deploy/parameters/capabilities", "CAPABILITY_NAMED_IAM"),
)
def test_dev_and_prod_differ_where_it_is_meant(configuration: Configured):
    dev, prod = map(configuration.overrides, ENVIRONMENTS)
    assert dev.keys() == prod.keys()
    assert all(dev[name] != prod[name] for name in dev)
    differing = {
        name
        for name in configuration.deploy("dev") | configuration.deploy("prod")
        if configuration.deploy("dev").get(name) != configuration.deploy("prod").get(name)
    }
    assert differing == {
        "confirm_changeset",
        "fail_on_empty_changeset",
        "parameter_overrides",
        "s3_prefix",
        "tags",
    }
    assert prod["DeletionProtection"] == prod["AlarmsAndDashboard"] == "true"
    assert configuration.deploy("prod")["confirm_changeset"] is True


@configured(
    prod_by_default=put("default/global/parameters/stack_name", "alrea-campaigns"),
    otherwise_than_dev=also("default/deploy/parameters/parameter_overrides", "LaneShards=4"),
)
def test_without_a_word_it_is_dev_that_is_deployed(configuration: Configured):
    for command in ("deploy", "global"):
        assert configuration.document["default"][command] == configuration.document["dev"][command]


@configured(
    no_tags=drop("prod/deploy/parameters/tags"),
    tagged_as_another=put("prod/deploy/parameters/tags/1", "environment=dev"),
    one_stack_for_both=put("prod/global/parameters/stack_name", "alrea-campaigns-dev"),
    one_prefix_for_both=put("prod/deploy/parameters/s3_prefix", "alrea-campaigns-dev"),
)
def test_whatever_is_deployed_is_tagged_and_named_by_its_environment(configuration: Configured):
    """Tags of a stack are CloudFormation's to put on everything in it that can have some."""
    names = {
        configuration.document[each]["global"]["parameters"]["stack_name"] for each in ENVIRONMENTS
    }
    assert len(names) == len(ENVIRONMENTS)
    for environment in ENVIRONMENTS:
        deploy = configuration.deploy(environment)
        tags = pairs(deploy["tags"])
        assert tags == {"app": "alrea-campaigns", "environment": environment}
        name = configuration.document[environment]["global"]["parameters"]["stack_name"]
        assert deploy["s3_prefix"] == name
    for resource in configuration.template.resources.values():
        assert "Tags" not in resource.get("Properties", {})


@configured(
    too_long=put("prod/global/parameters/stack_name", "alrea-campaigns-" + "x" * 38),
    not_what_the_rights_are_for=put("prod/global/parameters/stack_name", "campaigns"),
)
def test_a_stacks_name_leaves_room_for_its_functions_and_is_one_of_the_policies(
    configuration: Configured,
):
    template = configuration.template
    names = [template.properties(name)["FunctionName"]["Fn::Sub"] for name in template.functions]
    most = LAMBDA_NAME - max(len(name.replace("${AWS::StackName}", "")) for name in names)
    assert f"has {most} characters at most" in (ROOT / "docs" / "deploy.md").read_text("utf-8")
    for environment in ENVIRONMENTS:
        stack = configuration.document[environment]["global"]["parameters"]["stack_name"]
        assert len(stack) <= most
        assert stack.startswith("alrea-campaigns")


# Words about them


#: An item of `parameter_overrides`, or one quoted in a sentence.
OVERRIDE = re.compile(r"""^ *"([A-Z][a-z]\w+)=([^"]*)",$|`([A-Z][a-z]\w+)=([^`]+)`""", re.MULTILINE)


@pytest.mark.parametrize(
    "path",
    [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))],
    ids=lambda path: path.name,
)
def test_a_document_gives_values_to_parameters_that_there_are_and_that_take_them(path: Path):
    parameters = our_template().parameters
    for found in OVERRIDE.findall(path.read_text("utf-8")):
        name, value = filter(None, found)
        assert name in parameters
        assert takes(parameters[name], value), (name, value)
