"""A batch of jobs: who is sent, who is put back for how long, and who is left alone."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.gates import WAIT_HERE_MS, time_for_one_send_ms
from campaigns.domain.instants import SECOND_MS
from campaigns.domain.job import DirectJob
from campaigns.domain.model import SendJob
from campaigns.services.dispatch_message import DispatchBatch, ReceivedJob, StayHidden
from tests.fakes.clock import FakeClock

NOW = 1_795_525_200_000
READ_TIMEOUT_MS = 20_000
NEEDED_MS = time_for_one_send_ms(READ_TIMEOUT_MS)
FUNCTION_MS = 60_000


class Broken(Exception):
    """A store that failed."""


def in_turn[T](tasks: Sequence[Callable[[], T]]) -> list[T]:
    return [task() for task in tasks]


@dataclass
class Dispatcher:
    """A dispatcher whose sends take their time, or break."""

    clock: FakeClock = field(default_factory=lambda: FakeClock(NOW))
    takes_ms: Mapping[int, int] = field(default_factory=dict)
    breaks: frozenset[int] = frozenset()
    #: Seconds for which a direct message's job is to stay hidden; none: it is done with.
    hides: int | None = None
    sent: list[tuple[SendJob, int]] = field(default_factory=list)
    sent_direct: list[DirectJob] = field(default_factory=list)
    put_back_calls: list[Mapping[str, int]] = field(default_factory=list)

    def dispatch(self, batch: Sequence[ReceivedJob], deadline: int = NOW + FUNCTION_MS) -> set[str]:
        return DispatchBatch(
            send_one=self._send_one,
            send_direct=self._send_direct,
            queue=self,
            clock=self.clock,
            concurrently=in_turn,
            read_timeout_ms=READ_TIMEOUT_MS,
        ).dispatch(batch, deadline)

    def _send_one(self, job: SendJob, deadline: int) -> None:
        self.sent.append((job, self.clock.now()))
        self.clock.sleep(self.takes_ms.get(job.sequence, 0))
        if job.sequence in self.breaks:
            raise Broken

    def _send_direct(self, job: DirectJob, deadline: int) -> StayHidden | None:
        self.sent_direct.append(job)
        return None if self.hides is None else StayHidden(self.hides)

    # The queue's part

    def send(self, jobs: Sequence[SendJob]) -> list[bool]:
        raise AssertionError("a dispatcher plans nothing")

    def put_back(self, delays: Mapping[str, int]) -> None:
        self.put_back_calls.append(delays)

    @property
    def delays(self) -> dict[str, int]:
        """Seconds by message; each is put back once at most."""
        merged: dict[str, int] = {}
        for call in self.put_back_calls:
            assert not merged.keys() & call.keys()
            merged |= call
        return {receipt.replace("receipt", "message"): each for receipt, each in merged.items()}

    @property
    def numbers(self) -> list[int]:
        return [job.sequence for job, _ in self.sent]


def received(number: int, *, early: int = 0, person: str = "ana", readable: bool = True):
    job = SendJob("tn_1", "cp_1", "in_1", f"rc_{number}", person, number, 1, NOW + early)
    return ReceivedJob(f"message-{number}", f"receipt-{number}", person, job if readable else None)


def test_a_due_job_is_sent_and_leaves_the_queue():
    dispatcher = Dispatcher()
    assert dispatcher.dispatch([received(1)]) == set()
    assert dispatcher.numbers == [1]
    assert dispatcher.put_back_calls == []


@pytest.mark.parametrize(
    ("early", "seconds"),
    [(1_501, 1), (1_999, 1), (2_000, 2), (2_999, 2), (20_500, 20), (130_000, 130)],
)
def test_an_early_job_is_put_back_for_the_rest_of_its_time_in_whole_seconds_rounded_down(
    early, seconds
):
    dispatcher = Dispatcher()
    assert dispatcher.dispatch([received(1, early=early)]) == {"message-1"}
    assert dispatcher.delays == {"message-1": seconds}
    assert dispatcher.sent == []


@pytest.mark.parametrize("early", [-3_600_000, 0, 1, 999, 1_500])
def test_the_last_second_and_a_half_is_waited_for_in_the_function(early):
    dispatcher = Dispatcher()
    assert dispatcher.dispatch([received(1, early=early)]) == set()
    assert dispatcher.numbers == [1]


@given(st.integers(WAIT_HERE_MS + 1, 10**7))
def test_one_put_back_is_enough_and_never_reaches_past_the_slot(early):
    dispatcher = Dispatcher()
    dispatcher.dispatch([received(1, early=early)])
    left = early - dispatcher.delays["message-1"] * SECOND_MS
    assert 0 <= left <= WAIT_HERE_MS


def test_later_jobs_of_a_person_are_free_at_once_and_do_not_run_before_an_early_one():
    dispatcher = Dispatcher()
    batch = [received(1, early=30_000), received(2), received(3, early=-5)]
    assert dispatcher.dispatch(batch) == {"message-1", "message-2", "message-3"}
    assert dispatcher.delays == {"message-1": 30, "message-2": 0, "message-3": 0}
    assert dispatcher.sent == []


def test_an_early_job_behind_a_due_one_is_put_back_for_what_is_left_when_its_turn_comes():
    dispatcher = Dispatcher(takes_ms={1: 4_000})
    batch = [received(1), received(2, early=10_500), received(3)]
    assert dispatcher.dispatch(batch) == {"message-2", "message-3"}
    assert dispatcher.numbers == [1]
    assert dispatcher.delays == {"message-2": 6, "message-3": 0}


def test_one_persons_jobs_are_sent_in_their_order():
    dispatcher = Dispatcher(takes_ms={1: 300, 2: 200})
    assert dispatcher.dispatch([received(1), received(2), received(3)]) == set()
    assert [(job.sequence, at - NOW) for job, at in dispatcher.sent] == [(1, 0), (2, 300), (3, 500)]


def test_a_job_that_fails_waits_for_the_queues_own_visibility_and_stops_its_group_only(caplog):
    dispatcher = Dispatcher(breaks=frozenset({1}))
    batch = [received(1), received(2), received(3, person="bia"), received(4, person="bia")]
    with caplog.at_level(logging.ERROR):
        assert dispatcher.dispatch(batch) == {"message-1", "message-2"}
    assert dispatcher.numbers == [1, 3, 4]
    assert dispatcher.delays == {"message-2": 0}
    assert [record.message for record in caplog.records] == ["job_failed"]


def test_an_unreadable_job_is_left_for_the_dead_letters_and_stops_its_group_only(caplog):
    dispatcher = Dispatcher()
    batch = [received(1, readable=False), received(2), received(3, person="bia")]
    with caplog.at_level(logging.ERROR):
        assert dispatcher.dispatch(batch) == {"message-1", "message-2"}
    assert dispatcher.numbers == [3]
    assert dispatcher.delays == {"message-2": 0}
    assert [record.message for record in caplog.records] == ["job_unreadable"]


@pytest.mark.parametrize(("left", "is_sent"), [(NEEDED_MS - 1, False), (NEEDED_MS, True)])
def test_no_send_starts_with_too_little_of_the_functions_time_left(left, is_sent):
    dispatcher = Dispatcher()
    staying = dispatcher.dispatch([received(1), received(2)], deadline=NOW + left)
    assert dispatcher.numbers == ([1, 2] if is_sent else [])
    assert staying == (set() if is_sent else {"message-1", "message-2"})
    assert dispatcher.delays == ({} if is_sent else {"message-1": 0, "message-2": 0})


def test_jobs_for_which_no_time_is_left_go_back_in_the_middle_of_a_group():
    dispatcher = Dispatcher(takes_ms={1: 20_000, 2: 20_000})
    batch = [received(1), received(2), received(3), received(4)]
    assert dispatcher.dispatch(batch) == {"message-3", "message-4"}
    assert dispatcher.numbers == [1, 2]
    assert dispatcher.delays == {"message-3": 0, "message-4": 0}


def direct(number: int, *, early: int = 0, person: str = "ana") -> ReceivedJob:
    job = DirectJob("tn_1", f"dm_{number}", "in_1", person, NOW + early)
    return ReceivedJob(f"message-{number}", f"receipt-{number}", person, job)


def test_a_direct_message_goes_its_own_way_and_leaves_the_queue():
    dispatcher = Dispatcher()
    assert dispatcher.dispatch([direct(1), received(2)]) == set()
    assert [job.direct_message_id for job in dispatcher.sent_direct] == ["dm_1"]
    assert dispatcher.numbers == [2]


def test_a_direct_message_that_comes_early_is_put_back_like_any_job():
    dispatcher = Dispatcher()
    assert dispatcher.dispatch([direct(1, early=20_500), received(2)]) == {"message-1", "message-2"}
    assert dispatcher.delays == {"message-1": 20, "message-2": 0}
    assert dispatcher.sent_direct == []


def test_a_job_that_is_to_stay_is_hidden_for_as_long_as_it_says_and_holds_its_group_only():
    dispatcher = Dispatcher(hides=45)
    batch = [direct(1), received(2), direct(3), received(4, person="bia")]
    assert dispatcher.dispatch(batch) == {"message-1", "message-2", "message-3"}
    assert dispatcher.delays == {"message-1": 45, "message-2": 0, "message-3": 0}
    assert [job.direct_message_id for job in dispatcher.sent_direct] == ["dm_1"]
    assert dispatcher.numbers == [4]


def test_an_empty_batch_is_nothing():
    assert Dispatcher().dispatch([]) == set()


@st.composite
def batches(draw: st.DrawFn) -> tuple[Dispatcher, list[ReceivedJob], int]:
    batch = [
        received(
            number,
            early=draw(st.integers(-20_000, 130_000) | st.integers(-100, 4_000)),
            person=draw(st.sampled_from(["ana", "bia", "caio"])),
            readable=draw(st.integers(0, 9)) > 0,
        )
        for number in range(draw(st.integers(0, 10)))
    ]
    takes = {number: draw(st.integers(0, 20_000)) for number in range(len(batch))}
    breaks = frozenset(draw(st.sets(st.integers(0, 9), max_size=2)))
    deadline = NOW + draw(st.integers(0, FUNCTION_MS))
    return Dispatcher(takes_ms=takes, breaks=breaks), batch, deadline


@given(batches())
def test_every_job_is_done_or_stays_and_nobody_overtakes_in_her_group(given_batch):
    dispatcher, batch, deadline = given_batch
    staying = dispatcher.dispatch(batch, deadline)
    done = {f"message-{job.sequence}" for job, _ in dispatcher.sent} - {
        f"message-{number}" for number in dispatcher.breaks
    }
    everything = {each.message_id for each in batch}
    assert done | staying == everything
    assert not done & staying
    for person in ("ana", "bia", "caio"):
        group = [each for each in batch if each.group == person]
        # Those done are the first of their group; one more may have been tried.
        assert [each.message_id in staying for each in group] == sorted(
            each.message_id in staying for each in group
        )
        tried = [
            number
            for number in dispatcher.numbers
            if received(number).message_id in {each.message_id for each in group}
        ]
        assert tried == [int(each.message_id[8:]) for each in group][: len(tried)]
        put_back = [each.message_id for each in group if each.message_id in dispatcher.delays]
        # Only the first of those that go back is hidden: it holds the others.
        assert all(dispatcher.delays[message_id] == 0 for message_id in put_back[1:])


@given(batches())
def test_no_job_is_sent_early_or_too_close_to_the_end(given_batch):
    dispatcher, batch, deadline = given_batch
    dispatcher.dispatch(batch, deadline)
    for job, at in dispatcher.sent:
        assert job.slot_at - at <= WAIT_HERE_MS
        assert deadline - at >= NEEDED_MS


@given(batches())
def test_whoever_comes_first_in_her_group_and_is_due_is_sent_whatever_befalls_the_others(
    given_batch,
):
    dispatcher, batch, _ = given_batch
    dispatcher.dispatch(batch, NOW + 10**9)
    firsts = {each.group: each for each in reversed(batch)}.values()
    for first in firsts:
        if first.job and first.job.slot_at - NOW <= WAIT_HERE_MS:
            assert first.job.sequence in dispatcher.numbers
