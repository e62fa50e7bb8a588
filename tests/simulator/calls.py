"""The product's external calls with their faults: DynamoDB, the queue, KMS and Evolution."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
from botocore.exceptions import ClientError, ReadTimeoutError

from campaigns.domain.job import Job
from tests.fakes.dynamodb_model import Cancelled, DynamoModel, Refused, _Write
from tests.fakes.fifo_queue import FifoQueue
from tests.simulator.faults import Chaos, Fault, FaultKind

#: Batches are few, and so are sends, whose outcome matters most.
_BATCH_TIMES = 4
_SEND_TIMES = 8
_ANY = (FaultKind.CRASH, FaultKind.CRASH, FaultKind.TIMEOUT, FaultKind.THROTTLE)
_WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"})
#: An index is a second old at most, a read that need not be consistent somewhat less.
_INDEX_AGE_MS = 3_000
_READ_AGE_MS = 1_000
_SDK_GIVES_UP_MS = 20_000


@dataclass
class FaultyTable:
    """Stands between the SDK and the model of DynamoDB."""

    model: DynamoModel
    table: str
    chaos: Chaos
    history: list[tuple[int, _Write]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._answer = type(self.model).answer
        stored = self.model._tables[self.table]
        self._put = type(stored).put.__get__(stored)

        def put(write: _Write) -> None:
            self.history.append((self.chaos.clock.now(), write))
            self._put(write)

        stored.put = put  # type: ignore[method-assign]

    def answer(self, operation: str, request: Mapping[str, Any]) -> Any:
        times = _BATCH_TIMES if operation == "BatchGetItem" else 1
        name, kinds = operation + _named(request), _kinds(operation, request)
        fault = self.chaos.strike(name, kinds, times=times)

        def effect() -> Any:
            return self._answer(self.model, operation, request)

        if fault is None:
            return effect()
        match fault.kind:
            case FaultKind.CRASH:
                return self.chaos.crash(fault, effect)
            case FaultKind.TIMEOUT:
                return self._time_out(fault, effect)
            case FaultKind.THROTTLE:
                self.chaos.clock.sleep(round(1_000 * fault.share))
                raise _error("ProvisionedThroughputExceededException", operation)
            case FaultKind.LOST_ANSWER:
                return self._repeat(operation, fault, effect)
            case FaultKind.FAILED_CONDITION:
                raise self._refusal(operation, request)
            case FaultKind.CONFLICT:
                raise _conflict(operation, request)
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
        self.chaos.clock.sleep(round(_SDK_GIVES_UP_MS * fault.share))
        raise ReadTimeoutError(endpoint_url="dynamodb")

    def _repeat(self, operation: str, fault: Fault, effect: Callable[[], Any]) -> Any:
        """The SDK sends it again; a transaction that went through is known by its token."""
        done: list[Any] = []
        with suppress(Refused, Cancelled):
            done.append(effect())
        self.chaos.clock.sleep(round(5_000 * fault.share**3))
        return done[0] if done and operation == "TransactWriteItems" else effect()

    def _refusal(self, operation: str, request: Mapping[str, Any]) -> Exception:
        """Somebody was there in between, and is gone again."""
        if operation != "TransactWriteItems":
            return Refused(self._stored(request))
        parts = [part for item in request["TransactItems"] for part in item.values()]
        first = next(place for place, part in enumerate(parts) if "ConditionExpression" in part)
        return Cancelled(
            [
                Refused(self._stored(part)) if place == first else None
                for place, part in enumerate(parts)
            ]
        )

    def _stored(self, part: Mapping[str, Any]) -> Any:
        key = part.get("Key") or part["Item"]
        wanted = {"TableName": self.table, "Key": {"pk": key["pk"], "sk": key["sk"]}}
        return self._answer(self.model, "GetItem", wanted).get("Item")

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
        kinds += [FaultKind.LOST_ANSWER, FaultKind.CONFLICT] * 3
        parts = [request]
        if operation == "TransactWriteItems":
            parts = [part for item in request["TransactItems"] for part in item.values()]
        if any("ConditionExpression" in part for part in parts):
            kinds += [FaultKind.FAILED_CONDITION] * 3
    elif operation == "BatchGetItem":
        kinds += [FaultKind.PARTIAL_BATCH] * 3
    elif not request.get("ConsistentRead"):
        kinds += [FaultKind.STALE_READ] * 3
    return kinds


def _named(request: Mapping[str, Any]) -> str:
    key = request.get("Key") or request.get("Item")
    return f" {key['pk']['S']} {key['sk']['S']}" if key else ""


def _error(code: str, operation: str, **also: Any) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": code}, **also}
    return ClientError(answer, operation)


def _conflict(operation: str, request: Mapping[str, Any]) -> ClientError:
    if operation != "TransactWriteItems":
        return _error("TransactionConflictException", operation)
    reasons = [{"Code": "None"} for _ in request["TransactItems"]]
    reasons[0] = {"Code": "TransactionConflict"}
    return _error("TransactionCanceledException", operation, CancellationReasons=reasons)


@dataclass
class FaultyQueue:
    """The queue as its adapter shows it: it never raises, and says what was acknowledged."""

    queue: FifoQueue
    chaos: Chaos

    def send(self, jobs: Sequence[Job]) -> list[bool]:
        kinds = (*_ANY, FaultKind.LOST_ANSWER, FaultKind.PARTIAL_BATCH, FaultKind.PARTIAL_BATCH)
        name = f"SendMessageBatch of {len(jobs)}"
        fault = self.chaos.strike(name, kinds if jobs else (), times=_BATCH_TIMES)
        if fault is None:
            return self.queue.send(jobs)
        match fault.kind:
            case FaultKind.CRASH:
                return self.chaos.crash(fault, lambda: self.queue.send(jobs))
            case FaultKind.LOST_ANSWER:
                self.queue.send(jobs)
                return self.queue.send(jobs)
            case FaultKind.PARTIAL_BATCH:
                return self._part(jobs, fault)
        if fault.after and fault.kind is FaultKind.TIMEOUT:
            self.queue.send(jobs)
        self.chaos.clock.sleep(round(_SDK_GIVES_UP_MS * fault.share))
        return [False] * len(jobs)

    def _part(self, jobs: Sequence[Job], fault: Fault) -> list[bool]:
        """One entry is not acknowledged, though it may have come through."""
        failed = min(len(jobs) - 1, int(len(jobs) * fault.share))
        return [
            (place != failed or fault.after)
            and self.queue.send([job]) == [True]
            and place != failed
            for place, job in enumerate(jobs)
        ]

    def put_back(self, delays: Mapping[str, int]) -> None:
        fault = self.chaos.strike("ChangeMessageVisibilityBatch", _ANY)
        if fault is None:
            self.queue.put_back(delays)
        elif fault.kind is FaultKind.CRASH:
            self.chaos.crash(fault, lambda: self.queue.put_back(delays))
        elif fault.kind is FaultKind.TIMEOUT and fault.after:
            self.queue.put_back(delays)


@dataclass
class FaultyKms:
    """A key management service whose keys are as plain as can be."""

    chaos: Chaos

    def encrypt(self, **request: Any) -> dict[str, bytes]:
        return {"CiphertextBlob": _sealed(request["Plaintext"], request["EncryptionContext"])}

    def decrypt(self, **request: Any) -> dict[str, bytes]:
        fault = self.chaos.strike("Decrypt", _ANY)
        if fault and fault.kind is FaultKind.CRASH:
            self.chaos.crash(fault, lambda: None)
        if fault:
            raise _error("ThrottlingException", "Decrypt")
        sealed = _sealed(b"", request["EncryptionContext"])
        assert request["CiphertextBlob"].startswith(sealed)
        return {"Plaintext": request["CiphertextBlob"].removeprefix(sealed)}

    def generate_data_key(self, **request: Any) -> dict[str, bytes]:
        secret = b"s" * int(request["NumberOfBytes"])
        return {
            "Plaintext": secret,
            "CiphertextBlob": _sealed(secret, request["EncryptionContext"]),
        }


def _sealed(plain: bytes, context: Mapping[str, str]) -> bytes:
    return json.dumps(context, sort_keys=True).encode() + b"|" + plain


class FaultyTransport(httpx.BaseTransport):
    """Evolution, and the way there. `leaving` hears of each request that leaves."""

    def __init__(
        self,
        transport: httpx.BaseTransport,
        chaos: Chaos,
        leaving: Callable[[httpx.Request], Callable[[], None]],
    ) -> None:
        self._transport = transport
        self._chaos = chaos
        self._leaving = leaving

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        name = f"{request.method} {request.url.path}"
        times = _SEND_TIMES if "/message/" in name else 1
        fault = self._chaos.strike(name, (*_ANY, FaultKind.LOST_ANSWER), times=times)

        def effect() -> httpx.Response:
            back = self._leaving(request)
            try:
                return self._transport.handle_request(request)
            finally:
                back()

        if fault is None:
            return effect()
        match fault.kind:
            case FaultKind.CRASH:
                return self._chaos.crash(fault, effect)
            case FaultKind.THROTTLE:
                return httpx.Response(429, text="Too Many Requests", request=request)
            case FaultKind.TIMEOUT:
                read = float(request.extensions.get("timeout", {}).get("read") or 20)
                ends_at = self._chaos.clock.now() + round(read * 1_000)
                if fault.after:
                    effect()
                self._chaos.clock.sleep(max(0, ends_at - self._chaos.clock.now()))
                raise httpx.ReadTimeout("The read operation timed out", request=request)
        effect()
        raise httpx.ReadError("Connection reset by peer", request=request)
