"""A transaction that is sent twice under one token, as the SDK does after a lost answer.

Moto takes no notice of the token and applies it again: that is held here as well, so that the day
on which it no longer does is seen.
"""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from campaigns.adapters.dynamodb.table import Key, Table
from tests.contract.lost_answers import losing_the_answer
from tests.contract.things import fresh

_NAMES = {"#c": "count"}


def adding(table: Table, key: Key, amount: int = 1, condition: str | None = None) -> dict[str, Any]:
    update: dict[str, Any] = {
        "TableName": table.name,
        "Key": key.raw,
        "UpdateExpression": "ADD #c :amount",
        "ExpressionAttributeNames": _NAMES,
        "ExpressionAttributeValues": {":amount": {"N": f"{amount}"}},
    }
    return update | ({"ConditionExpression": condition} if condition else {})


def transact(table: Table, token: str, *updates: dict[str, Any]) -> None:
    items: Any = [{"Update": update} for update in updates]
    table.connection.client.transact_write_items(TransactItems=items, ClientRequestToken=token)


def count_of(table: Table, key: Key) -> int:
    return table.numbers(key, consistent=True).get("count", 0)


def is_moto(request: pytest.FixtureRequest) -> bool:
    return bool(request.node.callspec.params["table"] == "moto")


@pytest.fixture
def key() -> Key:
    return Key(fresh("token"), "one")


def test_one_token_is_one_transaction(
    table: Table, key: Key, request: pytest.FixtureRequest
) -> None:
    token = fresh("t")
    for _ in range(2):
        transact(table, token, adding(table, key))
    assert count_of(table, key) == (2 if is_moto(request) else 1)


def test_two_tokens_are_two_transactions(table: Table, key: Key) -> None:
    for _ in range(2):
        transact(table, fresh("t"), adding(table, key))
    assert count_of(table, key) == 2


def test_a_token_is_of_one_transaction_alone(
    table: Table, key: Key, request: pytest.FixtureRequest
) -> None:
    token = fresh("t")
    transact(table, token, adding(table, key, 1))
    if is_moto(request):
        transact(table, token, adding(table, key, 2))
        return
    with pytest.raises(ClientError) as refused:
        transact(table, token, adding(table, key, 2))
    assert refused.value.response["Error"]["Code"] == "IdempotentParameterMismatchException"
    assert count_of(table, key) == 1


def test_what_was_refused_is_judged_anew_under_its_token(table: Table, key: Key) -> None:
    token, needs_it = fresh("t"), adding(table, key, condition="attribute_exists(#c)")
    with pytest.raises(ClientError):
        transact(table, token, needs_it)
    transact(table, fresh("t"), adding(table, key))
    transact(table, token, needs_it)
    assert count_of(table, key) == 2


def test_a_transaction_whose_answer_was_lost_is_done_once(
    table: Table, key: Key, request: pytest.FixtureRequest
) -> None:
    with losing_the_answer(table, "TransactWriteItems"):
        assert table.transact([("Update", adding(table, key))]) is None
    assert count_of(table, key) == (2 if is_moto(request) else 1)
