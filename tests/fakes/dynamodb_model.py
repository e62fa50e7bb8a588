"""DynamoDB itself, as far as the product uses it: a model in process, fast enough for every test.

moto answers an item's read in 5 ms, most of it spent on serving any service there is, and copies
its whole table for each transaction. The model takes the SDK's call instead, before anything is
sent. The contract suite holds it to moto's and ministack's answers; a data operation or a part of
a request that it does not know is an error, never an empty answer.
"""

import threading
from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.dynamodb_expressions import (
    Given,
    Invalid,
    KeyPart,
    Raw,
    comparable,
    condition_of,
    key_condition_of,
    placeholders,
    projection_of,
)
from tests.fakes.dynamodb_items import copied, copied_value, size_of, updated

type Request = Mapping[str, Any]
type Place = tuple[str, str]
type Entry = tuple[Any, str, str]

_PAGE_BYTES = 1_048_576
_ITEM_BYTES = 409_600
_TRANSACTION_BYTES = 4_194_304
_EXPRESSION_BYTES = 4_096
_KEY_BYTES = {"pk": 2_048, "sk": 1_024}
_EXPRESSIONS = (
    "ConditionExpression",
    "FilterExpression",
    "KeyConditionExpression",
    "ProjectionExpression",
    "UpdateExpression",
)
_GIVEN = {"TableName", "ExpressionAttributeNames", "ExpressionAttributeValues"}
_PAGED = _GIVEN | {
    "ExclusiveStartKey",
    "FilterExpression",
    "Limit",
    "ProjectionExpression",
    "ReturnConsumedCapacity",
}
_CONDITIONAL = _GIVEN | {
    "ConditionExpression",
    "ReturnConsumedCapacity",
    "ReturnItemCollectionMetrics",
    "ReturnValues",
    "ReturnValuesOnConditionCheckFailure",
}
#: What a request may say. Anything else is not in the model, and so may not be left unheard.
_PARTS = {
    "GetItem": _GIVEN | {"ConsistentRead", "Key", "ProjectionExpression", "ReturnConsumedCapacity"},
    "BatchGetItem": {"RequestItems", "ReturnConsumedCapacity"},
    "Query": _PAGED
    | {"ConsistentRead", "IndexName", "KeyConditionExpression", "ScanIndexForward", "Select"},
    "Scan": _PAGED | {"ConsistentRead"},
    "PutItem": _CONDITIONAL | {"Item"},
    "UpdateItem": _CONDITIONAL | {"Key", "UpdateExpression"},
    "DeleteItem": _CONDITIONAL | {"Key"},
    "TransactWriteItems": {"ClientRequestToken", "ReturnConsumedCapacity", "TransactItems"},
}
_IN_TRANSACTION = {
    "Put": _PARTS["PutItem"],
    "Update": _PARTS["UpdateItem"],
    "Delete": _PARTS["DeleteItem"],
    "ConditionCheck": _PARTS["DeleteItem"],
}


class Refused(Exception):
    """A condition that does not hold, with the item that says so."""

    def __init__(self, item: Raw | None) -> None:
        super().__init__()
        self.item = item


class Mismatch(Exception):
    """A transaction's token was that of another request."""


class NoTable(Exception):
    """There is no table of that name."""


class Cancelled(Exception):
    """A transaction of which a part was refused: for each part the item, in order, or None."""

    def __init__(self, reasons: list[Refused | None]) -> None:
        super().__init__()
        self.reasons = reasons


@dataclass(frozen=True, slots=True)
class _Write:
    """What becomes of an item; None: nothing is left of it."""

    place: Place
    old: Raw | None
    new: Raw | None


@dataclass
class _Index:
    """Entries by partition, in the order of their sort key. The table itself is one."""

    hash_name: str
    sort_name: str | None
    projected: frozenset[str] | None
    partitions: dict[Any, list[Entry]] = field(default_factory=lambda: defaultdict(list))

    def entry(self, item: Raw | None) -> tuple[Any, Entry] | None:
        """Where an item stands here; None where it lacks a part of the key."""
        if item is None or self.hash_name not in item:
            return None
        if self.sort_name is None:
            sort: Any = ""
        elif self.sort_name in item:
            sort = comparable(item[self.sort_name])
        else:
            return None
        return comparable(item[self.hash_name]), (sort, item["pk"]["S"], item["sk"]["S"])

    def move(self, old: Raw | None, new: Raw | None) -> None:
        before, after = self.entry(old), self.entry(new)
        if before == after:
            return
        if before:
            partition, entry = before
            entries = self.partitions[partition]
            del entries[bisect_left(entries, entry)]
        if after:
            insort(self.partitions[after[0]], after[1])

    def names(self) -> set[str]:
        return {name for name in (self.hash_name, self.sort_name, "pk", "sk") if name}

    def shown(self, item: Raw) -> Raw:
        if self.projected is None:
            return item
        return {name: value for name, value in item.items() if name in self.projected}


class _Table:
    """Items by key, and the indexes over them."""

    def __init__(self, request: Request) -> None:
        self.types = {
            each["AttributeName"]: each["AttributeType"] for each in request["AttributeDefinitions"]
        }
        self.items: dict[Place, Raw] = {}
        self.indexes = {
            each["IndexName"]: _index_of(each) for each in request["GlobalSecondaryIndexes"]
        }
        self.base = _Index("pk", "sk", None)

    def put(self, write: _Write) -> None:
        if write.new is None:
            self.items.pop(write.place, None)
        else:
            self.items[write.place] = write.new
        for index in (self.base, *self.indexes.values()):
            index.move(write.old, write.new)

    def check(self, item: Raw) -> None:
        """Keys, those of indexes as well, are of their type and not empty; nothing is too big."""
        for name, kind in self.types.items():
            if name in item and not item[name].get(kind):
                raise Invalid(f"type mismatch or empty value for key {name}")
        if size_of(item) > _ITEM_BYTES:
            raise Invalid("item size has exceeded the maximum allowed size")


class DynamoModel:
    """The tables of one emulator. Each request is one step; a request's items are copies."""

    def __init__(self) -> None:
        self._tables: dict[str, _Table] = {}
        #: What was done under each token. DynamoDB forgets them after ten minutes.
        self._done: dict[str, Request] = {}
        self._lock = threading.Lock()

    def create(self, request: Request) -> None:
        self._tables[request["TableName"]] = _Table(request)

    def drop(self, name: str) -> None:
        self._tables.pop(name, None)

    def answer(self, operation: str, request: Request) -> dict[str, Any]:
        _require_known(operation, request, _PARTS.get(operation, set()))
        with self._lock:
            return _OPERATIONS[operation](self, request)

    def copy_of(self, name: str) -> list[Raw]:
        """All items of a table, as a backup holds them."""
        with self._lock:
            return [copied(item) for item in self._tables[name].items.values()]

    def restore(self, name: str, items: Sequence[Raw]) -> None:
        """Have a table hold these items, and no others."""
        with self._lock:
            table = self._tables[name]
            for place, item in list(table.items.items()):
                table.put(_Write(place, item, None))
            for item in items:
                table.put(_Write(_place_of(item), None, copied(item)))
            self._done.clear()

    # Reads

    def _get(self, request: Request) -> dict[str, Any]:
        _require_used(request)
        item = self._table(request).items.get(_place(request["Key"]))
        return {} if item is None else {"Item": _projected(request, copied(item))}

    def _batch_get(self, request: Request) -> dict[str, Any]:
        found = {}
        for name, wanted in request["RequestItems"].items():
            places = [_place(key) for key in wanted["Keys"]]
            if not 0 < len(places) <= 100 or len(set(places)) < len(places):
                raise Invalid("between 1 and 100 keys, none twice")
            _require_known("BatchGetItem", wanted, {"ConsistentRead", "Keys"})
            items = map(self._named(name).items.get, places)
            found[name] = [copied(item) for item in items if item is not None]
        return {"Responses": found, "UnprocessedKeys": {}}

    def _query(self, request: Request) -> dict[str, Any]:
        given = _require_used(request)
        table = self._table(request)
        index = table.base
        if "IndexName" in request:
            if request["IndexName"] not in table.indexes:
                raise Invalid("the table does not have the specified index")
            index = table.indexes[request["IndexName"]]
            if request.get("ConsistentRead"):
                raise Invalid("consistent reads are not supported on global secondary indexes")
        parts = {
            given.names[part.name]: part
            for part in key_condition_of(request["KeyConditionExpression"])
        }
        by_hash = parts.pop(index.hash_name, None)
        if by_hash is None or by_hash.operator != "=" or parts.keys() - {index.sort_name}:
            raise Invalid("query condition missed key schema element")
        if "FilterExpression" in request:
            filtered = {given.names.get(each) for each in placeholders(request["FilterExpression"])}
            if filtered & {index.hash_name, index.sort_name}:
                raise Invalid("a filter can only contain non-primary key attributes")
        partition = comparable(_required(given.value(by_hash.values[0])))
        entries = index.partitions.get(partition, [])
        low, high = 0, len(entries)
        for part in parts.values():
            low, high = _bounds(entries, part, given)
        if start := request.get("ExclusiveStartKey"):
            _require_within(index, start, partition, parts, given)
        return self._page(request, table, index, entries, low, high)

    def _scan(self, request: Request) -> dict[str, Any]:
        _require_used(request)
        table = self._table(request)
        entries = sorted((item["sk"]["S"], *place) for place, item in table.items.items())
        return self._page(request, table, table.base, entries, 0, len(entries))

    def _page(
        self,
        request: Request,
        table: _Table,
        index: _Index,
        entries: list[Entry],
        low: int,
        high: int,
    ) -> dict[str, Any]:
        """One page: the limit counts what is looked at, before the filter; so do the bytes."""
        if request.get("Select", "COUNT") != "COUNT":
            raise Invalid(f"not in the model: Select {request['Select']}")
        forward, limit = request.get("ScanIndexForward", True), request.get("Limit")
        if limit is not None and limit < 1:
            raise Invalid("a limit is 1 or more")
        if start := request.get("ExclusiveStartKey"):
            placed = index.entry(start)
            if placed is None:
                raise Invalid("the provided starting key is invalid")
            if forward:
                low = max(low, bisect_right(entries, placed[1]))
            else:
                high = min(high, bisect_left(entries, placed[1]))
        places = range(low, high) if forward else range(high - 1, low - 1, -1)
        looked_at: list[Raw] = []
        size = 0
        for place in places:
            _, pk, sk = entries[place]
            item = copied(index.shown(table.items[pk, sk]))
            looked_at.append(item)
            size += size_of(item)
            if len(looked_at) == limit or size > _PAGE_BYTES:
                break
        items = looked_at
        if "FilterExpression" in request:
            is_wanted, given = condition_of(request["FilterExpression"]), _given(request)
            items = [item for item in items if is_wanted(item, given)]
        answer = {"Count": len(items), "ScannedCount": len(looked_at)}
        if request.get("Select") != "COUNT":
            answer |= {"Items": [_projected(request, item) for item in items]}
        if len(looked_at) == limit or size > _PAGE_BYTES:
            last = looked_at[-1]
            answer |= {"LastEvaluatedKey": {name: last[name] for name in index.names()}}
        return answer

    # Writes

    def _write(self, kind: str, request: Request) -> dict[str, Any]:
        table = self._table(request)
        write = self._judged(kind, request)
        table.put(write)
        match request.get("ReturnValues", "NONE"):
            case "NONE":
                return {}
            case "ALL_OLD":
                return {} if write.old is None else {"Attributes": copied(write.old)}
            case "ALL_NEW" if write.new is not None:
                return {"Attributes": copied(write.new)}
        raise Invalid(f"ReturnValues {request['ReturnValues']}")

    def _transact(self, request: Request) -> dict[str, Any]:
        """All or nothing; once for each token, however often it is asked for."""
        token = request.get("ClientRequestToken", "")
        if token in self._done:
            if self._done[token]["TransactItems"] != request["TransactItems"]:
                raise Mismatch
            return {}
        answer = self._transact_once(request)
        if token:
            self._done[token] = request
        return answer

    def _transact_once(self, request: Request) -> dict[str, Any]:
        parts = [part for item in request["TransactItems"] for part in item.items()]
        places = [_place_of(part.get("Key") or part["Item"]) for _, part in parts]
        if not 0 < len(parts) <= 100 or len(set(places)) < len(places):
            raise Invalid("between 1 and 100 writes, no two of one item")
        writes: list[_Write] = []
        reasons: list[Refused | None] = []
        for kind, part in parts:
            _require_known(kind, part, _IN_TRANSACTION.get(kind, set()))
            try:
                writes.append(self._judged(kind, part))
                reasons.append(None)
            except Refused as refused:
                reasons.append(refused)
        if any(reasons):
            raise Cancelled(reasons)
        if sum(size_of(write.new) for write in writes if write.new) > _TRANSACTION_BYTES:
            raise Invalid("a transaction's items are over 4 MB")
        for (_, part), write in zip(parts, writes, strict=True):
            self._table(part).put(write)
        return {}

    def _judged(self, kind: str, request: Request) -> _Write:
        """What a write makes of its item, where its condition holds."""
        given = _require_used(request)
        table = self._table(request)
        place = _place(request["Key"]) if "Key" in request else _place_of(request["Item"])
        old = table.items.get(place)
        expression = request.get("ConditionExpression")
        if expression and not condition_of(expression)(old or {}, given):
            returned = request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
            raise Refused(copied(old) if returned and old else None)
        match kind:
            case "Put":
                new: Raw | None = copied(request["Item"])
            case "Update":
                new = updated(request["Key"], old, request.get("UpdateExpression"), given)
            case "Delete":
                new = None
            case _:
                if not expression:
                    raise Invalid("a condition check without a condition")
                new = old
        if new is not None:
            table.check(new)
        return _Write(place, old, new)

    def _table(self, request: Request) -> _Table:
        return self._named(request["TableName"])

    def _named(self, name: str) -> _Table:
        if name not in self._tables:
            raise NoTable(name)
        return self._tables[name]


_OPERATIONS: dict[str, Callable[[DynamoModel, Request], dict[str, Any]]] = {
    "GetItem": DynamoModel._get,
    "BatchGetItem": DynamoModel._batch_get,
    "Query": DynamoModel._query,
    "Scan": DynamoModel._scan,
    "PutItem": lambda model, request: model._write("Put", request),
    "UpdateItem": lambda model, request: model._write("Update", request),
    "DeleteItem": lambda model, request: model._write("Delete", request),
    "TransactWriteItems": DynamoModel._transact,
}


def _index_of(described: Request) -> _Index:
    hash_name, *sort = (each["AttributeName"] for each in described["KeySchema"])
    projection = described["Projection"]
    projected = None
    if projection["ProjectionType"] != "ALL":
        included = projection.get("NonKeyAttributes", [])
        projected = frozenset({hash_name, *sort, "pk", "sk", *included})
    return _Index(hash_name, sort[0] if sort else None, projected)


def _place(key: Request) -> Place:
    if key.keys() != {"pk", "sk"}:
        raise Invalid("the provided key element does not match the schema")
    return _place_of(key)


def _place_of(item: Request) -> Place:
    for name, most in _KEY_BYTES.items():
        text = item.get(name, {}).get("S", "")
        if not 0 < len(text.encode()) <= most:
            raise Invalid(f"{name} is missing, empty or longer than {most} bytes")
    return item["pk"]["S"], item["sk"]["S"]


def _require_known(what: str, request: Request, known: set[str]) -> None:
    if unknown := request.keys() - known:
        raise Invalid(f"not in the model: {what} with {sorted(unknown)}")


def _required(value: Raw | Any) -> Any:
    """A value for a key, which is never empty."""
    if value in ({"S": ""}, {"B": b""}):
        raise Invalid("the value for a key cannot be empty")
    return value


def _given(request: Request) -> Given:
    return Given(
        request.get("ExpressionAttributeNames") or {},
        request.get("ExpressionAttributeValues") or {},
    )


def _require_used(request: Request) -> Given:
    """Every placeholder that is given is used, and each value is one, as DynamoDB wants it."""
    given = _given(request)
    for value in given.values.values():
        copied_value(value)
    if given.names or given.values:
        used: set[str] = set()
        for name in _EXPRESSIONS:
            if expression := request.get(name):
                if len(expression) > _EXPRESSION_BYTES:
                    raise Invalid("an expression is over 4 KB")
                used |= _placeholders(expression)
        if unused := (given.names.keys() | given.values.keys()) - used:
            raise Invalid(f"value provided but unused in expressions: {sorted(unused)}")
    return given


_PLACEHOLDERS: dict[str, frozenset[str]] = {}


def _placeholders(expression: str) -> frozenset[str]:
    found = _PLACEHOLDERS.get(expression)
    if found is None:
        found = _PLACEHOLDERS[expression] = frozenset(placeholders(expression))
    return found


def _require_within(
    index: _Index, start: Request, partition: Any, parts: Mapping[str, KeyPart], given: Given
) -> None:
    """A page goes on only inside what its query asks for."""
    placed = index.entry(dict(start))
    if placed is None or start.keys() != index.names():
        raise Invalid("the provided starting key is invalid")
    is_inside = all(_bounds([placed[1]], part, given) == (0, 1) for part in parts.values())
    if placed[0] != partition or not is_inside:
        raise Invalid("the provided starting key is outside query boundaries")


def _bounds(entries: list[Entry], part: KeyPart, given: Given) -> tuple[int, int]:
    first, *second = (comparable(_required(given.value(value))) for value in part.values)
    low, high = 0, len(entries)
    match part.operator:
        case "=":
            low, high = _from(entries, first), _behind(entries, first)
        case "<":
            high = _from(entries, first)
        case "<=":
            high = _behind(entries, first)
        case ">":
            low = _behind(entries, first)
        case ">=":
            low = _from(entries, first)
        case "between":
            if second[0] < first:
                raise Invalid("BETWEEN wants the lower bound first")
            low, high = _from(entries, first), _behind(entries, second[0])
        case "begins_with":
            low, high = _from(entries, first), _from(entries, first + "\U0010ffff")
        case _:
            raise Invalid(f"no condition on a key: {part.operator}")
    return low, high


def _from(entries: list[Entry], sort: Any) -> int:
    return bisect_left(entries, sort, key=_sort_of)


def _behind(entries: list[Entry], sort: Any) -> int:
    return bisect_right(entries, sort, key=_sort_of)


def _sort_of(entry: Entry) -> Any:
    return entry[0]


def _projected(request: Request, item: Raw) -> Raw:
    if "ProjectionExpression" not in request:
        return item
    given, shown = _given(request), {}
    for path in projection_of(request["ProjectionExpression"]):
        resolved = given.path(path)
        if len(resolved) > 1:
            raise Invalid("a projection inside an attribute")
        if resolved[0] in item:
            shown[str(resolved[0])] = item[str(resolved[0])]
    return shown
