"""What the functions tell of themselves: metrics, and the call for which each line was written."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from io import StringIO
from logging import StreamHandler
from typing import Any

import pytest

import api_handler
import dispatcher_handler
import scheduler_handler
from campaigns.adapters.job_queue import to_body
from campaigns.domain.instants import to_datetime
from campaigns.services.correlation import correlation_id
from campaigns.services.run_schedule import RunSchedule
from tests.fakes.functions import Functions, LambdaContext, event, record_of, three_functions

#: The request of `events/http-start-campaign.json`, and the call of every function in the tests.
REQUEST = event("http-start-campaign")["requestContext"]["requestId"]
RUN = LambdaContext("any").aws_request_id


@pytest.fixture
def functions() -> Iterator[Functions]:
    with three_functions() as opened:
        yield opened


@pytest.fixture
def logged() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """The lines that the functions have logged."""
    stream = StringIO()
    with ExitStack() as ended:
        for module in (api_handler, scheduler_handler, dispatcher_handler):
            (handler,) = module.logger.handlers
            assert isinstance(handler, StreamHandler)
            ended.callback(handler.setStream, handler.setStream(stream))
        yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[dict[str, int]]]:
    """The lines of metrics since they were last asked for, each as its metrics."""

    def lines() -> list[dict[str, int]]:
        found = [
            json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line
        ]
        for each in found:
            (directive,) = each["_aws"]["CloudWatchMetrics"]
            assert (directive["Namespace"], directive["Dimensions"]) == ("campaigns", [[]])
        return [
            {name: value for name, value in each.items() if name not in {"_aws", "message"}}
            for each in found
        ]

    return lines


def jobs_made_for(functions: Functions) -> list[str | None]:
    """From now on: for which call each job is sent to the queue."""
    made_for: list[str | None] = []
    send = functions.queue.send

    def noting(jobs: Any) -> list[bool]:
        made_for.extend(correlation_id() for _ in jobs)
        return send(jobs)

    functions.queue.send = noting  # type: ignore[method-assign]
    return made_for


def test_an_idle_minute_and_an_idle_call_print_no_metric(functions: Functions, told) -> None:
    assert functions.schedule() == {"due": 0}
    assert functions.dispatch(event("jobs")["Records"]) == set()
    functions.create(functions.add_contacts(1))
    assert told() == []


def test_a_try_is_told_once_with_what_became_of_it(functions: Functions, told) -> None:
    functions.started(1)
    told()
    functions.deliver()
    assert told() == [{"SendTries": 1, "MessagesSent": 1}]


def test_a_copy_of_a_job_tells_nothing(functions: Functions, told) -> None:
    functions.started(1)
    (received,) = functions.queue.receive()
    functions.dispatch([record_of(received)])
    told()
    functions.dispatch([record_of(received)])
    assert told() == []


def test_a_number_that_is_not_on_whatsapp_is_a_try_that_failed(functions: Functions, told) -> None:
    functions.fake.set_on_whatsapp("5511990000000", False)
    functions.started(1)
    told()
    functions.deliver()
    assert told() == [{"SendTries": 1, "MessagesSent": 0, "MessagesFailed": 1}]


def test_a_run_tells_how_long_after_its_minute_the_last_lane_was_planned(
    functions: Functions, told
) -> None:
    functions.started(1)
    told()
    minute = to_datetime(functions.clock.now()) - timedelta(seconds=42)
    functions.schedule(event("schedule") | {"time": minute.isoformat()})
    assert told() == [{"PlannerDelay": 42_000}]


def test_a_lane_whose_visit_fails_is_a_minute_behind(
    functions: Functions, told, monkeypatch: pytest.MonkeyPatch
) -> None:
    functions.started(1)
    told()
    monkeypatch.setattr("campaigns.services.visit_lane.VisitLane.visit", lambda *_: [][0])
    now = to_datetime(functions.clock.now())
    functions.schedule(event("schedule") | {"time": now.isoformat()})
    assert told() == [{"PlannerDelay": 60_000}]


def test_what_was_counted_is_told_where_the_call_fails_afterwards(
    functions: Functions, told, monkeypatch: pytest.MonkeyPatch
) -> None:
    functions.started(1)
    told()

    tick = RunSchedule.tick

    def ends(self: RunSchedule, deadline: int, scheduled_at: int | None) -> int:
        tick(self, deadline, scheduled_at)
        raise MemoryError

    monkeypatch.setattr(RunSchedule, "tick", ends)
    with pytest.raises(MemoryError):
        functions.schedule()
    assert [line.keys() for line in told()] == [{"PlannerDelay"}]


def test_a_job_that_a_call_makes_carries_that_calls_id(functions: Functions) -> None:
    made_for = jobs_made_for(functions)
    functions.started(1)
    assert made_for == [REQUEST]
    assert correlation_id() is None


def test_a_job_that_the_minutes_run_makes_carries_that_runs_id(functions: Functions) -> None:
    functions.started(20)
    functions.clock.sleep(120_000)
    made_for = jobs_made_for(functions)
    functions.schedule()
    assert set(made_for) == {RUN}


def test_each_send_is_logged_with_the_call_for_which_its_job_was_made(
    functions: Functions, logged
) -> None:
    functions.started(2)
    first, second = functions.queue.receive()
    assert first.job is not None
    assert second.job is not None
    unreadable = record_of(first) | {"messageId": "unreadable", "body": "{"}
    functions.dispatch([record_of(first) | {"body": to_body(first.job, "one-call")}])
    functions.clock.at = second.job.slot_at
    functions.dispatch(
        [record_of(second) | {"body": to_body(second.job, "another-call")}, unreadable]
    )

    lines = logged()
    sends = [line for line in lines if line["message"] == "send_made"]
    assert [line["correlation_id"] for line in sends] == ["one-call", "another-call"]
    assert [line["outcome"] for line in sends] == ["Sent", "Sent"]
    (other,) = [line for line in lines if line["message"] == "job_unreadable"]
    assert "correlation_id" not in other


def test_a_job_of_before_that_names_no_call_is_sent_like_any_other(
    functions: Functions, logged
) -> None:
    functions.started(1)
    functions.deliver()
    (send,) = [line for line in logged() if line["message"] == "send_made"]
    assert "correlation_id" not in send
    assert len(functions.received()) == 1


def test_a_call_and_its_line_have_the_same_id(functions: Functions, logged) -> None:
    answer = functions.create(functions.add_contacts(1))
    (line,) = [line for line in logged() if line["message"] == "call"]
    assert line["correlation_id"] == answer["headers"]["X-Request-Id"]


def test_what_is_counted_adds_up_to_what_the_campaign_says(functions: Functions, told) -> None:
    functions.fake.set_on_whatsapp("5511990000002", False)
    functions.started(4)
    seen: Counter[str] = Counter()
    for _ in range(6):
        functions.schedule()
        told()
        functions.deliver()
        for line in told():
            seen.update(line)
        functions.clock.sleep(50_000)
    assert seen["SendTries"] == seen["MessagesSent"] + seen["MessagesFailed"] + seen["SendsRetried"]
    assert seen["MessagesSent"] == len(functions.received()) == 3
    assert seen["MessagesFailed"] == 1
