"""What a function may do stands in a role of its own, action by action."""

import json
import re

from tests.unit.template_rules import Rules, also, as_list, drop, of, put, rule

STATEMENTS = "Policies/0/PolicyDocument/Statement"
TAKE_ALL = {"Sid": "All", "Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}


def actions_of(template: Rules, role: str) -> set[str]:
    return {
        action for statement in template.statements(role) for action in as_list(statement["Action"])
    }


@rule(
    a_shared_role=put(of("ApiFunction", "Role"), {"Fn::GetAtt": "SchedulerRole.Arn"}),
    a_role_of_nobody=put(
        "Resources/SpareRole", {"Type": "AWS::IAM::Role", "Properties": {"Policies": []}}
    ),
    a_role_that_sam_makes=drop(of("DispatcherFunction", "Role")),
)
def test_each_function_has_a_role_that_no_other_has(template: Rules):
    roles = [template.properties(name)["Role"]["Fn::GetAtt"] for name in template.functions]
    assert sorted(roles) == sorted(f"{role}.Arn" for role in template.roles)


@rule(
    a_managed_policy=put(of("ApiRole", "ManagedPolicyArns"), ["arn:aws:iam::aws:policy/x"]),
    every_action_of_a_service=put(of("ApiRole", f"{STATEMENTS}/0/Action"), "dynamodb:*"),
    every_action_of_a_kind=put(of("ApiRole", f"{STATEMENTS}/0/Action"), ["dynamodb:Put*"]),
    every_resource=also(of("DispatcherRole", STATEMENTS), TAKE_ALL),
    every_index=put(
        of("SchedulerRole", f"{STATEMENTS}/1/Resource"), {"Fn::Sub": "${Table.Arn}/index/*"}
    ),
    all_but_one=put(of("ApiRole", f"{STATEMENTS}/0/NotAction"), ["iam:PassRole"]),
)
def test_a_role_names_its_actions_and_its_resources(template: Rules):
    for name in template.roles:
        assert "ManagedPolicyArns" not in template.properties(name)
        for statement in template.statements(name):
            assert set(statement) == {"Sid", "Effect", "Action", "Resource"}
            assert statement["Effect"] == "Allow"
            for action in as_list(statement["Action"]):
                assert re.fullmatch(r"[a-z]+:[A-Za-z]+", action)
            for resource in as_list(statement["Resource"]):
                assert "*" not in json.dumps(resource)


@rule(
    the_dispatcher_encrypts=also(
        of("DispatcherRole", STATEMENTS),
        {"Sid": "E", "Effect": "Allow", "Action": "kms:Encrypt", "Resource": "key"},
    ),
    the_scheduler_reads_no_secret=put(of("SchedulerRole", STATEMENTS), []),
)
def test_only_the_api_can_encrypt_and_every_function_can_decrypt(template: Rules):
    may = {role: actions_of(template, role) for role in template.roles}
    assert all("kms:Decrypt" in actions for actions in may.values())
    assert [role for role in may if "kms:Encrypt" in may[role]] == ["ApiRole"]


@rule(
    under_another_name=put(
        "Globals/Function/Environment/Variables/EVOLUTION_SERVER_KEY_PARAMETER/Fn::Sub", "/other"
    ),
    read_by_another_function=also(
        of("DispatcherRole", STATEMENTS),
        {"Action": "ssm:GetParameter", "Resource": {"Fn::Sub": "x"}},
    ),
    a_key_as_a_parameter=put("Parameters/EvolutionServerKey", {"Type": "String", "NoEcho": True}),
    told_wrongly=put("Outputs/EvolutionServerKeyParameter/Value", {"Fn::Sub": "/other"}),
)
def test_the_key_of_the_evolution_server_is_a_name_that_the_api_alone_may_read(template: Rules):
    parameter = template.environment["EVOLUTION_SERVER_KEY_PARAMETER"]
    readers = {
        role: statement["Resource"]["Fn::Sub"]
        for role in template.roles
        for statement in template.statements(role)
        if "ssm:GetParameter" in as_list(statement["Action"])
    }
    assert readers.keys() == {"ApiRole"}
    assert readers["ApiRole"].endswith(f":parameter{parameter['Fn::Sub']}")
    assert not any("NoEcho" in parameter for parameter in template.parameters.values())
    assert template.outputs["EvolutionServerKeyParameter"]["Value"] == parameter


@rule(
    it_sends_jobs=also(of("DispatcherRole", STATEMENTS), TAKE_ALL),
    it_deletes=also(of("DispatcherRole", f"{STATEMENTS}/0/Action"), "dynamodb:DeleteItem"),
)
def test_the_dispatcher_can_neither_send_jobs_nor_delete_items(template: Rules):
    forbidden = {"sqs:SendMessage", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem"}
    assert not forbidden & actions_of(template, "DispatcherRole")


@rule(
    any_topic=drop(
        of("Key", "KeyPolicy/Statement/1/Fn::If/1/Condition/StringEquals")
        + "/kms:EncryptionContext:aws:sns:topicArn"
    ),
    another_service_too=also(of("Key", "KeyPolicy/Statement"), {"Principal": {"Service": "x"}}),
    another_topic=put(of("AlarmTopic", "TopicName"), {"Fn::Sub": "${AWS::StackName}-other"}),
)
def test_the_key_opens_nothing_to_cloudwatch_but_the_messages_of_the_topic(template: Rules):
    account, given = template.properties("Key")["KeyPolicy"]["Statement"]
    assert account["Principal"] == {
        "AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}
    }
    condition, statement, otherwise = given["Fn::If"]
    assert (condition, otherwise) == ("MakesAlarmTopic", {"Ref": "AWS::NoValue"})
    assert statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert statement["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]
    name = template.properties("AlarmTopic")["TopicName"]["Fn::Sub"]
    arn = f"arn:${{AWS::Partition}}:sns:${{AWS::Region}}:${{AWS::AccountId}}:{name}"
    assert statement["Condition"] == {
        "StringEquals": {
            "kms:EncryptionContext:aws:sns:topicArn": {"Fn::Sub": arn},
        }
    }


POLICY = "PolicyDocument/Statement"


@rule(
    anybody=put(of("AlarmTopicPolicy", f"{POLICY}/0/Principal"), "*"),
    any_alarm=drop(of("AlarmTopicPolicy", f"{POLICY}/0/Condition/ArnLike")),
    any_account=drop(of("AlarmTopicPolicy", f"{POLICY}/0/Condition/StringEquals")),
    everything=put(of("AlarmTopicPolicy", f"{POLICY}/0/Action"), "sns:*"),
    and_somebody_else=also(of("AlarmTopicPolicy", POLICY), {"Effect": "Allow"}),
)
def test_the_topic_takes_messages_of_this_stacks_alarms_alone(template: Rules):
    (statement,) = template.properties("AlarmTopicPolicy")["PolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert statement["Action"] == "sns:Publish"
    assert statement["Condition"]["StringEquals"] == {
        "aws:SourceAccount": {"Ref": "AWS::AccountId"}
    }
    (source,) = statement["Condition"]["ArnLike"].values()
    assert source["Fn::Sub"].endswith(":alarm:${AWS::StackName}-*")
