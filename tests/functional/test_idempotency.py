"""Idempotency keys."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random, SystemRandom

import pytest

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.idempotency_store import IdempotencyItem, IdempotencyStore
from campaigns.domain.errors import Conflict, ValidationFailed
from campaigns.domain.instants import MINUTE_MS
from campaigns.services.idempotency import KEPT_MS, Fresh, Handle, Idempotency, Replay
from tests.fakes.aws import ministack_table, model_table
from tests.fakes.clock import FakeClock

TENANT = "tn_a"
PATH = "/api/contacts/contacts"
LOCK_MS = MINUTE_MS


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def idempotency(clock: FakeClock) -> Iterator[Idempotency]:
    with model_table() as table:
        yield Idempotency(
            records=IdempotencyStore(table), clock=clock, random=Random(1), lock_ms=LOCK_MS
        )


def begin(idempotency: Idempotency, body: str = "body", key: str = "k1") -> Fresh | Replay:
    return idempotency.begin(TENANT, key, "POST", PATH, body)


def take(idempotency: Idempotency, body: str = "body", key: str = "k1") -> Handle:
    begun = begin(idempotency, body, key)
    assert isinstance(begun, Fresh)
    return begun.handle


def conflict(idempotency: Idempotency, body: str = "body") -> Conflict:
    with pytest.raises(Conflict) as refused:
        begin(idempotency, body)
    return refused.value


def test_the_same_request_gets_the_same_answer(idempotency: Idempotency) -> None:
    handle = take(idempotency)
    idempotency.finish(handle, 201, {"ETag": '"1"'}, '{"name": "José"}')
    expected = Replay(201, {"ETag": '"1"'}, '{"name": "José"}')
    assert begin(idempotency) == expected
    assert begin(idempotency) == expected


def test_a_path_is_one_with_and_without_its_slash(idempotency: Idempotency) -> None:
    idempotency.finish(take(idempotency), 201, {}, "{}")
    begun = idempotency.begin(TENANT, "k1", "post", PATH + "/", "body")
    assert isinstance(begun, Replay)


@pytest.mark.parametrize(
    ("tenant_id", "key", "method", "path"),
    [
        ("tn_b", "k1", "POST", PATH),
        (TENANT, "k2", "POST", PATH),
        (TENANT, "k1", "PUT", PATH),
        (TENANT, "k1", "POST", "/api/instances"),
    ],
)
def test_a_key_holds_per_tenant_key_method_and_path(
    idempotency: Idempotency, tenant_id: str, key: str, method: str, path: str
) -> None:
    take(idempotency)
    assert isinstance(idempotency.begin(tenant_id, key, method, path, "body"), Fresh)


def test_another_body_is_a_conflict(idempotency: Idempotency) -> None:
    handle = take(idempotency)
    assert conflict(idempotency, "other").code == "idempotency_key_reused"
    idempotency.finish(handle, 201, {}, "{}")
    assert conflict(idempotency, "other").code == "idempotency_key_reused"


def test_while_the_first_runs_the_second_is_told_so(idempotency: Idempotency) -> None:
    take(idempotency)
    assert conflict(idempotency).code == "idempotency_in_progress"


def test_a_refusal_of_the_rules_is_kept(idempotency: Idempotency) -> None:
    idempotency.finish(take(idempotency), 409, {}, "{}")
    assert begin(idempotency) == Replay(409, {}, "{}")


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_fault_of_ours_is_not_kept(idempotency: Idempotency, status: int) -> None:
    idempotency.finish(take(idempotency), status, {}, "{}")
    assert isinstance(begin(idempotency), Fresh)


def test_an_abandoned_key_is_free_again(idempotency: Idempotency) -> None:
    idempotency.abandon(take(idempotency))
    assert isinstance(begin(idempotency, "other"), Fresh)


def test_an_answer_with_a_secret_is_not_replayed(idempotency: Idempotency) -> None:
    handle = take(idempotency)
    idempotency.finish(handle, 201, {}, '{"key": "ak_secret"}', secret_id="ak1")
    repeated = conflict(idempotency)
    assert (repeated.code, repeated.existing_id) == ("already_created", "ak1")


def test_a_request_that_died_frees_its_key_when_its_lock_runs_out(
    idempotency: Idempotency, clock: FakeClock
) -> None:
    dead = take(idempotency)
    clock.at += LOCK_MS - 1
    assert conflict(idempotency).code == "idempotency_in_progress"
    clock.at += 1
    assert conflict(idempotency, "other").code == "idempotency_key_reused"
    second = take(idempotency)
    idempotency.finish(dead, 201, {}, "of the dead")
    idempotency.abandon(dead)
    assert conflict(idempotency).code == "idempotency_in_progress"
    idempotency.finish(second, 201, {}, "of the second")
    assert begin(idempotency) == Replay(201, {}, "of the second")


def test_an_answer_is_kept_for_a_day(idempotency: Idempotency, clock: FakeClock) -> None:
    idempotency.finish(take(idempotency), 201, {}, "{}")
    clock.at += KEPT_MS - 1_000
    assert isinstance(begin(idempotency), Replay)
    clock.at += 1_000
    assert isinstance(begin(idempotency, "other"), Fresh)


def test_finishing_twice_and_abandoning_after_it_change_nothing(idempotency: Idempotency) -> None:
    handle = take(idempotency)
    idempotency.finish(handle, 201, {}, "{}")
    idempotency.finish(handle, 201, {}, "{}")
    idempotency.abandon(handle)
    assert begin(idempotency) == Replay(201, {}, "{}")


def test_an_answer_of_a_megabyte_fits(idempotency: Idempotency) -> None:
    body = "".join(f'{{"index": {number}, "result": "created"}},' for number in range(25_000))
    idempotency.finish(take(idempotency), 200, {}, body)
    assert begin(idempotency) == Replay(200, {}, body)


@pytest.mark.parametrize("key", ["", "k" * 256, "a b", "é", "a\n"])
def test_a_key_is_visible_ascii(idempotency: Idempotency, key: str) -> None:
    with pytest.raises(ValidationFailed):
        begin(idempotency, key=key)


@pytest.mark.ministack
def test_of_many_requests_at_once_one_runs(ministack_url: str, clock: FakeClock) -> None:
    with ministack_table(ministack_url, "idempotency-race") as table:
        idempotency = Idempotency(
            records=IdempotencyStore(table), clock=clock, random=SystemRandom(), lock_ms=LOCK_MS
        )

        def run(_: int) -> str:
            try:
                return type(begin(idempotency)).__name__
            except Conflict as refused:
                return refused.code

        with ThreadPoolExecutor(8) as threads:
            outcomes = sorted(threads.map(run, range(16)))
        assert outcomes == ["Fresh"] + ["idempotency_in_progress"] * 15


def test_a_record_without_its_answer_reads_as_one_that_is_still_running(clock: FakeClock) -> None:
    with model_table() as table:
        records = IdempotencyStore(table)
        idempotency = Idempotency(records=records, clock=clock, random=Random(1), lock_ms=LOCK_MS)
        handle = take(idempotency)
        key = keys.idempotency(TENANT, handle.digest)
        table.update(IdempotencyItem, key, [IdempotencyItem.status.set(201)])
        assert conflict(idempotency).code == "idempotency_in_progress"
