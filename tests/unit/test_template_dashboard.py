"""Dashboard and traces of the template."""

import json
import re
from typing import Any

from campaigns.services.ports_metrics import Count, Peak
from tests.unit.template_rules import Rules, also, drop, of, put, rule

OWN = {metric.value for metric in (*Count, *Peak)}


# Dashboard


def rewritten(before: str, after: str) -> Any:
    def mutate(document: Any) -> None:
        body = document["Resources"]["Dashboard"]["Properties"]["DashboardBody"]
        assert before in body["Fn::Sub"]
        body["Fn::Sub"] = body["Fn::Sub"].replace(before, after, 1)

    return mutate


@rule(
    a_metric_is_missing=rewritten('"MessagesRefused"', '"MessagesSent"'),
    a_metric_that_nobody_tells=rewritten('"ClockSkew"', '"Skew"'),
    a_queue_that_is_not_there=rewritten("${DeadLetterQueue.", "${OldQueue."),
    two_at_one_place=rewritten('"x": 12, "y": 6', '"x": 0, "y": 6'),
    no_json=rewritten("}}", "}"),
    by_tenant=rewritten('"MessagesSent", {', '"MessagesSent", "tenant", "x", {'),
    without_the_parameter=drop("Resources/Dashboard/Condition"),
)
def test_the_dashboard_shows_every_business_metric_and_names_only_what_is_there(
    template: Rules,
):
    assert template.resources["Dashboard"]["Condition"] == "HasAlarms"
    body = template.properties("Dashboard")["DashboardBody"]["Fn::Sub"]
    named = {name.split(".")[0] for name in re.findall(r"\$\{([\w.]+)\}", body)}
    assert named <= template.resources.keys() | {"AWS"}
    widgets = json.loads(body)["widgets"]
    shown = [metric for widget in widgets for metric in widget["properties"]["metrics"]]
    of_ours = [metric for metric in shown if metric[0] == "${AWS::StackName}"]
    assert {metric[1] for metric in of_ours} == OWN
    assert all(isinstance(metric[2], dict) for metric in of_ours), "no dimension"
    places = [(widget["x"], widget["y"]) for widget in widgets]
    assert len(set(places)) == len(places)


# Traces


@rule(
    always=put("Globals/Function/Tracing", "Active"),
    by_default=put("Parameters/Tracing/Default", "Active"),
    never=put(of("ApiFunction", "Tracing"), "Disabled"),
    before_the_right_is_there=put("Globals/Function/Tracing", {"Ref": "Tracing"}),
    without_the_right=drop("Resources/TracingPolicy"),
    right_without_need=drop("Resources/TracingPolicy/Condition"),
    not_for_all=drop(of("TracingPolicy", "Roles/2")),
    more_rights=also(of("TracingPolicy", "PolicyDocument/Statement/0/Action"), "xray:*"),
)
def test_traces_are_one_parameter_away_and_cost_nothing_before(template: Rules):
    parameter = template.parameters["Tracing"]
    assert (parameter["Default"], parameter["AllowedValues"]) == (
        "PassThrough",
        ["PassThrough", "Active"],
    )
    # AWS refuses a function that traces for a role that may not yet: the policy goes first.
    active = {"Fn::Select": [0, ["Active", {"Ref": "TracingPolicy"}]]}
    tracing = template.document["Globals"]["Function"]["Tracing"]
    assert tracing == {"Fn::If": ["IsTraced", active, "PassThrough"]}
    is_traced = template.document["Conditions"]["IsTraced"]
    assert is_traced == {"Fn::Equals": [{"Ref": "Tracing"}, "Active"]}
    assert all("Tracing" not in template.properties(name) for name in template.functions)
    assert template.resources["TracingPolicy"]["Condition"] == "IsTraced"
    policy = template.properties("TracingPolicy")
    assert policy["Roles"] == [{"Ref": role} for role in template.roles]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Action"] == ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
