"""The deployment's table on an emulator: its keys, indexes and TTL as the template gives them."""

from typing import Any

import boto3

REGION = "us-east-1"

#: What an index carries beside its keys and the table's.
_INCLUDED = {"by_retry": ["plan_number", "sequence", "recipient_id", "person"]}
#: Index name to the attributes of its key, with their types.
_INDEXES = {
    "by_due": {"due_shard": "S", "due_at": "N"},
    "by_retry": {"retry_lane": "S", "retry_at": "N"},
    "by_message": {"message_key": "S"},
    "by_list": {"list_key": "S", "list_sort": "S"},
    "by_phone": {"phone_list": "S", "phone_sort": "S"},
}


def create_table(name: str, *, endpoint_url: str | None = None, region: str = REGION) -> str:
    """Create the table (with moto in process, or at an emulator's address); its name again."""
    client = boto3.client("dynamodb", region_name=region, endpoint_url=endpoint_url)
    client.create_table(**described(name))
    client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
    client.update_time_to_live(
        TableName=name,
        TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires_at"},
    )
    return name


def described(name: str) -> Any:
    """The request that creates the table."""
    attributes = {"pk": "S", "sk": "S"}
    for keys in _INDEXES.values():
        attributes |= keys
    return {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": _key_schema("pk", "sk"),
        "AttributeDefinitions": [
            {"AttributeName": attribute, "AttributeType": kind}
            for attribute, kind in attributes.items()
        ],
        "GlobalSecondaryIndexes": [_index(index, keys) for index, keys in _INDEXES.items()],
    }


def _index(name: str, keys: dict[str, str]) -> Any:
    projection: dict[str, Any] = {"ProjectionType": "KEYS_ONLY"}
    if name in _INCLUDED:
        projection = {"ProjectionType": "INCLUDE", "NonKeyAttributes": _INCLUDED[name]}
    return {"IndexName": name, "KeySchema": _key_schema(*keys), "Projection": projection}


def _key_schema(partition: str, sort: str | None = None) -> Any:
    schema = [{"AttributeName": partition, "KeyType": "HASH"}]
    if sort:
        schema.append({"AttributeName": sort, "KeyType": "RANGE"})
    return schema
