"""The events in `events/` are what AWS sends: other tests and `sam local` start from them."""

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from aws_lambda_powertools.utilities.parser.models import (
    APIGatewayProxyEventV2Model,
    EventBridgeModel,
    SqsModel,
)

from campaigns.adapters.job_queue import from_body
from campaigns.domain.job import DirectJob
from campaigns.domain.webhook_event import Ack, AckStatus, Inbound, read_event

EVENTS = Path(__file__).parents[2] / "events"


def event(name: str) -> dict[str, Any]:
    return json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("name", "route"),
    [
        ("http-create-campaign", "$default"),
        ("http-create-instance", "$default"),
        ("http-import-contacts", "$default"),
        ("http-start-campaign", "$default"),
        ("http-test-message", "$default"),
        ("http-webhook-receipt", "POST /api/webhooks/{proxy+}"),
        ("http-webhook-reply", "POST /api/webhooks/{proxy+}"),
    ],
)
def test_a_request_is_a_payload_of_version_2_on_its_route(name: str, route: str):
    request = APIGatewayProxyEventV2Model.model_validate(event(name))
    assert request.version == "2.0"
    assert request.routeKey == request.requestContext.routeKey == route
    assert request.rawPath == request.requestContext.http.path
    body = event(name).get("body") or ""
    assert request.headers["content-length"] == str(len(body.encode()))


def test_create_carries_three_wordings_of_one_message():
    assert len(json.loads(event("http-create-campaign")["body"])["message_texts"]) == 3


def test_a_webhook_carries_a_receipt():
    receipt = read_event(json.loads(event("http-webhook-receipt")["body"]))
    assert receipt == Ack(
        "3EB07BF3A48FF674FA9890", AckStatus.DELIVERY_ACK, "5511990000001@s.whatsapp.net"
    )


def test_a_reply_answers_the_message_of_the_receipt_and_asks_for_silence():
    reply = read_event(json.loads(event("http-webhook-reply")["body"]))
    receipt = read_event(json.loads(event("http-webhook-receipt")["body"]))
    assert isinstance(reply, Inbound)
    assert isinstance(receipt, Ack)
    assert (reply.quoted_id, reply.remote_jid) == (receipt.whatsapp_message_id, receipt.remote_jid)
    assert (reply.text, reply.is_answer) == ("SAIR", True)


def test_the_schedule_is_a_scheduled_event():
    tick = EventBridgeModel.model_validate(event("schedule"))
    assert (tick.source, tick.detail_type) == ("aws.events", "Scheduled Event")


def test_the_batch_has_two_groups_and_a_repeat():
    records = event("jobs")["Records"]
    SqsModel.model_validate(event("jobs"))
    groups = Counter(record["attributes"]["MessageGroupId"] for record in records)
    deduplication_ids = Counter(
        record["attributes"]["MessageDeduplicationId"] for record in records
    )
    assert sorted(groups.values()) == [1, 2]
    assert sorted(deduplication_ids.values()) == [1, 2]
    assert len({record["messageId"] for record in records}) == len(records)


def test_a_job_is_the_one_that_its_record_names():
    for record in event("jobs")["Records"]:
        job = json.loads(record["body"])
        assert record["md5OfBody"] == hashlib.md5(record["body"].encode()).hexdigest()  # noqa: S324
        assert record["attributes"]["MessageDeduplicationId"] == (
            f"{job['campaign_id']}:{job['recipient_id']}:{job['plan_number']}"
        )


def test_a_direct_job_is_one_record_that_names_its_message_and_holds_no_more():
    SqsModel.model_validate(event("direct-job"))
    (record,) = event("direct-job")["Records"]
    job = json.loads(record["body"])
    assert record["md5OfBody"] == hashlib.md5(record["body"].encode()).hexdigest()  # noqa: S324
    assert record["attributes"]["MessageDeduplicationId"] == job["direct_message_id"]
    assert from_body(record["body"], record["attributes"]["MessageGroupId"]) == DirectJob(
        tenant_id=job["tenant_id"],
        direct_message_id=job["direct_message_id"],
        instance_id=job["instance_id"],
        person=record["attributes"]["MessageGroupId"],
        slot_at=job["slot_at"],
    )


def test_all_events_speak_of_one_campaign():
    campaign_id = event("lay")["campaign_id"]
    assert campaign_id in event("http-start-campaign")["rawPath"]
    jobs = [json.loads(record["body"]) for record in event("jobs")["Records"]]
    assert {job["campaign_id"] for job in jobs} == {campaign_id}
