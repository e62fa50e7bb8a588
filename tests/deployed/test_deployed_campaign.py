"""The build, deployed: one campaign through two releases, and what stands in AWS for it."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pytest

from local.demo_measure import arrived_between
from tests.deployed.facts import LASTING
from tests.deployed.story import (
    CONTACTS,
    GREETINGS,
    NEW_GREETING,
    NEW_WORDS,
    WORDS,
    Story,
    told,
)

pytestmark = pytest.mark.built

# From then on after the answer to a pause no request may leave.
_STOPPED_AFTER_SECONDS = 1.0
_ALARM_WORDS = (
    "AlarmDescription",
    "ComparisonOperator",
    "EvaluationPeriods",
    "MetricName",
    "Period",
    "Statistic",
    "Threshold",
    "TreatMissingData",
)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with told(tmp_path_factory.mktemp("story")) as story:
        yield story


def test_everybody_gets_the_campaign_once_through_two_releases(
    story: Story, capsys: pytest.CaptureFixture[str]
) -> None:
    deploys = {name: round(seconds, 1) for name, seconds in story.seconds.items()}
    figures = {"deploy_seconds": deploys, "requests": len(story.requests)} | asdict(story.measured)
    with capsys.disabled():
        print(f"\n{json.dumps(figures)}")  # noqa: T201 - the figures of this run
    assert story.measured.sent == CONTACTS
    assert story.measured.duplicates == 0
    assert story.measured.lost == 0
    assert story.measured.strangers == 0
    # Nobody was asked twice either: no request beyond one for each of them.
    assert len(story.requests) == CONTACTS


def test_the_report_is_exact_and_everybody_has_read(story: Story) -> None:
    campaign = story.campaign
    assert campaign["status"] == "completed"
    assert campaign["total_contacts"] == CONTACTS
    for name in ("sent_messages", "delivered_messages", "read_messages"):
        assert campaign[name] == CONTACTS, name
    for name in ("pending", "in_flight", "failed", "skipped", "unconfirmed"):
        assert campaign[f"{name}_messages"] == 0, name
    assert (campaign["delivery_rate"], campaign["read_rate"]) == (100.0, 100.0)
    assert {each["status"] for each in story.recipients} == {"read"}


def test_receipts_come_through_the_domain_and_are_taken(story: Story) -> None:
    webhooks = [one for one in story.domain.passed if one.path.startswith("/api/webhooks/")]
    # Sent, delivered and read of each, and the connection of the phone.
    assert len(webhooks) > 3 * CONTACTS
    assert {one.status for one in webhooks} == {200}


def test_a_second_deploy_keeps_what_others_know_and_what_is_kept(story: Story) -> None:
    assert story.upgraded.ids == story.before.ids
    assert set(story.upgraded.ids) == set(LASTING)
    assert story.upgraded.outputs == story.before.outputs


def test_a_second_deploy_is_live_in_all_functions_while_the_campaign_runs(story: Story) -> None:
    before, after = story.before, story.upgraded
    assert (before.words, after.words) == (WORDS, NEW_WORDS)
    old_layers, new_layers = set(before.layers().values()), set(after.layers().values())
    assert (len(old_layers), len(new_layers)) == (1, 1)
    assert old_layers != new_layers
    changed = {name for name in after.code() if after.code()[name] != before.code()[name]}
    assert changed == {"ApiFunction"}
    # The dispatcher's too: the greeting is said by the layer, at the moment of sending.
    said_before = _greetings(story, 0, story.upgrade_began)
    said_after = _greetings(story, story.resumed, float("inf"))
    assert set(said_before) <= set(GREETINGS)
    assert said_before
    assert set(said_after) == {NEW_GREETING}


def test_a_changed_value_is_live_after_the_second_deploy(story: Story) -> None:
    assert story.hosts_before.status_code == 422
    (error,) = story.hosts_before.json()["errors"]
    assert error["code"] == "host_not_allowed"
    assert story.hosts_after.status_code == 201


def test_a_deploy_that_fails_leaves_the_stack_as_it_was(story: Story) -> None:
    assert "Threshold" in story.failure
    assert story.stack_status == "UPDATE_ROLLBACK_COMPLETE"
    # The new code was there, and was taken back.
    assert story.failure_events.count(("ApiFunction", "UPDATE_COMPLETE")) == 2
    assert story.after_failure == story.upgraded


def test_nothing_leaves_while_the_campaign_is_paused(story: Story) -> None:
    assert story.status_while_paused == "paused"
    quiet_from = story.paused + _STOPPED_AFTER_SECONDS
    assert arrived_between(story.requests, quiet_from, story.resumed) == 0
    # And there was somebody left to be sent to.
    assert arrived_between(story.requests, story.resumed, float("inf")) > 0


def test_each_alarm_stands_as_the_template_says(story: Story) -> None:
    described = _described_alarms(story)
    wanted = _resources(story, "AWS::CloudWatch::Alarm")
    assert len(wanted) >= 10
    topics = {each["TopicArn"] for each in story.deployment.client("sns").list_topics()["Topics"]}
    functions = {each["FunctionName"] for each in _functions(story)}
    ids = story.deployment.resources()
    for name, properties in wanted.items():
        alarm = described[ids[name]["PhysicalResourceId"]]
        for word in _ALARM_WORDS:
            assert alarm[word] == properties[word], (name, word)
        assert set(alarm["AlarmActions"]) <= topics, name
        assert alarm["AlarmActions"], name
        for dimension in alarm["Dimensions"]:
            if dimension["Name"] == "FunctionName":
                assert dimension["Value"] in functions, name
            else:
                assert dimension["Value"].endswith(".fifo"), name


def test_the_dashboard_names_what_is_there(story: Story) -> None:
    cloudwatch = story.deployment.client("cloudwatch")
    body = cloudwatch.get_dashboard(DashboardName=story.deployment.stack_name)["DashboardBody"]
    widgets = json.loads(body)["widgets"]
    metrics = [metric for widget in widgets for metric in widget["properties"].get("metrics", [])]
    named = {metric[3] for metric in metrics if len(metric) > 3 and metric[2] == "FunctionName"}
    assert named == {each["FunctionName"] for each in _functions(story)}
    assert "${" not in body


def test_each_function_logs_into_its_own_group_for_as_long_as_was_said(story: Story) -> None:
    logs = story.deployment.client("logs")
    groups = {each["logGroupName"]: each for each in logs.describe_log_groups()["logGroups"]}
    ids = story.deployment.resources()
    assert set(groups) == {
        ids[name]["PhysicalResourceId"] for name in _resources(story, "AWS::Logs::LogGroup")
    }
    # LogRetentionDays, which a later deploy that does not name it keeps.
    assert {each["retentionInDays"] for each in groups.values()} == {7}
    for function in _functions(story):
        group = function["LoggingConfig"]["LogGroup"]
        assert group == f"/aws/lambda/{function['FunctionName']}"
        assert groups[group]["storedBytes"] > 0, group


def test_no_log_holds_a_phone_or_a_name(story: Story) -> None:
    for function in ("api", "scheduler", "dispatcher"):
        assert story.deployment.logged(function), function
        for word in ("99000", "Cliente"):
            assert story.deployment.logged(function, word) == []


def test_each_function_has_a_role_of_its_own_with_what_the_template_allows(story: Story) -> None:
    iam, ids = story.deployment.client("iam"), story.deployment.resources()
    wanted = _resources(story, "AWS::IAM::Role")
    arns = {
        iam.get_role(RoleName=ids[name]["PhysicalResourceId"])["Role"]["Arn"] for name in wanted
    }
    assert {each["Role"] for each in _functions(story)} == arns
    assert len(arns) == 3
    for name, properties in wanted.items():
        for policy in properties["Policies"]:
            given = iam.get_role_policy(
                RoleName=ids[name]["PhysicalResourceId"], PolicyName=policy["PolicyName"]
            )["PolicyDocument"]
            expected = policy["PolicyDocument"]["Statement"]
            assert _actions(given["Statement"]) == _actions(expected), name
            for statement in given["Statement"]:
                resources = statement["Resource"]
                for arn in [resources] if isinstance(resources, str) else resources:
                    assert arn.startswith("arn:aws:"), (name, statement["Sid"])


def test_the_stack_has_all_that_the_template_has_and_no_dead_letter(story: Story) -> None:
    made = {name for name, one in story.deployment.resources().items() if _is_complete(one)}
    # What SAM makes of its own resources has names of SAM's; traces were not asked for.
    native = {name for name, one in _all(story).items() if "Serverless" not in one["Type"]}
    assert native - made == {"TracingPolicy"}
    sqs, url = story.deployment.client("sqs"), story.deployment.outputs["DeadLetterQueueUrl"]
    wanted = "ApproximateNumberOfMessages"
    answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[wanted])
    assert answer["Attributes"][wanted] == "0"


def _greetings(story: Story, start: float, end: float) -> Counter[str]:
    """How often each was said in the messages that left in that time."""
    return Counter(
        request["text"].partition(",")[0]
        for request in story.requests
        if start < request["arrived_at"] < end
    )


def _all(story: Story) -> dict[str, Any]:
    resources: dict[str, Any] = story.deployment.template["Resources"]
    return resources


def _resources(story: Story, kind: str) -> dict[str, Any]:
    """The properties of the template's resources of that type."""
    return {
        name: resource["Properties"]
        for name, resource in _all(story).items()
        if resource["Type"] == kind
    }


def _is_complete(resource: dict[str, Any]) -> bool:
    return resource["ResourceStatus"] in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}


def _functions(story: Story) -> list[dict[str, Any]]:
    client = story.deployment.client("lambda")
    return [
        client.get_function_configuration(FunctionName=story.deployment.outputs[f"{name}Name"])
        for name in _resources(story, "AWS::Serverless::Function")
    ]


def _described_alarms(story: Story) -> dict[str, dict[str, Any]]:
    alarms = story.deployment.client("cloudwatch").describe_alarms()["MetricAlarms"]
    return {each["AlarmName"]: each for each in alarms}


def _actions(statements: list[dict[str, Any]]) -> dict[str, list[str]]:
    return {each["Sid"]: sorted(each["Action"]) for each in statements}
