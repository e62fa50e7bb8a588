"""Talks to the table: PynamoDB's shapes and expressions, our own conditions and errors.

Models give shapes and typed paths; the operations are here, so that a table's name and client are
arguments and a refused condition is an answer with the item that refused it, not an exception.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from botocore.exceptions import ClientError
from pynamodb.attributes import UnicodeAttribute
from pynamodb.connection import Connection
from pynamodb.connection.base import MetaTable
from pynamodb.exceptions import QueryError, VerboseClientError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.models import Model

from campaigns.domain.errors import ConcurrentUpdate, Throttled

#: How often a write that met a transaction in progress is repeated, with growing pauses.
_CONFLICT_PAUSES_MS: Final = (20, 50, 120, 300, 700)
_BATCH_GET_KEYS: Final = 100

#: Index name to its (partition, sort) attribute; `by_message` has no sort key.
INDEXES: Final[Mapping[str, tuple[str, str | None]]] = {
    "by_due": ("due_shard", "due_at"),
    "by_retry": ("retry_lane", "retry_at"),
    "by_message": ("message_key", None),
    "by_list": ("list_key", "list_sort"),
    "by_phone": ("phone_list", "phone_sort"),
}

type Raw = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Key:
    """An item's primary key."""

    pk: str
    sk: str

    @property
    def raw(self) -> Raw:
        return {"pk": {"S": self.pk}, "sk": {"S": self.sk}}


class Item(Model):
    """What every item has: its key. Subclasses are shapes only: no rules, no I/O."""

    class Meta:
        # Models are never asked to connect: operations are the Table's, with a name given to it.
        table_name = "unbound"

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)

    @property
    def key(self) -> Key:
        return Key(self.pk, self.sk)

    def __repr__(self) -> str:
        """Names the item and shows nothing of it: it may hold a phone or a key."""
        return f"{type(self).__name__}({self.pk!r}, {self.sk!r})"


@dataclass(frozen=True, slots=True)
class Page[T]:
    """Items of a query and the raw key after which it goes on (None: that was all)."""

    items: list[T]
    last_key: Raw | None


@dataclass(frozen=True, slots=True)
class Done[T]:
    """A write that happened, with the item it was asked to return."""

    item: T | None


@dataclass(frozen=True, slots=True)
class Refused[T]:
    """A write whose condition did not hold, with the item that refused it (None: there is none)."""

    item: T | None


class Table:
    """Reads and conditional writes of one DynamoDB table.

    Raises :class:`ConcurrentUpdate` when a transaction stays in the way, :class:`Throttled` where
    keys of a batch stay unread, and lets botocore's errors through (throttling and lost connections
    are repeated by the SDK first).
    """

    def __init__(
        self,
        name: str,
        *,
        sleep: Callable[[int], None],
        connect_timeout_seconds: float = 2,
        read_timeout_seconds: float = 5,
        max_pool_connections: int = 32,
    ) -> None:
        self.name = name
        self._sleep = sleep
        self.connection = Connection(
            connect_timeout_seconds=connect_timeout_seconds,
            read_timeout_seconds=read_timeout_seconds,
            max_pool_connections=max_pool_connections,
            retry_configuration={"mode": "standard", "total_max_attempts": 4},
        )
        self.connection.add_meta_table(_meta_table(name))

    def get[T: Item](self, model: type[T], key: Key, *, consistent: bool = False) -> T | None:
        answer = self._call(
            "GetItem", {"TableName": self.name, "Key": key.raw, "ConsistentRead": consistent}
        )
        return _load(model, answer.get("Item"))

    def batch_get[T: Item](
        self, model: type[T], keys: Iterable[Key], *, consistent: bool = False
    ) -> dict[Key, T]:
        """The items that exist, by key; as many requests as it takes."""
        wanted = [key.raw for key in dict.fromkeys(keys)]
        found: dict[Key, T] = {}
        pauses = iter(_CONFLICT_PAUSES_MS)
        while wanted:
            chunk, wanted = wanted[:_BATCH_GET_KEYS], wanted[_BATCH_GET_KEYS:]
            answer = self._call(
                "BatchGetItem",
                {"RequestItems": {self.name: {"Keys": chunk, "ConsistentRead": consistent}}},
            )
            for raw in answer.get("Responses", {}).get(self.name, []):
                item = model.from_raw_data(raw)
                found[item.key] = item
            left = answer.get("UnprocessedKeys", {}).get(self.name, {}).get("Keys", [])
            if left:
                pause = next(pauses, None)
                if pause is None:
                    raise Throttled(1)
                self._sleep(pause)
                wanted = left + wanted
        return found

    def query[T: Item](
        self,
        model: type[T],
        partition: str,
        *,
        index: str | None = None,
        sort: Callable[[Any], Condition] | None = None,
        only: Condition | None = None,
        limit: int | None = None,
        after: Raw | None = None,
        newest_first: bool = False,
        consistent: bool = False,
    ) -> Page[T]:
        """One page of a partition. `sort` makes a condition from the path of the sort attribute.

        `only` leaves items out once they were read: they cost, and count for the `limit`.
        """
        answer = self._query(
            partition,
            range_key_condition=sort(_sort_path(model, index)) if sort else None,
            filter_condition=only,
            index_name=index,
            limit=limit,
            exclusive_start_key=after,
            scan_index_forward=not newest_first,
            consistent_read=consistent,
        )
        items = [model.from_raw_data(raw) for raw in answer.get("Items", [])]
        return Page(items, answer.get("LastEvaluatedKey"))

    def query_all[T: Item](self, model: type[T], partition: str, **options: Any) -> list[T]:
        """Every item of a partition (or of the part that `sort` names), page by page."""
        page = self.query(model, partition, **options)
        items = page.items
        while page.last_key:
            page = self.query(model, partition, after=page.last_key, **options)
            items += page.items
        return items

    def query_raw(self, partition: str, prefix: str, *, consistent: bool = False) -> list[Raw]:
        """The raw items of a partition under a prefix, whatever their shapes."""
        found: list[Raw] = []
        after: Raw | None = None
        while True:
            answer = self._query(
                partition,
                range_key_condition=Item.sk.startswith(prefix),
                consistent_read=consistent,
                exclusive_start_key=after,
            )
            found += answer.get("Items", [])
            after = answer.get("LastEvaluatedKey")
            if not after:
                return found

    def put[T: Item](
        self, item: T, condition: Condition | None = None, *, token: str | None = None
    ) -> Done[T] | Refused[T]:
        """Write a whole item. A refusal by our own earlier write (`token`) counts as done."""
        return self._write(type(item), "PutItem", self.put_request(item, condition), token, item)

    def update[T: Item](
        self,
        model: type[T],
        key: Key,
        actions: Sequence[Action],
        condition: Condition | None = None,
        *,
        token: str | None = None,
        returning: str = "NONE",
    ) -> Done[T] | Refused[T]:
        """Change an item. `returning`: NONE, ALL_OLD or ALL_NEW, the latter two at no extra cost.

        A refusal by our own earlier write, known by `token` in the item's `write_token`, counts as
        done; the item returned is then the stored one.
        """
        request = self.update_request(key, actions, condition)
        request["ReturnValues"] = returning
        return self._write(model, "UpdateItem", request, token, None)

    def delete[T: Item](
        self, model: type[T], key: Key, condition: Condition | None = None
    ) -> Done[T] | Refused[T]:
        request = self.connection.get_operation_kwargs(
            self.name, key.pk, key.sk, condition=condition
        )
        request["ReturnValues"] = "ALL_OLD"
        return self._write(model, "DeleteItem", request, None, None)

    def add(self, key: Key, amounts: Mapping[str, int], also: Mapping[str, int]) -> None:
        """Add to numbers of an item, whose names are data; `also` sets others beside them."""
        self._call("UpdateItem", self.add_request(key, amounts, also))

    def numbers(self, key: Key, *, consistent: bool = False) -> dict[str, int]:
        """The numbers of an item whose attribute names are data."""
        request = {"TableName": self.name, "Key": key.raw, "ConsistentRead": consistent}
        return numbers_in(self._call("GetItem", request).get("Item", {}))

    def replace_numbers(
        self, key: Key, numbers: Mapping[str, int], *, version: str, was: int
    ) -> bool:
        """Set numbers of an item if its `version` number (absent: 0) is still what it `was`."""
        request = self.add_request(key, {}, dict(numbers) | {version: was + 1})
        request["ExpressionAttributeNames"]["#version"] = version
        request["ExpressionAttributeValues"][":was"] = {"N": str(was)}
        request["ConditionExpression"] = "#version = :was" + (
            " OR attribute_not_exists(#version)" if was == 0 else ""
        )
        return isinstance(self._write(Item, "UpdateItem", request, None, None), Done)

    def add_request(
        self, key: Key, amounts: Mapping[str, int], also: Mapping[str, int]
    ) -> dict[str, Any]:
        names = {f"#{place}": name for place, name in enumerate([*amounts, *also])}
        values = {
            f":{place}": {"N": str(value)}
            for place, value in enumerate([*amounts.values(), *also.values()])
        }
        adds = ", ".join(f"#{place} :{place}" for place in range(len(amounts)))
        sets = ", ".join(
            f"#{place} = :{place}" for place in range(len(amounts), len(amounts) + len(also))
        )
        expression = " ".join(
            clause for clause in (adds and f"ADD {adds}", sets and f"SET {sets}") if clause
        )
        return {
            "TableName": self.name,
            "Key": key.raw,
            "UpdateExpression": expression,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
        }

    def put_request(self, item: Item, condition: Condition | None = None) -> dict[str, Any]:
        request: dict[str, Any] = self.connection.get_operation_kwargs(
            self.name, item.pk, item.sk, key="Item", attributes={}, condition=condition
        )
        request["Item"] = item.serialize()
        return request

    def update_request(
        self, key: Key, actions: Sequence[Action], condition: Condition | None = None
    ) -> dict[str, Any]:
        return cast(
            dict[str, Any],
            self.connection.get_operation_kwargs(
                self.name, key.pk, key.sk, actions=actions, condition=condition
            ),
        )

    def check_request(self, key: Key, condition: Condition | None = None) -> dict[str, Any]:
        return cast(
            dict[str, Any],
            self.connection.get_operation_kwargs(self.name, key.pk, key.sk, condition=condition),
        )

    def transact(self, writes: Sequence[tuple[str, dict[str, Any]]]) -> list[Raw | None] | None:
        """All writes or none. `writes`: (Put | Update | Delete | ConditionCheck, request).

        None when done. When a condition refused: for each write, in order, the item that refused it
        (an empty one where there was none) or None where it would have gone through. The SDK sends
        a token of its own with each call, so that a repeat after a lost answer does nothing.
        """
        items = [
            {kind: request | {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}}
            for kind, request in writes
        ]
        for pause in (*_CONFLICT_PAUSES_MS, None):
            try:
                self._call("TransactWriteItems", {"TransactItems": items})
            except ClientError as error:
                reasons = error.response.get("CancellationReasons", [])
                codes = {reason.get("Code") for reason in reasons}
                if "ConditionalCheckFailed" in codes:
                    return [_refusing_item(reason) for reason in reasons]
                if pause is None or not codes & {"TransactionConflict", "ThrottlingError"}:
                    raise
                self._sleep(pause)
            else:
                return None
        raise ConcurrentUpdate

    def _write[T: Item](
        self,
        model: type[T],
        operation: str,
        request: dict[str, Any],
        token: str | None,
        written: T | None,
    ) -> Done[T] | Refused[T]:
        request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        for pause in (*_CONFLICT_PAUSES_MS, None):
            try:
                answer = self._call(operation, request)
            except ClientError as error:
                code = error.response.get("Error", {}).get("Code")
                if code == "ConditionalCheckFailedException":
                    raw = cast(Raw | None, error.response.get("Item"))
                    item = _load(model, raw)
                    is_mine = token is not None and (raw or {}).get("write_token") == {"S": token}
                    return Done(item) if is_mine else Refused(item)
                if code != "TransactionConflictException":
                    raise
                if pause is not None:
                    self._sleep(pause)
            else:
                return Done(written or _load(model, answer.get("Attributes")))
        raise ConcurrentUpdate

    def _query(self, partition: str, **options: Any) -> dict[str, Any]:
        try:
            return cast(dict[str, Any], self.connection.query(self.name, partition, **options))
        except QueryError as error:
            # PynamoDB hides behind its own error what AWS said, and whether it may be asked again.
            raise error.cause or error from None

    def _call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        try:
            return cast(dict[str, Any], self.connection.dispatch(operation, request))
        except VerboseClientError as error:
            # PynamoDB's own error leaves out the item that refused a condition.
            if isinstance(error.__cause__, ClientError):
                raise error.__cause__ from None
            raise


def numbers_in(raw: Raw) -> dict[str, int]:
    """The attributes of a raw item that are numbers."""
    return {name: int(value["N"]) for name, value in raw.items() if "N" in value}


def _load[T: Item](model: type[T], raw: Raw | None) -> T | None:
    return model.from_raw_data(raw) if raw else None


def _refusing_item(reason: Mapping[str, Any]) -> Raw | None:
    if reason.get("Code") != "ConditionalCheckFailed":
        return None
    return cast(Raw, reason.get("Item") or {})


def _sort_path(model: type[Item], index: str | None) -> Any:
    return getattr(model, (INDEXES[index][1] or "sk") if index else "sk")


def _meta_table(name: str) -> MetaTable:
    """The key schema, told instead of asked for: no DescribeTable at start-up."""
    attributes = {"pk": "S", "sk": "S"}
    indexes = []
    for index, (partition, sort) in INDEXES.items():
        schema = [{"AttributeName": partition, "KeyType": "HASH"}]
        attributes[partition] = "S"
        if sort:
            schema.append({"AttributeName": sort, "KeyType": "RANGE"})
            attributes[sort] = "N" if sort.endswith("_at") else "S"
        indexes.append({"IndexName": index, "KeySchema": schema})
    return MetaTable(
        {
            "TableName": name,
            "KeySchema": [
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            "AttributeDefinitions": [
                {"AttributeName": attribute, "AttributeType": kind}
                for attribute, kind in attributes.items()
            ],
            "GlobalSecondaryIndexes": indexes,
        }
    )
