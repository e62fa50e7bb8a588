"""What `sam local` is given: events with what exists, and variables as a container needs them."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.process import ROOT
from local.sam import functions
from local.sam.containers import as_seen_from, loopback_ports
from local.sam.events import EVENTS, batch, body_of, http, kept, schedule
from local.sam.functions import SamLocal, declaring
from local.template import read_document

STACK = {
    "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
    "QUEUE_URL": "http://127.0.0.1:4566/000000000000/campaigns-jobs.fifo",
    "EVOLUTION_SERVER_URL": "http://localhost:8090",
    "PUBLIC_URL": "https://127.0.0.1.example.com",
    "TABLE_NAME": "campaigns",
    "EVOLUTION_ALLOWED_HOSTS": "127.0.0.1:8090",
}


def test_containers_find_loopback_servers_at_the_address_of_the_machine() -> None:
    assert as_seen_from("172.17.0.1", STACK) == STACK | {
        "AWS_ENDPOINT_URL": "http://172.17.0.1:4566",
        "QUEUE_URL": "http://172.17.0.1:4566/000000000000/campaigns-jobs.fifo",
        "EVOLUTION_SERVER_URL": "http://172.17.0.1:8090",
    }


def test_only_ports_of_loopback_are_relayed() -> None:
    assert loopback_ports(STACK) == {4566, 8090}
    assert loopback_ports({"PUBLIC_URL": "http://192.0.2.1:80", "TABLE_NAME": "x"}) == set()


def test_the_template_of_a_run_is_the_built_one_and_declares_the_endpoint() -> None:
    built = ROOT / "template.yaml"
    before = read_document(built.read_text("utf-8"))
    after = yaml.safe_load(declaring({"AWS_ENDPOINT_URL": "http://172.17.0.1:4566"}, built))
    variables = after["Globals"]["Function"]["Environment"]["Variables"]
    assert variables.pop("AWS_ENDPOINT_URL") == "http://172.17.0.1:4566"
    assert changed(before, after) == {
        f"Resources.{resource}.Properties.{name}": str(ROOT / path)
        for resource, name, path in (
            (
                "CommonLayer",
                "ContentUri",
                before["Resources"]["CommonLayer"]["Properties"]["ContentUri"],
            ),
            ("ApiFunction", "CodeUri", "functions/api/"),
            ("SchedulerFunction", "CodeUri", "functions/scheduler/"),
            ("DispatcherFunction", "CodeUri", "functions/dispatcher/"),
        )
    }


def changed(before: Any, after: Any, where: str = "") -> dict[str, Any]:
    """What is other after, by its place."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        return {
            place: value
            for name in before.keys() | after.keys()
            for place, value in changed(
                before.get(name), after.get(name), f"{where}.{name}".removeprefix(".")
            ).items()
        }
    return {} if before == after else {where: after}


def test_a_run_of_sam_keeps_its_locks_to_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that was killed leaves them, and the next would wait for minutes."""
    told = tmp_path / "sam"
    told.write_text('#!/bin/sh\necho "{\\"locks\\": \\"$TMPDIR\\"}"\n')
    told.chmod(0o755)
    monkeypatch.setattr(functions, "PYTHON", told)
    assert SamLocal("127.0.0.1", tmp_path, ()).invoke("Any", {}) == {"locks": str(tmp_path)}


def test_a_request_keeps_what_is_not_replaced() -> None:
    event = http("http-start-campaign", "/api/campaigns/campaigns/cp_1/start/")
    assert event["rawPath"] == event["requestContext"]["http"]["path"]
    assert event["requestContext"]["http"]["method"] == "POST"
    assert event["headers"]["content-length"] == "0"
    assert "body" not in event


def test_a_request_tells_the_length_of_its_new_body_in_bytes() -> None:
    event = http("http-create-campaign", "/", {"name": "Promoção"}, authorization="Bearer ak_1")
    assert int(event["headers"]["content-length"]) == len(event["body"].encode())
    assert json.loads(event["body"]) == {"name": "Promoção"}
    assert event["headers"]["authorization"] == "Bearer ak_1"


def test_a_header_is_named_as_on_the_wire() -> None:
    event = http("http-webhook-receipt", "/", x_webhook_secret="whs")
    assert event["headers"]["x-webhook-secret"] == "whs"
    assert "x_webhook_secret" not in event["headers"]


def test_two_requests_share_nothing() -> None:
    http("http-start-campaign", "/one")["headers"]["authorization"] = "changed"
    assert http("http-start-campaign", "/two")["headers"]["authorization"] != "changed"


def test_the_tick_is_of_the_minute_in_which_it_is_made() -> None:
    at = datetime(2026, 11, 24, 21, 59, 31, 7, tzinfo=timezone(timedelta(hours=-3)))
    assert schedule(at)["time"] == "2026-11-25T00:59:00Z"
    assert schedule(datetime(2026, 11, 24, tzinfo=UTC)).keys() == kept("schedule").keys()


@pytest.mark.parametrize("name", ["jobs", "direct-job"])
def test_a_received_message_becomes_a_record_of_the_file_s_shape(name: str) -> None:
    received = {
        "MessageId": "id-1",
        "ReceiptHandle": "handle-1",
        "Body": '{"kind":"campaign"}',
        "Attributes": {"MessageGroupId": "person", "ApproximateReceiveCount": "3"},
    }
    (record,) = batch(name, [received])["Records"]
    shape = kept(name)["Records"][0]
    assert record.keys() == shape.keys()
    assert record["attributes"].keys() == shape["attributes"].keys()
    assert (record["messageId"], record["receiptHandle"]) == ("id-1", "handle-1")
    assert record["md5OfBody"] == hashlib.md5(record["body"].encode()).hexdigest()  # noqa: S324
    assert record["attributes"]["MessageGroupId"] == "person"
    assert record["attributes"]["ApproximateReceiveCount"] == "3"


@pytest.mark.parametrize("path", sorted(EVENTS.glob("http-*.json")), ids=lambda path: path.stem)
def test_the_body_of_a_request_is_read(path) -> None:
    if "body" in kept(path.stem):
        assert (
            json.dumps(body_of(path.stem), ensure_ascii=False, separators=(",", ":"))
            == (kept(path.stem)["body"])
        )
    else:
        with pytest.raises(KeyError):
            body_of(path.stem)
