"""Alarms, dashboard and traces of the template, and the runbook's words about them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from campaigns.domain.clock_skew import ALLOWED_SKEW_MS
from campaigns.domain.instants import MINUTE_MS, SECOND_MS
from campaigns.domain.planning import HORIZON_MS
from campaigns.services.ports_metrics import Count, Peak
from tests.unit.test_template_house_rules import (
    ALARMS,
    FUNCTIONS,
    ROLES,
    properties,
    resources,
    template,
)

RUNBOOK = (Path(__file__).parents[2] / "docs" / "runbook.md").read_text(encoding="utf-8")
NAMESPACE = {"Ref": "AWS::StackName"}
OWN = {metric.value for metric in (*Count, *Peak)}


def entries() -> dict[str, list[str]]:
    """The runbook's table of alarms: by name what it means, where to look, what to do."""
    section = RUNBOOK.split("\n## Alarms\n")[1].split("\n## ")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in section.splitlines()
        if line.startswith("| `")
    ]
    names = [row[0].strip("`") for row in rows]
    assert len(set(names)) == len(names)
    return {name: row[1:] for name, row in zip(names, rows, strict=True)}


def own_metrics(alarm: dict[str, Any]) -> set[str]:
    """The business metrics that an alarm is about."""
    asked = [
        each["MetricStat"]["Metric"] for each in alarm.get("Metrics", []) if "MetricStat" in each
    ]
    return {each["MetricName"] for each in asked or [alarm] if each.get("Namespace") == NAMESPACE}


def test_the_runbook_has_an_entry_for_each_alarm_and_for_no_other():
    assert entries().keys() == set(ALARMS)


@pytest.mark.parametrize("name", ALARMS)
def test_an_entry_says_what_it_means_where_to_look_and_what_to_do(name: str):
    parts = entries()[name]
    assert len(parts) == 3
    assert all(parts)


LOGGED = [
    event
    for parts in entries().values()
    for event in re.findall(r"`([a-z]+_[a-z_]+)`", " ".join(parts))
]


@pytest.mark.parametrize("event", LOGGED)
def test_a_line_of_the_log_that_an_entry_names_is_written_by_the_code(event: str):
    layer = Path(__file__).parents[2] / "layers" / "common" / "python" / "campaigns" / "services"
    assert any(f'"{event}"' in module.read_text("utf-8") for module in layer.glob("*.py"))


def test_an_alarm_has_no_dimension_of_a_tenant_and_speaks_of_a_metric_that_the_code_tells():
    about = [own_metrics(properties(name)) for name in ALARMS]
    assert set().union(*about) <= OWN
    for name in ALARMS:
        if own_metrics(properties(name)):
            assert "Dimensions" not in properties(name)


def test_what_the_owner_wants_to_be_woken_for_is_watched():
    watched = set().union(*(own_metrics(properties(name)) for name in ALARMS))
    assert watched == {
        Count.SEND_TRIES,
        Count.MESSAGES_SENT,
        Count.RECIPIENTS_UNCONFIRMED,
        Count.INSTANCES_DISCONNECTED,
        Peak.PLANNER_DELAY,
        Peak.CLOCK_SKEW,
    }


def test_an_oldest_job_within_the_planning_horizon_raises_no_alarm():
    alarm = properties("OldestJobAlarm")
    assert alarm["MetricName"] == "ApproximateAgeOfOldestMessage"
    assert alarm["Dimensions"] == [
        {"Name": "QueueName", "Value": {"GetAtt": "JobsQueue.QueueName"}}
    ]
    hidden_at_most = properties("JobsQueue")["VisibilityTimeout"]
    assert alarm["Threshold"] > HORIZON_MS / SECOND_MS + hidden_at_most


def test_the_planner_is_behind_before_its_slots_have_passed():
    alarm = properties("PlannerBehindAlarm")
    noticed_after = alarm["Threshold"] + alarm["EvaluationPeriods"] * alarm["Period"] * SECOND_MS
    assert alarm["Threshold"] >= MINUTE_MS
    assert alarm["Threshold"] < HORIZON_MS < noticed_after


def test_a_skew_that_is_allowed_for_raises_no_alarm():
    assert properties("ClockSkewAlarm")["Threshold"] > ALLOWED_SKEW_MS


def test_few_tries_are_no_share_of_anything():
    share, *asked = properties("FailureShareAlarm")["Metrics"]
    assert share["Expression"] == "IF(tries >= 20, 1 - sent / tries, 0)"
    assert share["ReturnData"] is True
    names = {each["Id"]: each["MetricStat"]["Metric"]["MetricName"] for each in asked}
    assert names == {"tries": Count.SEND_TRIES, "sent": Count.MESSAGES_SENT}
    assert not any(each["ReturnData"] for each in asked)


def test_the_dashboard_shows_every_business_metric_and_names_only_what_is_there():
    body = properties("Dashboard")["DashboardBody"]["Sub"]
    named = {name.split(".")[0] for name in re.findall(r"\$\{([\w.]+)\}", body)}
    assert named <= resources.keys() | {"AWS"}
    widgets = json.loads(body)["widgets"]
    shown = [metric for widget in widgets for metric in widget["properties"]["metrics"]]
    of_ours = [metric for metric in shown if metric[0] == "${AWS::StackName}"]
    assert {metric[1] for metric in of_ours} == OWN - {Count.SEND_TRIES}
    assert all(isinstance(metric[2], dict) for metric in of_ours), "no dimension"
    places = [(widget["x"], widget["y"]) for widget in widgets]
    assert len(set(places)) == len(places)


def test_traces_are_one_parameter_away_and_cost_nothing_before():
    parameter = template["Parameters"]["Tracing"]
    assert (parameter["Default"], parameter["AllowedValues"]) == (
        "PassThrough",
        ["PassThrough", "Active"],
    )
    assert template["Globals"]["Function"]["Tracing"] == {"Ref": "Tracing"}
    assert all("Tracing" not in properties(name) for name in FUNCTIONS)
    assert resources["TracingPolicy"]["Condition"] == "IsTraced"
    policy = properties("TracingPolicy")
    assert policy["Roles"] == [{"Ref": role} for role in ROLES]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Action"] == ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
