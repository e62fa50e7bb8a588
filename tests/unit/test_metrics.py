"""Metrics are one line of the embedded format for each call that has something to tell."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email.utils import format_datetime
from io import BytesIO

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse, HeadersDict
from hypothesis import given
from hypothesis import strategies as st

from campaigns.adapters.clock_watch import ClockWatch
from campaigns.adapters.dynamodb.table import Item, Key
from campaigns.adapters.metrics import EmbeddedMetrics
from campaigns.bootstrap import App, bootstrap
from campaigns.domain.clock_skew import least_skew_ms
from campaigns.services.ports_metrics import Count, Peak
from campaigns.settings import Settings
from tests.fakes.clock import FakeClock
from tests.fakes.metrics import ToldMetrics

NOW = 1_795_525_200_000


class Client:
    """Stands for a client of botocore: what listens to it can be called."""

    def __init__(self, clock: FakeClock) -> None:
        self.meta = self.events = self
        self._clock = clock
        self._listeners: dict[str, object] = {}

    def register(self, event: str, listener: object) -> None:
        self._listeners[event] = listener

    def call(self, date: str | None, takes_ms: int = 0) -> None:
        """One call with its answer, as botocore tells of it."""
        context: dict[str, object] = {}
        headers = {} if date is None else {"date": date}
        parsed = {"ResponseMetadata": {"HTTPHeaders": headers}}
        self._listeners["before-call.dynamodb"](context=context, model=None)
        self._clock.at += takes_ms
        self._listeners["after-call.dynamodb"](context=context, parsed=parsed, model=None)


def embedded() -> tuple[EmbeddedMetrics, list[str]]:
    lines: list[str] = []
    return EmbeddedMetrics("loja", FakeClock(NOW), lines.append), lines


def skew_seen(date: str | None, own_clock: int, takes_ms: int = 0) -> int | None:
    clock, metrics = FakeClock(own_clock), ToldMetrics()
    client = Client(clock)
    ClockWatch(clock, metrics).listen(client)
    client.call(date, takes_ms)
    return metrics.peaks.get(Peak.CLOCK_SKEW)


def test_nothing_told_is_no_line():
    metrics, lines = embedded()
    metrics.publish()
    assert lines == []


def test_what_was_told_is_one_line_in_the_embedded_format_without_a_dimension():
    metrics, lines = embedded()
    metrics.count(Count.SEND_TRIES)
    metrics.count(Count.SEND_TRIES, 2)
    metrics.count(Count.MESSAGES_SENT, 0)
    metrics.peak(Peak.PLANNER_DELAY, 700)
    metrics.peak(Peak.PLANNER_DELAY, 300)
    metrics.publish()
    metrics.publish()
    (line,) = lines
    assert json.loads(line) == {
        "_aws": {
            "Timestamp": NOW,
            "CloudWatchMetrics": [
                {
                    "Namespace": "loja",
                    "Dimensions": [[]],
                    "Metrics": [
                        {"Name": "SendTries", "Unit": "Count"},
                        {"Name": "MessagesSent", "Unit": "Count"},
                        {"Name": "PlannerDelay", "Unit": "Milliseconds"},
                    ],
                }
            ],
        },
        "message": "metrics",
        "SendTries": 3,
        "MessagesSent": 0,
        "PlannerDelay": 700,
    }


def test_threads_that_tell_at_once_lose_nothing():
    metrics, lines = embedded()
    with ThreadPoolExecutor(8) as threads:
        for _ in range(400):
            threads.submit(metrics.count, Count.MESSAGES_SENT)
    metrics.publish()
    assert json.loads(lines[0])["MessagesSent"] == 400


# 1_795_525_200 is Tue, 24 Nov 2026 13:00:00 GMT
DATE = "Tue, 24 Nov 2026 13:00:00 GMT"


def test_a_clock_that_is_right_tells_of_no_skew():
    for own in (NOW, NOW + 500, NOW + 999, NOW + 1_249, NOW - 250):
        assert skew_seen(DATE, own) is None


def test_a_clock_that_is_ahead_or_behind_is_told_of():
    assert skew_seen(DATE, NOW + 3_999) == 3_000
    assert skew_seen(DATE, NOW - 3_000) == 3_000


def test_a_slow_answer_is_no_skew():
    assert skew_seen(DATE, NOW - 3_000, takes_ms=5_000) is None


def test_an_answer_without_a_time_or_with_none_that_can_be_read_tells_nothing():
    assert skew_seen(None, 0) is None
    assert skew_seen("yesterday", 0) is None


@given(st.integers(0, 5_000), st.integers(0, 5_000), st.integers(-10_000, 10_000))
def test_never_more_skew_is_told_than_there_is(way_there: int, way_back: int, skew: int):
    truly_at = NOW + 777
    told_at = truly_at // 1_000 * 1_000
    found = least_skew_ms(
        asked_at=truly_at - way_there + skew,
        answered_at=truly_at + way_back + skew,
        told_at=told_at,
    )
    assert 0 <= found <= abs(skew)
    if way_there == way_back == 0:
        assert found > abs(skew) - 1_000


# Over a client of botocore


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the runtime gives a function; no request goes anywhere."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a-key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-secret")


def answering(date: str | None) -> Callable[..., AWSResponse]:
    """DynamoDB, as far as a table without items needs it; None: its clock is the system's."""

    class Raw(BytesIO):
        def stream(self, **_: object) -> Iterator[bytes]:
            yield self.read()

    def answer(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        told = date or format_datetime(datetime.now(UTC), usegmt=True)
        headers = HeadersDict({"Date": told, "Content-Type": "application/x-amz-json-1.0"})
        return AWSResponse(request.url, 200, headers, Raw(b"{}"))

    return answer


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(
    ("date", "is_told"), [("Tue, 24 Nov 2020 13:00:00 GMT", True), (None, False)]
)
def test_a_deployments_own_clock_is_held_against_the_answers_of_its_table(
    date: str | None, is_told: bool, capsys: pytest.CaptureFixture[str]
):
    app = bootstrap(Settings("campaigns", "", "", ""))
    events = app.table.connection.client.meta.events
    events.register("before-send.dynamodb", answering(date))
    assert app.table.get(Item, Key("none", "none")) is None
    app.metrics.publish()
    assert ("ClockSkew" in capsys.readouterr().out) is is_told


@pytest.mark.usefixtures("aws")
def test_a_clock_that_was_given_is_held_against_nothing(capsys: pytest.CaptureFixture[str]):
    app = App(Settings("campaigns", "", "", ""), clock=FakeClock(NOW))
    events = app.table.connection.client.meta.events
    events.register("before-send.dynamodb", answering(DATE.replace("2026", "2020")))
    assert app.table.get(Item, Key("none", "none")) is None
    app.metrics.publish()
    assert capsys.readouterr().out == ""
