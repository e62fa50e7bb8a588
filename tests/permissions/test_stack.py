"""A processed template's references, resolved as CloudFormation would."""

from typing import Any

import pytest

from tests.permissions.stack import NotUnderstood, Stack

TEMPLATE: dict[str, Any] = {
    "Parameters": {
        "Restored": {"Type": "String", "Default": ""},
        "Origins": {"Type": "CommaDelimitedList", "Default": "a,b"},
    },
    "Conditions": {
        "IsRestored": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Restored"}, ""]}]},
        "IsOwn": {"Fn::Not": [{"Condition": "IsRestored"}]},
        "Never": {"Fn::And": [{"Condition": "IsOwn"}, {"Condition": "IsRestored"}]},
    },
    "Resources": {
        "Table": {"Type": "AWS::DynamoDB::Table"},
        "Jobs": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "jobs.fifo"}},
        "Lay": {
            "Type": "AWS::Lambda::Function",
            "Properties": {"FunctionName": {"Fn::Sub": "${AWS::StackName}-lay"}},
        },
        "Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/aws/x"}},
        "Bucket": {"Type": "AWS::S3::Bucket"},
        "Copy": {"Type": "AWS::DynamoDB::Table", "Condition": "IsRestored"},
    },
}
PLACE = "us-east-1:123456789012"


@pytest.mark.parametrize(
    ("node", "value"),
    [
        ({"Ref": "AWS::Region"}, "us-east-1"),
        ({"Ref": "Table"}, "Table"),
        ({"Ref": "Jobs"}, "https://sqs.us-east-1.amazonaws.com/123456789012/jobs.fifo"),
        ({"Ref": "Lay"}, "campaigns-lay"),
        ({"Fn::GetAtt": ["Table", "Arn"]}, f"arn:aws:dynamodb:{PLACE}:table/Table"),
        ({"Fn::GetAtt": "Jobs.Arn"}, f"arn:aws:sqs:{PLACE}:jobs.fifo"),
        ({"Fn::GetAtt": ["Lay", "Arn"]}, f"arn:aws:lambda:{PLACE}:function:campaigns-lay"),
        ({"Fn::GetAtt": ["Group", "Arn"]}, f"arn:aws:logs:{PLACE}:log-group:/aws/x:*"),
        ({"Fn::Sub": "${Table.Arn}/index/x"}, f"arn:aws:dynamodb:{PLACE}:table/Table/index/x"),
        ({"Fn::Sub": ["${A}-${Table}", {"A": {"Ref": "AWS::Partition"}}]}, "aws-Table"),
        ({"Fn::If": ["IsRestored", 1, 2]}, 2),
        ({"Fn::Select": ["1", [1, {"Ref": "Table"}]]}, "Table"),
        ({"Fn::Join": ["+", {"Ref": "Origins"}]}, "a+b"),
        ([1, {"Ref": "AWS::NoValue"}], [1]),
        ({"a": {"Ref": "AWS::NoValue"}, "b": 2}, {"b": 2}),
    ],
    ids=str,
)
def test_a_reference_is_what_it_refers_to(node: Any, value: Any) -> None:
    assert Stack(TEMPLATE).value(node) == value


def test_a_parameter_decides_what_holds_and_what_there_is() -> None:
    default, restored = Stack(TEMPLATE), Stack(TEMPLATE, Restored="old")
    assert [default.holds(each) for each in ("IsRestored", "IsOwn", "Never")] == [
        False,
        True,
        False,
    ]
    assert [restored.holds(each) for each in ("IsRestored", "IsOwn", "Never")] == [
        True,
        False,
        False,
    ]
    assert default.of_type("AWS::DynamoDB::Table").keys() == {"Table"}
    assert restored.of_type("AWS::DynamoDB::Table").keys() == {"Table", "Copy"}


@pytest.mark.parametrize(
    "node",
    [
        {"Fn::ImportValue": "x"},
        {"Fn::GetAtt": ["Bucket", "Arn"]},
        {"Fn::GetAtt": ["Jobs", "QueueName"]},
        {"Fn::Sub": "${Jobs.QueueName}"},
    ],
    ids=str,
)
def test_what_is_not_understood_is_refused(node: Any) -> None:
    with pytest.raises(NotUnderstood):
        Stack(TEMPLATE).value(node)
