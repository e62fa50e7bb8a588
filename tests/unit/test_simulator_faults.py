"""What the simulator's faults do, one by one: each is as the service itself would have it."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from campaigns.domain.model import SendJob
from tests.fakes.dynamodb import described
from tests.fakes.dynamodb_model import DynamoModel, Refused
from tests.fakes.fifo_queue import FifoQueue
from tests.fakes.virtual_clock import VirtualClock
from tests.simulator.calls_queue import FaultyMapping, FaultyQueue
from tests.simulator.calls_table import FaultyTable
from tests.simulator.faults import Chaos, Fault, FaultKind
from tests.simulator.places import place_of

TABLE = "campaigns"


def key(name: str) -> dict[str, Any]:
    return {"pk": {"S": f"THING#{name}"}, "sk": {"S": "ONE"}}


def add(name: str, **more: Any) -> dict[str, Any]:
    return {
        "TableName": TABLE,
        "Key": key(name),
        "UpdateExpression": "ADD #n :one",
        "ExpressionAttributeNames": {"#n": "n"},
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    } | more


def new_only(name: str) -> dict[str, Any]:
    return add(name, ConditionExpression="attribute_not_exists(#n)")


class Ground:
    """A table and a queue under the faults that are given, by the number of the call."""

    def __init__(self, **given: Fault) -> None:
        self.clock = VirtualClock(0)
        numbered = {int(number.removeprefix("call_")): fault for number, fault in given.items()}
        self.chaos = Chaos(self.clock, given=numbered, is_on=True)
        self.model = DynamoModel()
        self.model.create(described(TABLE))
        self.table = FaultyTable(self.model, TABLE, self.chaos)
        self.queue = FifoQueue(self.clock.now)

    def ask(self, task: Callable[[], object], kind: str = "dispatcher") -> Any:
        made: list[object] = []

        def run() -> None:
            try:
                made.append(task())
            except (ClientError, Refused) as error:
                made.append(error)

        self.clock.join(run, kind=kind)
        return made[0] if made else None

    def count(self, name: str) -> int:
        item = self.model.answer("GetItem", {"TableName": TABLE, "Key": key(name)}).get("Item", {})
        return int(item.get("n", {"N": "0"})["N"])


def fault(kind: FaultKind, *, after: bool = False, share: float = 0.5) -> Fault:
    return Fault(kind, after, share)


@pytest.mark.parametrize("place", range(3))
def test_any_item_of_a_transaction_may_be_in_the_way_and_stays_so_for_a_while(place: int) -> None:
    share = (3 + place) / 255
    ground = Ground(call_1=fault(FaultKind.CONFLICT, share=share))
    items = {"TransactItems": [{"Update": add(name)} for name in "abc"]}
    refused = ground.ask(lambda: ground.table.answer("TransactWriteItems", items))
    codes = [reason["Code"] for reason in refused.response["CancellationReasons"]]
    assert codes == ["TransactionConflict" if n == place else "None" for n in range(3)]
    single = ground.ask(lambda: ground.table.answer("UpdateItem", add("abc"[place])))
    assert single.response["Error"]["Code"] == "TransactionConflictException"
    ground.clock.sleep(5_000)
    ground.ask(lambda: ground.table.answer("TransactWriteItems", items))
    assert [ground.count(name) for name in "abc"] == [1, 1, 1]


def test_a_rival_really_writes_first_and_the_refusal_is_true() -> None:
    ground = Ground(call_1=fault(FaultKind.RIVAL, share=0.9))

    def write() -> object:
        ground.chaos.again[ground.clock.process] = lambda: ground.model.answer(
            "UpdateItem", new_only("a")
        )
        return ground.table.answer("UpdateItem", new_only("a"))

    assert isinstance(ground.ask(write), Refused)
    assert ground.count("a") == 1
    assert ground.chaos.counts[FaultKind.FAILED_CONDITION] == 1


def test_a_transaction_whose_answer_was_lost_is_done_once() -> None:
    ground = Ground(call_1=fault(FaultKind.LOST_ANSWER))
    items = {"TransactItems": [{"Update": add("a")}], "ClientRequestToken": "once"}
    ground.ask(lambda: ground.table.answer("TransactWriteItems", items))
    assert ground.count("a") == 1


def test_a_throttle_is_overcome_or_exhausts_the_sdk() -> None:
    overcome = Ground(call_1=fault(FaultKind.THROTTLE, after=True))
    overcome.ask(lambda: overcome.table.answer("UpdateItem", add("a")))
    assert overcome.count("a") == 1
    exhausted = Ground(call_1=fault(FaultKind.THROTTLE))
    error = exhausted.ask(lambda: exhausted.table.answer("UpdateItem", add("a")))
    assert isinstance(error, ClientError)
    assert exhausted.count("a") == 0


def a_job(person: str = "ana") -> SendJob:
    return SendJob("tn_1", "cp_1", "in_1", f"rc_{person}", person, 0, 1, 0)


def test_a_send_whose_answer_was_lost_is_dropped_as_a_repeat() -> None:
    ground = Ground(call_1=fault(FaultKind.LOST_ANSWER))
    queue = FaultyQueue(ground.queue, ground.chaos)
    assert ground.ask(lambda: queue.send([a_job()])) == [True]
    assert len(ground.queue.messages) == 1
    assert ground.queue.dropped == 1


def test_messages_of_a_lost_receive_are_hidden_until_their_time_is_up() -> None:
    ground = Ground(call_1=fault(FaultKind.LOST_ANSWER))
    mapping = FaultyMapping(ground.queue, ground.chaos)
    ground.queue.send([a_job()])
    assert mapping.receive() == []
    assert mapping.receive() == []
    ground.clock.sleep(ground.queue.visibility_ms)
    assert [each.job for each in mapping.receive()] == [a_job()]


def test_of_a_partly_failed_delete_the_rest_comes_again() -> None:
    ground = Ground(call_2=fault(FaultKind.PARTIAL_BATCH, share=0.0))
    mapping = FaultyMapping(ground.queue, ground.chaos)
    ground.queue.send([a_job("ana"), a_job("bia")])
    mapping.delete([each.receipt_handle for each in mapping.receive()])
    assert [each.job for each in ground.queue.messages] == [a_job("ana")]


def test_of_partly_failed_put_backs_one_stays_hidden() -> None:
    ground = Ground(call_1=fault(FaultKind.PARTIAL_BATCH, share=0.0))
    ground.queue.send([a_job("ana"), a_job("bia")])
    held = ground.queue.receive()
    queue = FaultyQueue(ground.queue, ground.chaos)
    ground.ask(lambda: queue.put_back({each.receipt_handle: 0 for each in held}))
    assert [each.job for each in ground.queue.receive()] == [a_job("bia")]


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("UpdateItem INSTANCE#in_0a GATE", "UpdateItem INSTANCE GATE"),
        ("Query TENANT#tn_1#CAMPAIGN#cp_2#BLOCK#000000", "Query TENANT CAMPAIGN BLOCK"),
        ("Query by_due", "Query by_due"),
        ("POST /message/sendText/loja-0", "POST /message/sendText"),
        ("SendMessageBatch of 3", "SendMessageBatch"),
    ],
)
def test_a_place_has_no_ids(name: str, place: str) -> None:
    assert place_of(name) == place
