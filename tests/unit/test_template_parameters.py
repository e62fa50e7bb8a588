"""Parameters, outputs and environment of the template."""

import dataclasses
import json
import re

from campaigns.settings import Settings
from tests.unit.template_rules import Rules, also, drop, put, rule, takes

INTERFACE = "Metadata/AWS::CloudFormation::Interface"
#: Read by Powertools.
NOT_OURS = {"POWERTOOLS_SERVICE_NAME", "POWERTOOLS_LOG_LEVEL"}


# Parameters


@rule(
    none=drop("Parameters/ApiRateLimit/Description"),
    no_sentence=put("Parameters/ApiRateLimit/Description", "Rate limit"),
    must_be_given=drop("Parameters/PublicUrl/Default"),
)
def test_a_parameter_says_what_it_is_and_can_be_left_out(template: Rules):
    for parameter in template.parameters.values():
        assert {"Type", "Default", "Description"} <= set(parameter)
        assert parameter["Description"].endswith(".")


@rule(
    any_text=drop("Parameters/EvolutionAllowedHosts/AllowedPattern"),
    any_number=drop("Parameters/ApiBurstLimit/MinValue"),
    a_pattern_without_an_end=put("Parameters/PublicUrl/AllowedPattern", "^https://.*"),
    a_default_that_is_refused=put("Parameters/BreakerSample/Default", 0),
    a_default_beside_the_list=put("Parameters/LogLevel/Default", "LOUD"),
    a_default_beside_the_pattern=put("Parameters/AlarmEmail/Default", "nobody"),
)
def test_a_parameter_takes_only_what_can_be(template: Rules):
    for name, parameter in template.parameters.items():
        if "AllowedValues" not in parameter:
            is_number = parameter["Type"] == "Number"
            assert ("MinValue" if is_number else "AllowedPattern") in parameter, name
        if pattern := parameter.get("AllowedPattern"):
            assert (pattern[0], pattern[-1]) == ("^", "$"), name
        assert takes(parameter, str(parameter["Default"])), name


@rule(
    a_label_of_nothing=put(f"{INTERFACE}/ParameterLabels/Colour", {"default": "Colour"}),
    a_missing_label=drop(f"{INTERFACE}/ParameterLabels/Tracing"),
    in_no_group=drop(f"{INTERFACE}/ParameterGroups/0/Parameters/0"),
    in_two_groups=also(f"{INTERFACE}/ParameterGroups/0/Parameters", "Tracing"),
)
def test_every_parameter_has_a_label_and_one_group(template: Rules):
    interface = template.document["Metadata"]["AWS::CloudFormation::Interface"]
    grouped = [name for group in interface["ParameterGroups"] for name in group["Parameters"]]
    assert sorted(grouped) == sorted(template.parameters)
    assert interface["ParameterLabels"].keys() == template.parameters.keys()


@rule(
    a_parameter=put("Parameters/Colour", {"Type": "String"}),
    a_condition=put("Conditions/IsBlue", {"Fn::Equals": ["a", "b"]}),
    a_parameter_that_only_asks_itself=put(
        "Resources/Table/Properties/DeletionProtectionEnabled", 1
    ),
)
def test_nothing_is_declared_that_nothing_uses(template: Rules):
    parts = ("Conditions", "Globals", "Resources", "Outputs")
    text = json.dumps([template.document[part] for part in parts])
    for name in template.parameters:
        assert f'{{"Ref": "{name}"}}' in text or f"${{{name}}}" in text, name
    for name in template.document["Conditions"]:
        assert re.search(rf'"(Fn::If": \[|Condition": )"{name}"', text), name


@rule(
    nobody_asks=drop("Rules/NobodyListensForAlarmsThatAreNotThere"),
    one_may_listen=drop("Rules/NobodyListensForAlarmsThatAreNotThere/Assertions/0"),
    without_a_word=drop(
        "Rules/NobodyListensForAlarmsThatAreNotThere/Assertions/1/AssertDescription"
    ),
    about_something_else=put(
        "Rules/NobodyListensForAlarmsThatAreNotThere/RuleCondition/Fn::Equals/1", "true"
    ),
)
def test_parameters_that_contradict_each_other_are_refused_before_anything_is_made(
    template: Rules,
):
    (found,) = template.document["Rules"].values()
    assert found["RuleCondition"] == {"Fn::Equals": [{"Ref": "AlarmsAndDashboard"}, "false"]}
    asserted = {
        json.dumps(each["Assert"]): each["AssertDescription"] for each in found["Assertions"]
    }
    for name in ("AlarmEmail", "AlarmTopicArn"):
        text = asserted.pop(json.dumps({"Fn::Equals": [{"Ref": name}, ""]}))
        assert name in text
        assert "AlarmsAndDashboard=true" in text
    assert not asserted


@rule(
    any_text=put("Parameters/EvolutionServerUrl/AllowedPattern", "^.*$"),
    secure_ones_only=put("Parameters/EvolutionServerUrl/AllowedPattern", "^(https://[a-z./]+)?$"),
)
def test_the_evolution_server_is_a_plain_url(template: Rules):
    pattern = template.parameters["EvolutionServerUrl"]["AllowedPattern"]
    for url in (
        "",
        "https://evolution.example.com",
        "https://evolution.example.com:8443/evo/",
        "http://[::1]:8080",
    ):
        assert re.fullmatch(pattern, url), url
    for other in (
        "evolution.example.com",
        "ftp://evolution.example.com",
        "https://user:key@evolution.example.com",
        "https://evolution.example.com?apikey=x",
    ):
        assert not re.fullmatch(pattern, other), other


@rule(
    any_text=put("Parameters/AlarmEmail/AllowedPattern", "^.*$"),
    any_arn=put("Parameters/AlarmTopicArn/AllowedPattern", "^(arn:.*)?$"),
    any_table=put("Parameters/RestoredTableName/AllowedPattern", "^.*$"),
)
def test_a_value_that_is_something_else_is_refused_by_its_parameter(template: Rules):
    for name, good, bad in (
        ("AlarmEmail", "ops@example.com", "ops@example"),
        ("AlarmTopicArn", "arn:aws:sns:sa-east-1:123456789012:ops", "arn:aws:sqs:x:1:ops"),
        ("RestoredTableName", "campaigns-2026", "arn:aws:dynamodb:x:1:table/campaigns"),
        ("PublicUrl", "https://api.example.com", "http://api.example.com"),
    ):
        assert takes(template.parameters[name], good), name
        assert not takes(template.parameters[name], bad), name
        assert takes(template.parameters[name], ""), name


# Outputs and environment


@rule(
    without_a_word=drop("Outputs/KeyArn/Description"),
    exported=put("Outputs/TableName/Export", {"Name": "table"}),
)
def test_an_output_says_what_it_is_and_is_nobody_elses_import(template: Rules):
    for output in template.outputs.values():
        assert output.get("Description")
        assert "Export" not in output


@rule(
    not_told=drop("Outputs/JobsMappingId"),
    renamed=put("Outputs/ScheduleRuleName/Value", {"Ref": "SchedulerFunction"}),
)
def test_the_guides_find_by_outputs_what_they_speak_of(template: Rules):
    """What an operator has to name to AWS; the first three are the command line's as well."""
    told = {name: output["Value"] for name, output in template.outputs.items()}
    assert {"ApiUrl", "TableName", "JobsQueueUrl", "DeadLetterQueueUrl", "KeyArn"} <= told.keys()
    # SAM makes them of the functions' events, under these names.
    for output, function, event in (
        ("ScheduleRuleName", "SchedulerFunction", "EachMinute"),
        ("JobsMappingId", "DispatcherFunction", "Jobs"),
    ):
        assert told[output] == {"Ref": f"{function}{event}"}
        assert event in template.properties(function)["Events"]


@rule(
    one_more=put("Globals/Function/Environment/Variables/COLOUR", "blue"),
    one_less=drop("Globals/Function/Environment/Variables/PUBLIC_URL"),
    a_function_with_its_own=put(
        "Resources/ApiFunction/Properties/Environment", {"Variables": {"X": "1"}}
    ),
    a_shared_namespace=put("Globals/Function/Environment/Variables/METRICS_NAMESPACE", "campaigns"),
)
def test_the_environment_holds_every_setting_and_nothing_else(template: Rules):
    settings = {field.name.upper() for field in dataclasses.fields(Settings)}
    assert template.environment.keys() == settings | NOT_OURS
    assert template.environment["METRICS_NAMESPACE"] == {"Ref": "AWS::StackName"}
    assert all("Environment" not in template.properties(name) for name in template.functions)


@rule(
    another_default=put("Parameters/BreakerSample/Default", 30),
    another_constant=put("Globals/Function/Environment/Variables/CONNECT_TIMEOUT_SECONDS", "6"),
)
def test_what_nobody_chose_is_the_same_in_the_template_and_in_the_code(template: Rules):
    texts = {
        name: template.parameters.get(value["Ref"], {}).get("Default")
        if isinstance(value, dict) and "Ref" in value
        else value
        for name, value in template.environment.items()
    }
    given = {name: str(text) for name, text in texts.items() if isinstance(text, str | int | float)}
    needed = dict.fromkeys(
        ("TABLE_NAME", "QUEUE_URL", "KMS_KEY_ID", "SCHEDULER_FUNCTION_NAME"), "any"
    )
    assert Settings.from_environment(needed | given) == Settings.from_environment(needed)
