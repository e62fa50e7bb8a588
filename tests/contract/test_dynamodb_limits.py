"""What DynamoDB refuses, and whoever is lax about it would hide: on each emulator that knows it.

`MOTO_TAKES`: moto is the laxer one there; the model and ministack go by AWS's documentation.
"""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from campaigns.adapters.dynamodb.table import Table
from tests.contract.things import fresh

CODES = {"ValidationException", "SerializationException"}

type Ask = Callable[[Any, str, str], object]

_NAMES = {"#p": "pk", "#s": "sk"}


def key(partition: str, sort: str = "a", **more: object) -> dict[str, Any]:
    return {"pk": {"S": partition}, "sk": {"S": sort}, **more}


def query(client: Any, table: str, partition: str, sort: str = "", **more: Any) -> object:
    values = {":p": {"S": partition}} | more.pop("values", {})
    names = _NAMES if sort else {"#p": "pk"}
    return client.query(
        TableName=table,
        KeyConditionExpression=f"#p = :p{sort and ' AND ' + sort}",
        ExpressionAttributeNames=names,
        ExpressionAttributeValues=values,
        **more,
    )


def put(client: Any, table: str, item: dict[str, Any], **more: Any) -> object:
    return client.put_item(TableName=table, Item=item, **more)


def transact(client: Any, table: str, items: list[dict[str, Any]]) -> object:
    writes = [{"Put": {"TableName": table, "Item": item}} for item in items]
    return client.transact_write_items(TransactItems=writes)


def start_elsewhere(client: Any, table: str, partition: str) -> object:
    return query(client, table, partition, ExclusiveStartKey=key(f"{partition}-other"))


def start_outside(client: Any, table: str, partition: str) -> object:
    begins = {"values": {":a": {"S": "a"}}, "ExclusiveStartKey": key(partition, "z")}
    return query(client, table, partition, "begins_with(#s, :a)", **begins)


def bounds_reversed(client: Any, table: str, partition: str) -> object:
    values = {":a": {"S": "b"}, ":b": {"S": "a"}}
    return query(client, table, partition, "#s BETWEEN :a AND :b", values=values)


def long_condition(client: Any, table: str, partition: str) -> object:
    condition = " AND ".join(["attribute_not_exists(#p)"] * 160)
    names = {"#p": "pk"}
    return put(
        client,
        table,
        key(partition),
        ConditionExpression=condition,
        ExpressionAttributeNames=names,
    )


REFUSED: dict[str, Ask] = {
    "a key that is empty": lambda c, t, p: c.get_item(TableName=t, Key=key(p, "")),
    "a key of three": lambda c, t, p: c.get_item(TableName=t, Key=key(p, x={"S": "1"})),
    "a query of an empty key": lambda c, t, _: query(c, t, ""),
    "a sort key over 1,024 bytes": lambda c, t, p: put(c, t, key(p, "x" * 1_025)),
    "an item over 400 KB": lambda c, t, p: put(c, t, key(p, x={"S": "x" * 409_600})),
    "an empty set": lambda c, t, p: put(c, t, key(p, x={"SS": []})),
    "a number that is none": lambda c, t, p: put(c, t, key(p, x={"N": 5})),
    "over 100 writes at once": lambda c, t, p: transact(c, t, [key(p, f"{n}") for n in range(101)]),
}
MOTO_TAKES: dict[str, Ask] = {
    "a page that begins elsewhere": start_elsewhere,
    "a page that begins outside": start_outside,
    "bounds in the wrong order": bounds_reversed,
    "an expression over 4 KB": long_condition,
    "a limit of none": lambda c, t, p: query(c, t, p, Limit=0),
    "a number of 39 digits": lambda c, t, p: put(c, t, key(p, x={"N": "1" * 39})),
    "something twice in a set": lambda c, t, p: put(c, t, key(p, x={"SS": ["a", "a"]})),
    "a text as an index's number": lambda c, t, p: put(
        c, t, key(p, due_shard={"S": "a"}, due_at={"S": "x"})
    ),
    "over 4 MB at once": lambda c, t, p: transact(
        c, t, [key(p, f"{n}", x={"S": "x" * 390_000}) for n in range(12)]
    ),
}


@pytest.mark.parametrize("what", REFUSED | MOTO_TAKES)
def test_what_dynamodb_refuses_is_refused(
    table: Table, what: str, request: pytest.FixtureRequest
) -> None:
    ask = (REFUSED | MOTO_TAKES)[what]
    place = (table.connection.client, table.name, fresh("limits"))
    if what in MOTO_TAKES and request.node.callspec.params["table"] == "moto":
        ask(*place)
        return
    with pytest.raises(ClientError) as refused:
        ask(*place)
    assert refused.value.response["Error"]["Code"] in CODES
