"""Whatever an adapter calls is found in its source."""

from pathlib import Path

import pytest

from tests.permissions.adapters import Hidden, contained, services
from tests.permissions.calls import Call
from tests.permissions.judge import unseen


def adapter(folder: Path, source: str) -> Path:
    (folder / "adapters").mkdir()
    (folder / "adapters" / "some.py").write_text(source)
    return folder


def test_the_layers_clients_are_those_of_five_services() -> None:
    assert services() == {"dynamodb", "kms", "lambda", "sqs", "ssm"}


def test_what_our_adapters_call_is_known() -> None:
    found = contained()
    assert {"dynamodb:Query", "dynamodb:BatchGetItem", "kms:GenerateDataKey"} <= found
    assert {"sqs:SendMessageBatch", "lambda:Invoke", "ssm:GetParameter"} <= found
    assert {f"dynamodb:TransactWriteItems/{kind}Item" for kind in ("Put", "Update", "Delete")} <= (
        found
    )


@pytest.mark.parametrize(
    ("source", "operation"),
    [
        ("self._client.list_aliases()", "kms:ListAliases or lambda:ListAliases"),
        ("self._client.purge_queue(QueueUrl=self._url)", "sqs:PurgeQueue"),
        ("ask = self._client.delete_parameter", "ssm:DeleteParameter"),
        ("self._call('DescribeTable', {})", "dynamodb:DescribeTable"),
        ("table.connection.scan(name)", "dynamodb:Scan"),
        (
            "writes = [('ConditionCheck', request)]",
            "dynamodb:TransactWriteItems/ConditionCheckItem",
        ),
    ],
)
def test_a_call_in_an_adapter_that_no_test_makes_is_found(
    tmp_path: Path, source: str, operation: str
) -> None:
    folder = adapter(tmp_path, source)
    found = contained(folder / "adapters")
    assert found == {operation}
    (fault,) = unseen(found, [])
    assert fault.startswith(f"{operation} stands in an adapter")


def test_a_client_of_a_new_service_brings_its_operations(tmp_path: Path) -> None:
    folder = adapter(tmp_path, "client = boto3.client('sns')\nclient.publish(Message='x')\n")
    assert services(folder) == {"dynamodb", "sns"}
    assert contained(folder / "adapters", folder) == {"sns:Publish"}


@pytest.mark.parametrize(
    "source",
    [
        "boto3.client(name)",
        "self.aws.client(name)",
        "session.create_client(service)",
        "boto3.resource(f'{x}')",
    ],
)
def test_a_client_of_a_service_that_is_not_named_there_is_refused(
    tmp_path: Path, source: str
) -> None:
    with pytest.raises(Hidden, match=r"some\.py:1"):
        services(adapter(tmp_path, source))


def test_a_call_by_paginator_is_refused(tmp_path: Path) -> None:
    folder = adapter(tmp_path, "client.get_paginator('list_keys')")
    with pytest.raises(Hidden):
        contained(folder / "adapters")


def test_a_call_that_was_made_is_seen_by_its_operation_or_by_a_transactions_part() -> None:
    write = Call("api", "dynamodb:TransactWriteItems", "dynamodb:PutItem", "TABLE_NAME")
    assert (
        unseen({"dynamodb:TransactWriteItems", "dynamodb:TransactWriteItems/PutItem"}, [write])
        == []
    )
    assert unseen({"dynamodb:TransactWriteItems/DeleteItem"}, [write])
    listing = Call("api", "lambda:ListAliases", "lambda:ListAliases", "?")
    assert unseen({"kms:ListAliases or lambda:ListAliases"}, [listing]) == []
    assert unseen({"dynamodb:PutItem"}, [write]), "an operation of that name was not called"
