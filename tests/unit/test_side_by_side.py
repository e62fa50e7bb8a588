"""What `Concurrently` promises, of each make: all are tried, and nothing goes on behind a fault."""

import threading
from collections.abc import Callable
from functools import partial

import pytest

from campaigns.adapters.clock import Threads
from campaigns.services.correlation import correlated, correlation_id
from campaigns.services.ports import Concurrently
from tests.fakes.side_by_side import one_after_the_other
from tests.fakes.virtual_clock import VirtualClock

MAKES: dict[str, Callable[[], Concurrently]] = {
    "threads": lambda: Threads(4),
    "virtual clock": lambda: VirtualClock(0).side_by_side,
    "one after the other": lambda: one_after_the_other,
}


@pytest.fixture(params=MAKES)
def concurrently(request: pytest.FixtureRequest) -> Concurrently:
    return MAKES[request.param]()


def refuse(word: str) -> str:
    raise ValueError(word)


def test_results_come_in_the_order_of_the_tasks(concurrently: Concurrently) -> None:
    assert concurrently([lambda n=n: n * n for n in range(9)]) == [n * n for n in range(9)]
    assert concurrently([]) == []


def test_every_task_is_tried_and_the_first_fault_in_order_is_passed_on(
    concurrently: Concurrently,
) -> None:
    tried: list[str] = []
    tasks: list[Callable[[], object]] = [
        lambda: tried.append("a"),
        lambda: refuse("b"),
        lambda: tried.append("c"),
        lambda: refuse("d"),
        lambda: tried.append("e"),
    ]
    with pytest.raises(ValueError, match=r"^b$"):
        concurrently(tasks)
    assert sorted(tried) == ["a", "c", "e"]


def test_a_single_fault_is_passed_on(concurrently: Concurrently) -> None:
    with pytest.raises(ValueError, match="alone"):
        concurrently([lambda: refuse("alone")])


def test_nobody_hears_of_a_fault_while_another_task_is_still_at_work() -> None:
    # Before, a piece of recipients was laid again while the first try was still writing.
    at_work, written = threading.Event(), threading.Event()

    def fail() -> None:
        at_work.wait()
        refuse("at once")

    def write() -> None:
        at_work.set()
        # Nobody sets it: the fault is long there when this goes on.
        threading.Event().wait(0.05)
        written.set()

    with pytest.raises(ValueError, match="at once"):
        Threads(2)([fail, write])
    assert written.is_set()


def test_a_task_is_done_for_its_callers_call_and_tells_the_others_nothing() -> None:
    concurrently = Threads(4)

    def task(own: str | None) -> str | None:
        with correlated(own):
            return correlation_id()

    with correlated("the-callers"):
        tasks = [partial(task, own) for own in (None, "another", None)]
        assert concurrently(tasks) == ["the-callers", "another", "the-callers"]
    assert concurrently([partial(task, None)] * 2) == [None, None]


def test_on_the_virtual_clock_a_fault_waits_for_the_slowest() -> None:
    clock = VirtualClock(0)
    with pytest.raises(ValueError, match="at once"):
        clock.side_by_side([lambda: refuse("at once"), lambda: clock.sleep(700)])
    assert clock.now() == 700
