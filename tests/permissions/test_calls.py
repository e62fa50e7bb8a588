"""What a call takes, after AWS's service authorization reference."""

from typing import Any

import pytest

from tests.permissions.calls import namer, needs

TABLE = {"TableName": "shop"}
QUEUE = {"QueueUrl": "https://sqs/1/jobs.fifo"}


@pytest.mark.parametrize(
    ("service", "operation", "params", "wanted"),
    [
        ("dynamodb", "GetItem", TABLE, {("dynamodb:GetItem", "shop", "")}),
        ("dynamodb", "Query", TABLE, {("dynamodb:Query", "shop", "")}),
        (
            "dynamodb",
            "Query",
            TABLE | {"IndexName": "by_due"},
            {("dynamodb:Query", "shop", "/index/by_due")},
        ),
        (
            "dynamodb",
            "BatchGetItem",
            {"RequestItems": {"shop": {}, "other": {}}},
            {("dynamodb:BatchGetItem", "shop", ""), ("dynamodb:BatchGetItem", "other", "")},
        ),
        (
            "dynamodb",
            "TransactWriteItems",
            {
                "TransactItems": [
                    {"Put": TABLE},
                    {"Update": TABLE},
                    {"Delete": TABLE},
                    {"ConditionCheck": {"TableName": "other"}},
                ]
            },
            {
                ("dynamodb:PutItem", "shop", ""),
                ("dynamodb:UpdateItem", "shop", ""),
                ("dynamodb:DeleteItem", "shop", ""),
                ("dynamodb:ConditionCheckItem", "other", ""),
            },
        ),
        ("sqs", "SendMessageBatch", QUEUE, {("sqs:SendMessage", QUEUE["QueueUrl"], "")}),
        (
            "sqs",
            "ChangeMessageVisibilityBatch",
            QUEUE,
            {("sqs:ChangeMessageVisibility", QUEUE["QueueUrl"], "")},
        ),
        ("lambda", "Invoke", {"FunctionName": "lay"}, {("lambda:InvokeFunction", "lay", "")}),
        ("kms", "Decrypt", {"CiphertextBlob": b""}, {("kms:Decrypt", "", "")}),
        ("ssm", "GetParameter", {"Name": "/key"}, {("ssm:GetParameter", "/key", "")}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_call_takes_the_actions_of_the_reference(
    service: str, operation: str, params: dict[str, Any], wanted: set[tuple[str, str, str]]
) -> None:
    assert set(needs(service, operation, params)) == wanted


@pytest.mark.parametrize(
    ("service", "operation"),
    [("dynamodb", "ExecuteStatement"), ("sqs", "PurgeQueue"), ("s3", "PutObject")],
)
def test_a_call_that_nobody_has_looked_up_is_on_nothing_that_can_be_allowed(
    service: str, operation: str
) -> None:
    ((action, raw, rest),) = needs(service, operation, TABLE | QUEUE | {"Bucket": "x"})
    assert (action, rest) == (f"{service}:{operation}", "")
    assert namer({"TABLE_NAME": "shop", "QUEUE_URL": ""})(action, raw, rest) == "?"


def test_a_resource_is_called_by_the_setting_that_names_it() -> None:
    name = namer({"TABLE_NAME": "shop", "QUEUE_URL": "", "KMS_KEY_ID": "key"})
    assert name("dynamodb:Query", "shop", "/index/by_due") == "TABLE_NAME/index/by_due"
    assert name("dynamodb:Query", "other", "") == "?other"
    assert name("kms:Encrypt", "key", "") == "KMS_KEY_ID"
    assert name("kms:Decrypt", "", "") == "KMS_KEY_ID", "the ciphertext says which"
    assert name("sqs:SendMessage", "", "") == "?", "a setting that is empty names nothing"
