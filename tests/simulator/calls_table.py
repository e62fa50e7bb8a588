"""The product's calls of DynamoDB with their faults."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError

from tests.fakes.dynamodb_model import Cancelled, DynamoModel, Refused, _Write
from tests.simulator.faults import Chaos, Fault, FaultKind
from tests.simulator.places import named

#: Batches are few, and conditions are what everything hangs on.
_BATCH_TIMES = 4
_CONDITION_TIMES = 2
_ANY = (FaultKind.CRASH, FaultKind.CRASH, FaultKind.TIMEOUT, FaultKind.THROTTLE)
_OF_WRITES = (FaultKind.LOST_ANSWER, FaultKind.CONFLICT)
_OF_CONDITIONS = (FaultKind.FAILED_CONDITION, *[FaultKind.RIVAL] * 6)
_WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"})
#: What the SDK gives up on, after its tries.
_REFUSALS = (
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "RequestLimitExceeded",
    "InternalServerError",
)
#: An index is a second old at most, a read that need not be consistent somewhat less.
_INDEX_AGE_MS = 3_000
_READ_AGE_MS = 1_000
_SDK_GIVES_UP_MS = 20_000
_SDK_REPEATS_MS = 5_000
#: Another transaction holds an item so long; the product's repeats end after 1.2 s.
_CONFLICT_MS = 2_500


@dataclass
class FaultyTable:
    """Stands between the SDK and the model of DynamoDB."""

    model: DynamoModel
    table: str
    chaos: Chaos
    history: list[tuple[int, _Write]] = field(default_factory=list)
    #: Items that another transaction is about, and until when.
    _held: dict[tuple[str, str], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._answer = type(self.model).answer
        stored = self.model._tables[self.table]
        self._put = type(stored).put.__get__(stored)

        def put(write: _Write) -> None:
            self.history.append((self.chaos.clock.now(), write))
            self._put(write)

        stored.put = put  # type: ignore[method-assign]

    def answer(self, operation: str, request: Mapping[str, Any]) -> Any:
        name, kinds = named(operation, request), _kinds(operation, request)
        times = _CONDITION_TIMES if FaultKind.RIVAL in kinds else 1
        if operation == "BatchGetItem":
            times = _BATCH_TIMES
        fault = self.chaos.strike(name, kinds, times=times)

        def effect() -> Any:
            if self._held and operation in _WRITES:
                self._meet_conflict(operation, request)
            return self._answer(self.model, operation, request)

        return effect() if fault is None else self._under(fault, operation, request, effect)

    def _under(
        self, fault: Fault, operation: str, request: Mapping[str, Any], effect: Callable[[], Any]
    ) -> Any:
        match fault.kind:
            case FaultKind.CRASH:
                return self.chaos.crash(fault, effect)
            case FaultKind.SLOW_CALL:
                return self.chaos.slow(fault, effect)
            case FaultKind.TIMEOUT:
                return self._time_out(fault, effect)
            case FaultKind.THROTTLE:
                return self._throttle(fault, operation, request, effect)
            case FaultKind.LOST_ANSWER:
                return self._repeat(fault, effect)
            case FaultKind.FAILED_CONDITION:
                raise self._refusal(operation, request)
            case FaultKind.RIVAL:
                return self._meet_rival(fault, effect)
            case FaultKind.CONFLICT:
                return self._conflict(fault, operation, request)
            case FaultKind.PARTIAL_BATCH:
                return self._part(request, fault)
            case FaultKind.STALE_READ:
                age = _INDEX_AGE_MS if "IndexName" in request else _READ_AGE_MS
                return self._as_of(self.chaos.clock.now() - round(age * fault.share), effect)
        raise AssertionError(fault)

    def _time_out(self, fault: Fault, effect: Callable[[], Any]) -> Any:
        with suppress(Refused, Cancelled):
            if fault.after:
                effect()
        self.chaos.pause(round(_SDK_GIVES_UP_MS * fault.share))
        raise ReadTimeoutError(endpoint_url="dynamodb")

    def _throttle(
        self,
        fault: Fault,
        operation: str,
        request: Mapping[str, Any],
        effect: Callable[[], Any],
    ) -> Any:
        """The SDK's repeats overcome it, or are used up."""
        self.chaos.pause(round(_SDK_REPEATS_MS * fault.share**2))
        if fault.after:
            return effect()
        chosen = round(fault.share * 255)
        if operation == "TransactWriteItems" and chosen % 2:
            raise _cancelled("ThrottlingError", chosen, request)
        raise _error(_REFUSALS[chosen % len(_REFUSALS)], operation)

    def _repeat(self, fault: Fault, effect: Callable[[], Any]) -> Any:
        """The SDK sends it again; the model knows a transaction that went through by its token."""
        with suppress(Refused, Cancelled):
            effect()
        self.chaos.pause(round(_SDK_REPEATS_MS * fault.share**3))
        return effect()

    def _refusal(self, operation: str, request: Mapping[str, Any]) -> Exception:
        """Somebody was there in between, and is gone again."""
        if operation != "TransactWriteItems":
            return Refused(self._stored(request))
        parts = _parts(request)
        first = next(place for place, part in enumerate(parts) if "ConditionExpression" in part)
        return Cancelled(
            [
                Refused(self._stored(part)) if place == first else None
                for place, part in enumerate(parts)
            ]
        )

    def _meet_rival(self, fault: Fault, effect: Callable[[], Any]) -> Any:
        try:
            return self.chaos.meet_rival(fault, effect)
        except (Refused, Cancelled):
            self.chaos.counts[FaultKind.FAILED_CONDITION] += 1
            raise

    def _stored(self, part: Mapping[str, Any]) -> Any:
        key = part.get("Key") or part["Item"]
        wanted = {"TableName": self.table, "Key": {"pk": key["pk"], "sk": key["sk"]}}
        return self._answer(self.model, "GetItem", wanted).get("Item")

    def _conflict(self, fault: Fault, operation: str, request: Mapping[str, Any]) -> Any:
        """A transaction of somebody else is about one of the items, and will be for a while."""
        places = list(_places(operation, request))
        chosen = places[round(fault.share * 255) % len(places)]
        self._held[chosen] = self.chaos.clock.now() + round(_CONFLICT_MS * fault.share**2)
        return self._meet_conflict(operation, request)

    def _meet_conflict(self, operation: str, request: Mapping[str, Any]) -> None:
        now = self.chaos.clock.now()
        self._held = {place: until for place, until in self._held.items() if until >= now}
        for number, place in enumerate(_places(operation, request)):
            if place in self._held and operation == "TransactWriteItems":
                raise _cancelled("TransactionConflict", number, request)
            if place in self._held:
                raise _error("TransactionConflictException", operation)

    def _part(self, request: Mapping[str, Any], fault: Fault) -> Any:
        wanted = request["RequestItems"][self.table]
        keys = wanted["Keys"]
        kept = max(1, round(len(keys) * fault.share))
        part = {"RequestItems": {self.table: {**wanted, "Keys": keys[:kept]}}}
        answer = self._answer(self.model, "BatchGetItem", part)
        left = {self.table: {**wanted, "Keys": keys[kept:]}} if keys[kept:] else {}
        return {**answer, "UnprocessedKeys": left}

    def _as_of(self, instant: int, effect: Callable[[], Any]) -> Any:
        newer = [write for at, write in self.history[-200:] if at > instant]
        for write in reversed(newer):
            self._put(_Write(write.place, write.new, write.old))
        try:
            return effect()
        finally:
            for write in newer:
                self._put(write)


def _kinds(operation: str, request: Mapping[str, Any]) -> Sequence[FaultKind]:
    kinds = [*_ANY]
    if operation in _WRITES:
        kinds += _OF_WRITES * 3
        if any("ConditionExpression" in part for part in _parts(request)):
            kinds += _OF_CONDITIONS
    else:
        if operation == "BatchGetItem":
            kinds += [FaultKind.PARTIAL_BATCH] * 3
        if not _is_consistent(request):
            kinds += [FaultKind.STALE_READ] * 3
    return kinds


def _is_consistent(request: Mapping[str, Any]) -> bool:
    read = [request, *request.get("RequestItems", {}).values()]
    return any(each.get("ConsistentRead") for each in read)


def _parts(request: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The writes of a transaction, or the one write."""
    if "TransactItems" not in request:
        return [request]
    return [part for item in request["TransactItems"] for part in item.values()]


def _places(operation: str, request: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for part in _parts(request):
        key = part.get("Key") or part["Item"]
        yield key["pk"]["S"], key["sk"]["S"]


def _error(code: str, operation: str, **also: Any) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": code}, **also}
    return ClientError(answer, operation)


def _cancelled(code: str, number: int, request: Mapping[str, Any]) -> ClientError:
    """Because of one of its items, whichever it is."""
    reasons = [{"Code": "None"} for _ in request["TransactItems"]]
    reasons[number % len(reasons)] = {"Code": code}
    return _error("TransactionCanceledException", "TransactWriteItems", CancellationReasons=reasons)
