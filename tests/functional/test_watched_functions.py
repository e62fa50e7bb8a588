"""What the functions tell of themselves: metrics that name nobody, and none where nothing is."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

import api_handler
from campaigns.domain.instants import MINUTE_MS, to_datetime
from campaigns.domain.recipient import RecipientStatus
from campaigns.services.manage_tenants import ManageTenants
from campaigns.services.ports_metrics import Count, Peak
from campaigns.services.run_schedule import RunSchedule
from campaigns.services.settle_delivery import SettleDelivery
from tests.fakes.functions import Functions, LambdaContext, event, record_of, three_functions
from tests.permissions.recorder import acting_as

OWN = {metric.value for metric in (*Count, *Peak)}
FIRST = "5511990000000"


@pytest.fixture
def functions() -> Iterator[Functions]:
    with three_functions() as opened:
        yield opened


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[dict[str, int]]]:
    """The lines of metrics since they were last asked for, each as its metrics."""

    def lines() -> list[dict[str, int]]:
        found = [
            json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line
        ]
        for each in found:
            (directive,) = each.pop("_aws")["CloudWatchMetrics"]
            assert (directive["Namespace"], directive["Dimensions"]) == ("campaigns", [[]])
            assert each.pop("message") == "metrics"
            # Nothing but numbers by names that are known beforehand: no tenant, nobody.
            assert each.keys() == {metric["Name"] for metric in directive["Metrics"]} <= OWN
            assert all(type(value) is int for value in each.values())
        return found

    return lines


def acked(functions: Functions, campaign_id: str, status: str, **more: str) -> int:
    """The answer to a webhook by which WhatsApp says that of the campaign's first message."""
    (first, *_) = recipients(functions, campaign_id)
    request = event("http-webhook-receipt")
    path = f"/api/webhooks/evolution/{functions.instance_id}/"
    request["rawPath"] = request["requestContext"]["http"]["path"] = path
    secret = functions.app.identity.webhook_secret(functions.instance_id, 1)
    request["headers"]["x-webhook-secret"] = secret
    told = {"keyId": first.whatsapp_message_id, "status": status, "fromMe": True, **more}
    request["body"] = json.dumps({"event": "messages.update", "data": told})
    with acting_as("api", functions.app.settings):
        answered: int = api_handler.handler(request, LambdaContext("api"))["statusCode"]  # type: ignore[arg-type]
    return answered


def recipients(functions: Functions, campaign_id: str) -> list[Any]:
    return functions.app.recipients.page(
        functions.tenant_id, campaign_id, 0, 100, limit=100, consistent=True
    )


# Nothing


def test_an_empty_deployments_minute_prints_no_metric(functions: Functions, told) -> None:
    assert functions.schedule() == {"due": 0}
    assert functions.dispatch([]) == set()
    assert functions.dispatch(event("jobs")["Records"]) == set(), "of campaigns that are gone"
    assert told() == []


def drafted(functions: Functions) -> str:
    campaign_id: str = functions.create(functions.add_contacts(2))["body"]["id"]
    functions.lay()
    return campaign_id


def paused(functions: Functions) -> str:
    campaign_id = functions.started(2)
    functions.deliver()
    request = event("http-start-campaign")
    path = f"/api/campaigns/campaigns/{campaign_id}/pause/"
    request["rawPath"] = request["requestContext"]["http"]["path"] = path
    assert functions.call(request)["statusCode"] == 200
    return campaign_id


def completed(functions: Functions) -> str:
    campaign_id = functions.started(1)
    functions.deliver()
    return campaign_id


@pytest.mark.parametrize("campaign_in", [drafted, paused, completed])
def test_a_minute_in_which_nothing_is_to_do_prints_no_metric_whatever_there_is(
    functions: Functions, told, campaign_in: Callable[[Functions], str]
) -> None:
    campaign_id = campaign_in(functions)
    # Until the books are closed, each walk of the lane counts as work.
    for _ in range(15):
        functions.clock.sleep(MINUTE_MS)
        functions.schedule()
        functions.deliver()
    told()
    assert [functions.schedule() for _ in range(3)] == [{"due": 0}] * 3
    if campaign_in is not drafted:
        assert acked(functions, campaign_id, "READ") == acked(functions, campaign_id, "READ") == 200
    assert told() == []


# Tries


def test_a_try_is_told_once_with_what_became_of_it(functions: Functions, told) -> None:
    functions.started(1)
    told()
    functions.deliver()
    assert told() == [{"SendTries": 1, "SendFailures": 0, "MessagesSent": 1}]


def test_a_copy_of_a_job_tells_nothing(functions: Functions, told) -> None:
    functions.started(1)
    (received,) = functions.queue.receive()
    functions.dispatch([record_of(received)])
    told()
    functions.dispatch([record_of(received)])
    assert told() == []


def test_a_number_that_is_not_on_whatsapp_is_a_try_that_failed(functions: Functions, told) -> None:
    functions.fake.set_on_whatsapp(FIRST, False)
    functions.started(1)
    told()
    functions.deliver()
    assert told() == [{"SendTries": 1, "SendFailures": 1, "MessagesFailed": 1}]


def test_a_message_that_whatsapp_refuses_afterwards_is_a_failure_once(
    functions: Functions, told
) -> None:
    campaign_id = functions.started(1)
    functions.deliver()
    told()
    assert acked(functions, campaign_id, "ERROR") == 200
    assert told() == [{"MessagesRefused": 1, "SendFailures": 1}]
    assert acked(functions, campaign_id, "ERROR") == 200
    assert told() == []


def test_a_refusal_that_comes_before_the_end_of_its_try_is_told_all_the_same(
    functions: Functions, told, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign_id = functions.started(1)
    crash_at_the_end_of_a_try(functions, monkeypatch)
    told()
    acked(functions, campaign_id, "ERROR")
    assert told() == [{"MessagesRefused": 1, "SendFailures": 1}]
    # What is refused already only learns its address.
    acked(functions, campaign_id, "ERROR", remoteJid=f"{FIRST}@s.whatsapp.net")
    assert told() == []
    functions.clock.sleep(2 * MINUTE_MS)
    functions.schedule()
    assert not any("SendFailures" in line for line in told())


def crash_at_the_end_of_a_try(functions: Functions, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dispatcher dies between a request and its settling."""

    def dies(*_: object, **__: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(SettleDelivery, "settle", dies)
        functions.deliver()


def test_a_try_that_a_crash_cut_short_is_told_by_the_minute_that_finds_it(
    functions: Functions, told, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign_id = functions.started(1)
    crash_at_the_end_of_a_try(functions, monkeypatch)
    assert [each.status for each in recipients(functions, campaign_id)] == [RecipientStatus.SENDING]
    functions.clock.sleep(2 * MINUTE_MS)
    told()
    functions.schedule()
    (line,) = told()
    del line["PlannerDelay"]
    assert line == {"SendTries": 1, "SendFailures": 1, "SendsUnknown": 1}
    functions.schedule()
    assert not any("SendTries" in line for line in told())


def test_who_is_planned_again_since_a_job_was_lost_was_not_tried(
    functions: Functions, told
) -> None:
    functions.started(1)
    functions.queue.messages.clear()
    told()
    functions.clock.sleep(11 * MINUTE_MS)
    functions.schedule()
    functions.schedule()
    assert len(functions.queue.messages) == 1
    assert {name for line in told() for name in line} == {"PlannerDelay"}


# The planner, and faults


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


def test_a_fault_of_the_api_is_told_which_lambda_takes_for_an_answer(
    functions: Functions, told, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(ManageTenants, "authenticate", fails)
    assert functions.start("cp_any")["statusCode"] == 500
    assert told() == [{"CallsFailed": 1}]


def test_a_call_that_its_caller_got_wrong_is_no_fault(functions: Functions, told) -> None:
    assert functions.start("cp_unknown")["statusCode"] == 404
    functions.key = "ak_wrong"
    assert functions.start("cp_unknown")["statusCode"] == 401
    assert told() == []


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
    assert seen["SendTries"] == seen["MessagesSent"] + seen["SendFailures"]
    assert seen["SendFailures"] == seen["MessagesFailed"] + seen["SendsRetried"]
    assert seen["MessagesSent"] == len(functions.received()) == 3
    assert seen["MessagesFailed"] == 1
