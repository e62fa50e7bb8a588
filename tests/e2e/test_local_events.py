"""Queue, schedule and Lambda's Invoke, played for functions that write down what they get."""

import pytest

from tests.e2e.conftest import Toy, eventually

pytestmark = pytest.mark.stack


def test_a_finished_job_is_delivered_once_and_in_the_order_of_its_group(toy: Toy) -> None:
    names = [f"in-order-{number}" for number in range(25)]
    for first in range(0, 25, 10):
        toy.send("order", *({"name": name, "do": "finish"} for name in names[first : first + 10]))

    eventually(lambda: toy.jobs(names[-1]))
    seen = [job["name"] for job in toy.journal("job") if job["name"].startswith("in-order")]
    assert seen == names


def test_a_failed_job_comes_again_and_in_the_end_to_the_dead_letters(toy: Toy) -> None:
    toy.send("failing", {"name": "good", "do": "finish"}, {"name": "bad", "do": "fail"})

    eventually(lambda: toy.dead_letters().count("bad"))
    assert [job["received"] for job in toy.jobs("bad")] == [1, 2, 3]
    assert [job["received"] for job in toy.jobs("good")] == [1]


def test_the_visibility_that_the_function_set_stands(toy: Toy) -> None:
    toy.send("patient", {"name": "put-back", "do": "put_back", "seconds": 600})
    eventually(lambda: toy.jobs("put-back"))

    # The queue's own visibility passes twice while this one is given up.
    toy.send("impatient", {"name": "given-up", "do": "fail"})
    eventually(lambda: toy.dead_letters().count("given-up"))
    assert len(toy.jobs("put-back")) == 1


def test_a_job_that_is_put_back_for_no_time_comes_again(toy: Toy) -> None:
    toy.send("again", {"name": "at-once", "do": "put_back", "seconds": 0})

    eventually(lambda: len(toy.jobs("at-once")) == 2)
    assert [job["received"] for job in toy.jobs("at-once")] == [1, 2]


def test_an_exception_leaves_the_whole_batch(toy: Toy) -> None:
    toy.send("raising", {"name": "raises", "do": "raise"}, {"name": "after", "do": "finish"})

    eventually(lambda: {"raises", "after"} <= set(toy.dead_letters()))
    assert [job["received"] for job in toy.jobs("raises")] == [1, 2, 3]
    assert toy.jobs("after") == []


def test_a_job_is_delivered_twice_at_the_same_moment_and_once_more_on_demand(toy: Toy) -> None:
    assert toy.control("dispatcher/duplicate", count=1).json() == {"wanted": 1}
    toy.send("twice", {"name": "doubled", "do": "finish"})

    eventually(lambda: toy.status()["duplicated"])
    assert sorted(job["received"] for job in toy.jobs("doubled")) == [1, 2, 2]


def test_the_scheduler_is_woken_at_the_start_and_on_demand(toy: Toy) -> None:
    eventually(lambda: toy.journal("scheduler"))
    assert toy.journal("scheduler")[0]["detail-type"] == "Scheduled Event"

    before = len(toy.journal("scheduler"))
    assert toy.control("schedule/run").json() == {"seen": "aws.events"}
    assert len(toy.journal("scheduler")) == before + 1


def test_a_function_calls_another_behind_its_answer(toy: Toy) -> None:
    assert toy.get("/wake").status_code == 202

    eventually(lambda: {"kind": "lay", "campaign_id": "cmp_1"} in toy.journal("scheduler"))


def test_no_dispatcher_is_killed_while_none_waits_for_an_answer(toy: Toy) -> None:
    assert toy.control("dispatcher/kill", wait_seconds=0).status_code == 404


@pytest.mark.parametrize("path", ["dispatcher/duplicate", "dispatcher/kill", "aws/restart"])
def test_a_control_body_that_cannot_be_read_is_refused(toy: Toy, path: str) -> None:
    body = {"count": "many", "wait_seconds": "long", "away_seconds": "long"}
    assert toy.control(path, **body).status_code == 400


def test_a_restarted_emulator_goes_on_where_it_was(toy: Toy) -> None:
    toy.send("kept", {"name": "held", "do": "put_back", "seconds": 600})
    eventually(lambda: toy.jobs("held"))

    assert toy.control("aws/restart", away_seconds=1).status_code == 200
    toy.send("kept-marker", {"name": "after", "do": "finish"})

    # The table, the queue and its invisible job are as they were, and so are those who use them.
    eventually(lambda: toy.jobs("after"))
    assert len(toy.jobs("held")) == 1
