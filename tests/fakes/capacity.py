"""Counts the capacity units that a table's requests would consume on AWS, from item sizes.

moto reports no true figures, so they are reckoned by AWS's rules: a write costs a unit per KB of
the larger of the item before and after, twice that in a transaction; an index costs a unit where an
entry comes, goes or changes, two where its key changes; a refused condition costs what the write
would have. A read costs a unit per 4 KB, half of it where it is not consistent.
"""

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
from pynamodb.exceptions import VerboseClientError

from tests.fakes.dynamodb import REGION

type Raw = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Index:
    """A global secondary index: the attributes of its key, and all that an entry holds."""

    name: str
    key: frozenset[str]
    projected: frozenset[str]

    def entry(self, item: Raw | None) -> Raw | None:
        """What the index holds of an item: nothing where a part of its key is missing."""
        if item is None or not self.key <= item.keys():
            return None
        return {name: item[name] for name in self.projected & item.keys()}

    def units(self, before: Raw | None, after: Raw | None) -> int:
        old, new = self.entry(before), self.entry(after)
        if old == new:
            return 0
        entries = [entry for entry in (old, new) if entry]
        if old and new and all(old[name] == new[name] for name in self.key):
            entries = [max(entries, key=size_of)]
        return sum(_kilobytes(entry) for entry in entries)


@dataclass(slots=True)
class Capacity:
    """Units by kind of item, by index, by query; `refused`: writes whose condition failed."""

    written: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    read: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    largest: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    refused: list[str] = field(default_factory=list)

    def forget(self) -> None:
        """Count from now on; the largest items stay known."""
        self.written.clear()
        self.read.clear()
        self.refused.clear()


def indexes_of(client: Any, table_name: str) -> dict[str, Index]:
    """The indexes of an emulator's table, by name."""
    described = client.describe_table(TableName=table_name)["Table"]
    return {each["IndexName"]: _index(each) for each in described.get("GlobalSecondaryIndexes", [])}


def count_capacity(table: Any) -> Capacity:
    """Has every request of a :class:`Table` over moto counted from now on."""
    capacity = Capacity()
    client = boto3.client("dynamodb", region_name=REGION)
    indexes = indexes_of(client, table.name).values()
    dispatch = table.connection.dispatch

    def stored(write: Mapping[str, Any]) -> Raw | None:
        item: Raw | None = client.get_item(TableName=table.name, Key=_key_of(write)).get("Item")
        return item

    def counted(operation: str, request: dict[str, Any]) -> Any:
        writes = _writes(operation, request)
        times = 2 if operation == "TransactWriteItems" else 1
        before = [stored(write) for write in writes]
        try:
            answer = dispatch(operation, request)
        except VerboseClientError:
            for write, old in zip(writes, before, strict=True):
                capacity.refused.append(_kind(_key_of(write)))
                _count_write(capacity, _key_of(write), old, old, times)
            raise
        for write, old in zip(writes, before, strict=True):
            new = stored(write)
            _count_write(capacity, _key_of(write), old, new, times)
            for index in indexes:
                if units := index.units(old, new):
                    capacity.written[index.name] += units
        _count_read(capacity, operation, request, answer)
        return answer

    table.connection.dispatch = counted
    return capacity


def size_of(item: Raw | None) -> int:
    """Bytes of an item as DynamoDB bills them: names and values."""
    return sum(len(name.encode()) + _size(value) for name, value in (item or {}).items())


def _index(described: Mapping[str, Any]) -> Index:
    key = frozenset(part["AttributeName"] for part in described["KeySchema"])
    included = described["Projection"].get("NonKeyAttributes", [])
    return Index(described["IndexName"], key, key | {"pk", "sk"} | set(included))


def _writes(operation: str, request: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    if operation in {"PutItem", "UpdateItem", "DeleteItem"}:
        return [request]
    return [write for item in request.get("TransactItems", []) for write in item.values()]


def _key_of(request: Mapping[str, Any]) -> Raw:
    source = request.get("Key") or request["Item"]
    return {"pk": source["pk"], "sk": source["sk"]}


def _count_write(
    capacity: Capacity, key: Raw, before: Raw | None, after: Raw | None, times: int
) -> None:
    kind, size = _kind(key), max(size_of(before), size_of(after))
    capacity.largest[kind] = max(capacity.largest[kind], size)
    capacity.written[kind] += times * max(1, _kilobytes(size))


def _count_read(
    capacity: Capacity, operation: str, request: Mapping[str, Any], answer: Mapping[str, Any]
) -> None:
    match operation:
        case "GetItem":
            kind, size = _kind(request["Key"]), size_of(answer.get("Item"))
        case "Query":
            kind, size = _queried(request), sum(map(size_of, answer["Items"]))
        case _:
            return
    share = 1.0 if request.get("ConsistentRead") else 0.5
    capacity.read[kind] += share * max(1, math.ceil(size / 4096))


def _queried(request: Mapping[str, Any]) -> str:
    values = request["ExpressionAttributeValues"].values()
    is_block = any("#BLOCK#" in value.get("S", "") for value in values)
    return str(request.get("IndexName", "block of recipients" if is_block else "partition"))


def _kind(key: Raw) -> str:
    """The word by which the data model's page calls an item."""
    partition, sort = key["pk"]["S"], key["sk"]["S"]
    if sort == "GATE":
        return "person gate" if partition.startswith("PERSON#") else "instance gate"
    if sort.startswith("VIEW#"):
        return sort.split("#")[1].lower()
    return "recipient" if sort.isdecimal() else sort.split("#")[0].lower()


def _kilobytes(item: Raw | int) -> int:
    size = item if isinstance(item, int) else size_of(item)
    return math.ceil(size / 1024)


def _size(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            digits = content.lstrip("-").replace(".", "").strip("0")
            return math.ceil(len(digits) / 2) + 1
        case "B":
            return len(content)
        case "L":
            return 3 + sum(1 + _size(each) for each in content)
        case "M":
            return 3 + sum(1 + len(name.encode()) + _size(each) for name, each in content.items())
    return 1
