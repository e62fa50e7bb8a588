"""The rules of the house that `sam validate --lint` does not know."""

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from campaigns.adapters.dynamodb.table import INDEXES
from campaigns.domain.reopening import LEAST_HOLD_MS
from campaigns_api.routes.webhooks import routes as webhook_routes

TEMPLATE = Path(__file__).parents[2] / "template.yaml"


class TemplateLoader(yaml.SafeLoader):
    """Reads CloudFormation's short forms as `{"Ref": …}`, `{"GetAtt": …}`, `{"Sub": …}`."""


def _short_form(loader: TemplateLoader, name: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    return {name: loader.construct_scalar(node)}


TemplateLoader.add_multi_constructor("!", _short_form)

template: dict[str, Any] = TemplateLoader(TEMPLATE.read_text(encoding="utf-8")).get_single_data()
resources: dict[str, Any] = template["Resources"]
environment: dict[str, Any] = template["Globals"]["Function"]["Environment"]["Variables"]


def properties(name: str) -> dict[str, Any]:
    return resources[name]["Properties"]


def of_type(kind: str) -> list[str]:
    return [name for name, resource in resources.items() if resource["Type"] == kind]


FUNCTIONS = of_type("AWS::Serverless::Function")
LOG_GROUPS = of_type("AWS::Logs::LogGroup")
ROLES = of_type("AWS::IAM::Role")
ALARMS = of_type("AWS::CloudWatch::Alarm")


def statements(role: str) -> list[dict[str, Any]]:
    return [
        statement
        for policy in properties(role)["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
    ]


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_there_are_the_three_functions_of_the_design_on_python_3_13():
    assert set(FUNCTIONS) == {"ApiFunction", "SchedulerFunction", "DispatcherFunction"}
    assert template["Globals"]["Function"]["Runtime"] == "python3.13"
    assert all("Runtime" not in properties(name) for name in FUNCTIONS)
    assert properties("CommonLayer")["CompatibleRuntimes"] == ["python3.13"]
    assert resources["CommonLayer"]["Metadata"]["BuildMethod"] == "python3.13"


def test_layer_and_functions_are_for_one_processor_and_that_is_arm_by_default():
    architecture = {"Ref": "Architecture"}
    assert template["Parameters"]["Architecture"]["Default"] == "arm64"
    assert template["Globals"]["Function"]["Architectures"] == [architecture]
    assert properties("CommonLayer")["CompatibleArchitectures"] == [architecture]
    assert resources["CommonLayer"]["Metadata"]["BuildArchitecture"] == architecture


@pytest.mark.parametrize("name", LOG_GROUPS)
def test_no_log_is_kept_for_ever(name: str):
    assert properties(name)["RetentionInDays"] == {"Ref": "LogRetentionDays"}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_logs_to_a_group_of_its_own(name: str):
    group = properties(name)["LoggingConfig"]["LogGroup"]["Ref"]
    function_name = properties(name)["FunctionName"]["Sub"]
    assert properties(group)["LogGroupName"] == {"Sub": f"/aws/lambda/{function_name}"}


def test_the_access_log_tells_neither_path_nor_query_nor_header_nor_person():
    log_format = properties("HttpApiStage")["AccessLogSettings"]["Format"]
    assert "\n" not in log_format
    assert set(json.loads(log_format).values()) == {
        "$context.requestId",
        "$context.requestTime",
        "$context.httpMethod",
        "$context.routeKey",
        "$context.status",
        "$context.integrationStatus",
        "$context.responseLatency",
        "$context.integrationLatency",
        "$context.responseLength",
    }


def test_every_path_and_method_falls_through_to_our_function():
    routes = [properties(route) for route in of_type("AWS::ApiGatewayV2::Route")]
    assert "$default" in {route["RouteKey"] for route in routes}
    assert [route["Target"] for route in routes] == [
        {"Sub": "integrations/${HttpApiIntegration}"} for _ in routes
    ]
    assert properties("HttpApiIntegration")["IntegrationUri"] == {"GetAtt": "ApiFunction.Arn"}


def test_a_storm_of_webhooks_uses_up_no_operators_requests():
    stage, (key,) = resources["HttpApiStage"], properties("HttpApiStage")["RouteSettings"]
    (route,) = [
        name for name in of_type("AWS::ApiGatewayV2::Route") if properties(name)["RouteKey"] == key
    ]
    assert route == stage["DependsOn"]
    method, path = key.split()
    assert (method, path) == ("POST", "/api/webhooks/{proxy+}")
    assert webhook_routes.prefix.startswith(path.removesuffix("{proxy+}"))
    limits = {"ThrottlingRateLimit", "ThrottlingBurstLimit"}
    defaults = properties("HttpApiStage")["DefaultRouteSettings"]
    own = properties("HttpApiStage")["RouteSettings"][key]
    assert own.keys() == defaults.keys() == limits
    assert all(own[limit] != defaults[limit] for limit in limits)


def test_the_api_function_gives_up_before_the_gateway_does():
    assert properties("ApiFunction")["Timeout"] < 30


def test_nobody_is_put_back_by_a_call_that_outlived_its_hold_of_the_mark():
    margin_ms = 15_000  # What two functions' clocks may differ, and a last write takes.
    assert properties("ApiFunction")["Timeout"] * 1_000 + margin_ms <= LEAST_HOLD_MS


def test_leases_and_queue_visibility_are_reckoned_from_the_dispatchers_own_timeout():
    timeout = properties("DispatcherFunction")["Timeout"]
    assert int(environment["FUNCTION_TIMEOUT_SECONDS"]) == timeout
    assert properties("JobsQueue")["VisibilityTimeout"] == timeout + 30


def test_a_dispatcher_has_the_time_for_a_whole_send():
    longest_send = int(environment["CONNECT_TIMEOUT_SECONDS"]) + int(
        environment["READ_TIMEOUT_SECONDS"]
    )
    assert longest_send + 5 < properties("DispatcherFunction")["Timeout"]


def test_the_queue_is_fifo_with_high_throughput_and_deduplicates_by_our_ids_only():
    queue = properties("JobsQueue")
    assert queue["FifoQueue"] is True
    assert queue["DeduplicationScope"] == "messageGroup"
    assert queue["FifoThroughputLimit"] == "perMessageGroupId"
    assert queue["ContentBasedDeduplication"] is False
    assert "DelaySeconds" not in queue


def test_a_job_that_came_ten_times_is_kept_for_two_weeks_where_an_alarm_sees_it():
    assert properties("JobsQueue")["RedrivePolicy"] == {
        "deadLetterTargetArn": {"GetAtt": "DeadLetterQueue.Arn"},
        "maxReceiveCount": 10,
    }
    dead_letters = properties("DeadLetterQueue")
    assert dead_letters["FifoQueue"] is True
    assert dead_letters["MessageRetentionPeriod"] == 14 * 24 * 60 * 60

    alarm = properties("DeadLettersAlarm")
    assert alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
    assert alarm["Dimensions"] == [
        {"Name": "QueueName", "Value": {"GetAtt": "DeadLetterQueue.QueueName"}}
    ]
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (0, "GreaterThanThreshold")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_functions_errors_and_throttles_raise_an_alarm(name: str):
    dimensions = [{"Name": "FunctionName", "Value": {"Ref": name}}]
    metrics = [
        (properties(alarm)["Namespace"], properties(alarm)["MetricName"])
        for alarm in ALARMS
        if properties(alarm).get("Dimensions") == dimensions
    ]
    watched = {("AWS/Lambda", "Errors"), ("AWS/Lambda", "Throttles")}
    if name == "SchedulerFunction":
        watched.add(("AWS/Lambda", "Invocations"))
    assert sorted(metrics) == sorted(watched)


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_is_quiet_where_there_is_nothing_and_tells_the_topic_otherwise(name: str):
    alarm = properties(name)
    is_about_silence = name == "SchedulerSilentAlarm"
    assert alarm["TreatMissingData"] == ("breaching" if is_about_silence else "notBreaching")
    assert {"Ref": "AlarmTopicArn"} in alarm["AlarmActions"]["If"][1]


def test_the_dispatcher_takes_ten_jobs_and_reports_each_failure():
    mapping = properties("DispatcherFunction")["Events"]["Jobs"]["Properties"]
    assert mapping["Queue"] == {"GetAtt": "JobsQueue.Arn"}
    assert mapping["BatchSize"] == 10
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_the_dispatchers_reservation_is_the_mappings_concurrency():
    mapping = properties("DispatcherFunction")["Events"]["Jobs"]["Properties"]
    reservation = properties("DispatcherFunction")["ReservedConcurrentExecutions"]["If"]
    assert reservation[1] == mapping["ScalingConfig"]["MaximumConcurrency"]


def test_each_function_has_a_role_that_no_other_has():
    roles = [properties(name)["Role"]["GetAtt"] for name in FUNCTIONS]
    assert sorted(roles) == sorted(f"{role}.Arn" for role in ROLES)


@pytest.mark.parametrize("name", ROLES)
def test_a_role_names_its_actions_and_its_resources(name: str):
    assert "ManagedPolicyArns" not in properties(name)
    for statement in statements(name):
        assert set(statement) == {"Sid", "Effect", "Action", "Resource"}
        assert statement["Effect"] == "Allow"
        for action in as_list(statement["Action"]):
            assert re.fullmatch(r"[a-z]+:[A-Za-z]+", action)
        for resource in as_list(statement["Resource"]):
            assert "*" not in json.dumps(resource)


def test_only_the_api_can_encrypt_and_every_function_can_decrypt():
    may = {
        role: {action for statement in statements(role) for action in as_list(statement["Action"])}
        for role in ROLES
    }
    assert all("kms:Decrypt" in actions for actions in may.values())
    assert [role for role in may if "kms:Encrypt" in may[role]] == ["ApiRole"]


def test_the_key_of_the_evolution_server_is_a_name_that_the_api_alone_may_read():
    parameter = environment["EVOLUTION_SERVER_KEY_PARAMETER"]["Sub"]
    readers = {
        role: statement["Resource"]["Sub"]
        for role in ROLES
        for statement in statements(role)
        if "ssm:GetParameter" in as_list(statement["Action"])
    }
    assert readers.keys() == {"ApiRole"}
    assert readers["ApiRole"].endswith(f":parameter{parameter}")
    assert not any("NoEcho" in parameter for parameter in template["Parameters"].values())


@pytest.mark.parametrize(
    ("url", "is_taken"),
    [
        ("", True),
        ("https://evolution.example.com", True),
        ("https://evolution.example.com:8443/evo/", True),
        ("http://[::1]:8080", True),
        ("evolution.example.com", False),
        ("ftp://evolution.example.com", False),
        ("https://user:key@evolution.example.com", False),
        ("https://evolution.example.com?apikey=x", False),
    ],
)
def test_the_evolution_server_is_a_plain_url(url: str, is_taken: bool):
    pattern = template["Parameters"]["EvolutionServerUrl"]["AllowedPattern"]
    assert bool(re.fullmatch(pattern, url)) is is_taken


def test_the_dispatcher_can_neither_send_jobs_nor_delete_items():
    actions = [a for statement in statements("DispatcherRole") for a in statement["Action"]]
    assert not {"sqs:SendMessage", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem"} & set(actions)


@pytest.mark.parametrize("name", ["Table", "Key"])
def test_what_cannot_be_made_again_outlives_the_stack(name: str):
    assert resources[name]["DeletionPolicy"] == "Retain"
    assert resources[name]["UpdateReplacePolicy"] == "Retain"


def test_the_table_is_on_demand_encrypted_recoverable_and_forgets_what_expires():
    table = properties("Table")
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["SSESpecification"] == {"SSEEnabled": True}
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert properties("Key")["EnableKeyRotation"] is True


def test_the_tables_indexes_are_those_that_the_code_queries():
    declared = {}
    for index in properties("Table")["GlobalSecondaryIndexes"]:
        keys = {key["KeyType"]: key["AttributeName"] for key in index["KeySchema"]}
        declared[index["IndexName"]] = (keys["HASH"], keys.get("RANGE"))
    assert declared == INDEXES


def test_key_attributes_are_strings_and_instants_are_numbers():
    types = {
        definition["AttributeName"]: definition["AttributeType"]
        for definition in properties("Table")["AttributeDefinitions"]
    }
    indexed = {name for keys in INDEXES.values() for name in keys if name}
    assert types == {name: "N" if name.endswith("_at") else "S" for name in {"pk", "sk"} | indexed}


def test_a_job_can_be_made_from_what_the_retry_index_holds():
    projections = {
        index["IndexName"]: index["Projection"]
        for index in properties("Table")["GlobalSecondaryIndexes"]
    }
    retry = projections.pop("by_retry")
    assert retry["ProjectionType"] == "INCLUDE"
    assert set(retry["NonKeyAttributes"]) == {"plan_number", "sequence", "recipient_id", "person"}
    assert all(projection == {"ProjectionType": "KEYS_ONLY"} for projection in projections.values())


def test_the_environment_holds_every_setting_and_nothing_else():
    from campaigns.settings import Settings

    settings = {field.name.upper() for field in dataclasses.fields(Settings)}
    assert environment["METRICS_NAMESPACE"] == {"Ref": "AWS::StackName"}
    powertools = {"POWERTOOLS_SERVICE_NAME", "POWERTOOLS_LOG_LEVEL"}
    assert set(environment) - powertools == settings - powertools
    assert powertools <= set(environment)
    assert all("Environment" not in properties(name) for name in FUNCTIONS)


@pytest.mark.parametrize("name", template["Parameters"])
def test_a_parameter_says_what_it_is_and_can_be_left_out(name: str):
    assert {"Type", "Default", "Description"} <= set(template["Parameters"][name])
