"""The local stack's table, queue and functions are those that would be deployed."""

from pathlib import Path

import pytest

from local.checked_settings import ConfigError
from local.config import Config, changed_template, functions
from local.template import Template, TemplateError

KNOWN = {"Table": "campaigns", "JobsQueue": "http://queue", "Key.Arn": "key"}


def test_our_queue_is_read_with_its_dead_letter_queue() -> None:
    queue = Template(attributes={"DeadLetterQueue.Arn": "arn:dead"}).properties("JobsQueue")

    assert queue["RedrivePolicy"] == {"deadLetterTargetArn": "arn:dead", "maxReceiveCount": 10}
    assert queue["VisibilityTimeout"] == 90


def test_a_function_has_the_templates_limits_and_environment() -> None:
    dispatcher = functions(Template(attributes=KNOWN), {}, {})["DispatcherFunction"]

    assert (dispatcher.name, dispatcher.timeout_seconds) == ("campaigns-dispatcher", 60)
    assert dispatcher.environment["TABLE_NAME"] == "campaigns"
    assert dispatcher.environment["UNKNOWN_GRACE_SECONDS"] == "600"
    assert dispatcher.environment["SCHEDULER_FUNCTION_NAME"] == "campaigns-scheduler"


def test_a_setting_of_the_users_goes_before_the_templates_but_not_before_the_stacks_own() -> None:
    environment = {"UNKNOWN_GRACE_SECONDS": "5", "TABLE_NAME": "theirs", "HOME": "/root"}
    dispatcher = functions(Template(attributes=KNOWN), environment, {})["DispatcherFunction"]

    assert dispatcher.environment["UNKNOWN_GRACE_SECONDS"] == "5"
    assert dispatcher.environment["TABLE_NAME"] == "campaigns"
    assert "HOME" not in dispatcher.environment


def test_another_time_limit_of_the_dispatcher_takes_the_queues_visibility_along() -> None:
    template = changed_template(Config(environment={"FUNCTION_TIMEOUT_SECONDS": "15"}))
    template.know({**KNOWN, "DeadLetterQueue.Arn": "arn:dead"})

    assert template.properties("DispatcherFunction", "Timeout") == {"Timeout": 15}
    assert template.properties("JobsQueue")["VisibilityTimeout"] == 45


def test_an_intrinsic_function_that_is_not_understood_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text("Resources: {Table: {Properties: {Name: !ImportValue x}}}")

    with pytest.raises(TemplateError, match="Fn::ImportValue"):
        Template(path).properties("Table")


@pytest.mark.parametrize(("default", "table"), [("", "own"), ("other", "other")])
def test_what_depends_on_a_parameter_goes_by_its_default(
    tmp_path: Path, default: str, table: str
) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(
        f"Parameters: {{Given: {{Default: '{default}'}}}}\n"
        "Conditions: {HasOne: !Not [!Equals [!Ref Given, '']]}\n"
        "Resources: {Table: {Properties: {Name: !If [HasOne, !Ref Given, own]}}}\n"
    )

    assert Template(path).properties("Table") == {"Name": table}


def test_a_condition_that_is_not_understood_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(
        "Conditions: {Odd: !Or [a, b]}\nResources: {Table: {Properties: {Name: !If [Odd, a, b]}}}\n"
    )

    with pytest.raises(TemplateError, match="Fn::Or"):
        Template(path).properties("Table")


def test_a_reference_to_what_does_not_exist_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text("Resources: {Table: {Properties: {Name: !Ref Missing}}}")

    with pytest.raises(TemplateError, match="Missing"):
        Template(path).properties("Table")


@pytest.mark.parametrize("port", ["http", "-1", "65536", "80.5"])
def test_a_port_that_is_none_is_refused_with_its_variable(port: str) -> None:
    with pytest.raises(ConfigError, match="API_PORT"):
        Config.from_environment({"API_PORT": port})


@pytest.mark.parametrize("period", ["soon", "0", "-1", "nan"])
def test_a_period_that_is_none_is_refused_with_its_variable(period: str) -> None:
    with pytest.raises(ConfigError, match="SCHEDULE_PERIOD_SECONDS"):
        Config.from_environment({"SCHEDULE_PERIOD_SECONDS": period})
