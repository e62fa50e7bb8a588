"""Alarms of the template, and the runbook's words about them."""

import re
from typing import Any

import pytest

from campaigns.domain.clock_skew import ALLOWED_SKEW_MS
from campaigns.domain.instants import MINUTE_MS, SECOND_MS
from campaigns.domain.planning import HORIZON_MS
from campaigns.services.ports_metrics import Count, Peak
from local.process import ROOT
from tests.unit.template_rules import Rules, drop, of, our_template, put, rule

RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
NAMESPACE = {"Ref": "AWS::StackName"}
OWN = {metric.value for metric in (*Count, *Peak)}
NOTHING = {"Ref": "AWS::NoValue"}
TOPICS = [
    {"Fn::If": ["MakesAlarmTopic", {"Ref": "AlarmTopic"}, NOTHING]},
    {"Fn::If": ["HasAlarmTopic", {"Ref": "AlarmTopicArn"}, NOTHING]},
]
#: What a month costs that sends nothing, in USD: design's own parts, at list prices.
IDLE_WITHOUT_ALARMS = 1.00 + 0.32 + 0.05
FREE_ALARM_METRICS, PRICE_OF_ONE_MORE = 10, 0.10
BUDGET = 2.00


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


def metrics_of(alarm: dict[str, Any]) -> list[dict[str, Any]]:
    """What an alarm asks for, and is billed for: one metric, or those of its expression."""
    asked = [each["MetricStat"] for each in alarm.get("Metrics", []) if "MetricStat" in each]
    return [each["Metric"] for each in asked] or [alarm]


def own_metrics(alarm: dict[str, Any]) -> set[str]:
    """The business metrics that an alarm is about."""
    return {
        metric["MetricName"] for metric in metrics_of(alarm) if metric["Namespace"] == NAMESPACE
    }


# Runbook


def another_alarm(document: Any) -> None:
    resources = document["Resources"]
    resources["AnotherAlarm"] = resources["ClockSkewAlarm"]


@rule(one_that_it_does_not_know=another_alarm, one_is_gone=drop("Resources/ClockSkewAlarm"))
def test_the_runbook_has_an_entry_for_each_alarm_and_for_no_other(template: Rules):
    assert entries().keys() == set(template.alarms)


@pytest.mark.parametrize("name", our_template().alarms)
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
    layer = ROOT / "layers" / "common" / "python" / "campaigns" / "services"
    assert any(f'"{event}"' in module.read_text("utf-8") for module in layer.glob("*.py"))


# Alarms


@rule(
    of_another=put(
        of("ClockSkewAlarm", "AlarmDescription"),
        "Late. What to do: docs/runbook.md, OldestJobAlarm",
    ),
    nowhere=put(of("ClockSkewAlarm", "AlarmDescription"), "The clocks differ."),
)
def test_an_alarm_tells_whoever_it_wakes_where_to_read_on(template: Rules):
    """All that a mail has of ours is the alarm's description."""
    for name in template.alarms:
        meaning, _, entry = template.properties(name)["AlarmDescription"].rpartition(". ")
        assert meaning
        assert entry == f"What to do: docs/runbook.md, {name}"


@rule(
    no_errors=drop("Resources/DispatcherErrorsAlarm"),
    no_throttles=drop("Resources/ApiThrottlesAlarm"),
    of_another_function=put(
        of("ApiErrorsAlarm", "Dimensions/0/Value"), {"Ref": "SchedulerFunction"}
    ),
    silence_is_not_heard=drop("Resources/SchedulerSilentAlarm"),
)
def test_a_functions_errors_and_throttles_raise_an_alarm(template: Rules):
    for name in template.functions:
        dimensions = [{"Name": "FunctionName", "Value": {"Ref": name}}]
        metrics = [
            (template.properties(alarm)["Namespace"], template.properties(alarm)["MetricName"])
            for alarm in template.alarms
            if template.properties(alarm).get("Dimensions") == dimensions
        ]
        watched = {("AWS/Lambda", "Errors"), ("AWS/Lambda", "Throttles")}
        if name == "SchedulerFunction":
            watched.add(("AWS/Lambda", "Invocations"))
        assert sorted(metrics) == sorted(watched)


@rule(
    silence_alarms=put(of("ApiErrorsAlarm", "TreatMissingData"), "missing"),
    silence_is_fine=put(of("SchedulerSilentAlarm", "TreatMissingData"), "notBreaching"),
)
def test_an_alarm_is_quiet_where_there_is_nothing_but_for_the_one_that_is_about_silence(
    template: Rules,
):
    for name in template.alarms:
        is_about_silence = name == "SchedulerSilentAlarm"
        treated = template.properties(name)["TreatMissingData"]
        assert treated == ("breaching" if is_about_silence else "notBreaching")


@rule(
    heard_by_nobody=put(of("ClockSkewAlarm", "AlarmActions"), []),
    not_by_mail=drop(of("ClockSkewAlarm", "AlarmActions/0")),
    all_clear_for_what_is_not=put(of("InstancesDisconnectedAlarm", "OKActions"), TOPICS),
    without_the_parameter=drop("Resources/ClockSkewAlarm/Condition"),
    mail_to_another=put(of("AlarmSubscription", "Endpoint"), "ops@example.com"),
    a_topic_that_nobody_asked_for=drop("Resources/AlarmTopic/Condition"),
)
def test_who_was_named_hears_each_alarm_and_no_all_clear(template: Rules):
    """An alarm about an event ends by itself, with nothing mended."""
    for name in template.alarms:
        assert template.resources[name]["Condition"] == "HasAlarms"
        assert template.properties(name)["AlarmActions"] == TOPICS
        assert "OKActions" not in template.properties(name)
    for name in ("AlarmTopic", "AlarmTopicPolicy", "AlarmSubscription"):
        assert template.resources[name]["Condition"] == "MakesAlarmTopic"
    assert template.properties("AlarmSubscription") == {
        "TopicArn": {"Ref": "AlarmTopic"},
        "Protocol": "email",
        "Endpoint": {"Ref": "AlarmEmail"},
    }


@rule(
    by_tenant=put(of("UnconfirmedSendsAlarm", "Dimensions"), [{"Name": "tenant", "Value": "x"}]),
    by_tenant_in_an_expression=put(
        of("FailureShareAlarm", "Metrics/1/MetricStat/Metric/Dimensions"), [{"Name": "tenant"}]
    ),
    about_nothing=put(of("ClockSkewAlarm", "MetricName"), "Skew"),
)
def test_an_alarm_has_no_dimension_of_a_tenant_and_speaks_of_a_metric_that_the_code_tells(
    template: Rules,
):
    for name in template.alarms:
        alarm = template.properties(name)
        assert own_metrics(alarm) <= OWN
        for metric in metrics_of(alarm):
            if metric["Namespace"] == NAMESPACE:
                assert "Dimensions" not in metric


@rule(one_is_forgotten=drop("Resources/ApiFaultsAlarm"))
def test_what_the_owner_wants_to_be_woken_for_is_watched(template: Rules):
    watched = set().union(*(own_metrics(template.properties(name)) for name in template.alarms))
    assert watched == {
        Count.SEND_TRIES,
        Count.SEND_FAILURES,
        Count.RECIPIENTS_UNCONFIRMED,
        Count.INSTANCES_DISCONNECTED,
        Count.CALLS_FAILED,
        Peak.PLANNER_DELAY,
        Peak.CLOCK_SKEW,
    }


def one_alarm_more(document: Any) -> None:
    resources = document["Resources"]
    resources["SpareAlarm"] = resources["FailureShareAlarm"]


@rule(two_metrics_more=one_alarm_more)
def test_the_alarms_keep_an_idle_month_within_its_budget(template: Rules):
    """An alarm is billed by its metrics, of which an account has ten free."""
    billed = sum(len(metrics_of(template.properties(name))) for name in template.alarms)
    more = max(0, billed - FREE_ALARM_METRICS)
    assert round(IDLE_WITHOUT_ALARMS + PRICE_OF_ONE_MORE * more, 2) <= BUDGET


@rule(
    always_on=put(of("OldestJobAlarm", "Threshold"), 200),
    of_the_dead_letters=put(
        of("OldestJobAlarm", "Dimensions/0/Value"), {"Fn::GetAtt": "DeadLetterQueue.QueueName"}
    ),
)
def test_an_oldest_job_within_the_planning_horizon_raises_no_alarm(template: Rules):
    alarm = template.properties("OldestJobAlarm")
    assert alarm["MetricName"] == "ApproximateAgeOfOldestMessage"
    assert alarm["Dimensions"] == [
        {"Name": "QueueName", "Value": {"Fn::GetAtt": "JobsQueue.QueueName"}}
    ]
    hidden_at_most = template.properties("JobsQueue")["VisibilityTimeout"]
    assert alarm["Threshold"] > HORIZON_MS / SECOND_MS + hidden_at_most


@rule(
    too_late=put(of("PlannerBehindAlarm", "Threshold"), HORIZON_MS),
    at_each_minute=put(of("PlannerBehindAlarm", "Threshold"), 30_000),
    in_seconds=put(of("PlannerBehindAlarm", "Threshold"), 60),
)
def test_the_planner_is_behind_before_its_slots_have_passed(template: Rules):
    alarm = template.properties("PlannerBehindAlarm")
    noticed_after = alarm["Threshold"] + alarm["EvaluationPeriods"] * alarm["Period"] * SECOND_MS
    assert alarm["Threshold"] >= MINUTE_MS
    assert alarm["Threshold"] < HORIZON_MS < noticed_after


@rule(at_once=put(of("ClockSkewAlarm", "Threshold"), ALLOWED_SKEW_MS))
def test_a_skew_that_is_allowed_for_raises_no_alarm(template: Rules):
    assert template.properties("ClockSkewAlarm")["Threshold"] > ALLOWED_SKEW_MS


@rule(
    of_single_tries=put(of("FailureShareAlarm", "Metrics/0/Expression"), "failures / tries"),
    of_what_was_sent=put(
        of("FailureShareAlarm", "Metrics/2/MetricStat/Metric/MetricName"), "MessagesSent"
    ),
    of_two_spans=put(of("FailureShareAlarm", "Metrics/2/MetricStat/Period"), 300),
    of_the_number_itself=put(of("FailureShareAlarm", "Metrics/1/ReturnData"), True),
)
def test_few_tries_are_no_share_of_anything(template: Rules):
    share, *asked = template.properties("FailureShareAlarm")["Metrics"]
    assert share["Expression"] == "IF(tries >= 20, failures / tries, 0)"
    assert share["ReturnData"] is True
    names = {each["Id"]: each["MetricStat"]["Metric"]["MetricName"] for each in asked}
    assert names == {"tries": Count.SEND_TRIES, "failures": Count.SEND_FAILURES}
    assert {(each["MetricStat"]["Stat"], each["MetricStat"]["Period"]) for each in asked} == {
        ("Sum", 900)
    }
    assert not any(each["ReturnData"] for each in asked)
