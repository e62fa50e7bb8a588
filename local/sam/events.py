"""The files of `events/`, with ids, keys and times of what exists in place of the examples."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from local.process import ROOT

EVENTS = ROOT / "events"

Event = dict[str, Any]


def kept(name: str) -> Event:
    """The event as it is kept: what AWS sends."""
    event: Event = json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))
    return event


def http(
    name: str,
    path: str,
    body: Mapping[str, Any] | None = None,
    *,
    method: str | None = None,
    **headers: str,
) -> Event:
    """A request to `path` with these headers besides; None keeps the file's body and method."""
    event = kept(name)
    about = event["requestContext"]["http"]
    event["rawPath"] = about["path"] = path
    about["method"] = method or about["method"]
    if body is not None:
        event["body"] = json.dumps(body)
    event["headers"] |= {each.replace("_", "-"): value for each, value in headers.items()}
    event["headers"]["content-length"] = str(len(event.get("body", "").encode()))
    return event


def body_of(name: str) -> dict[str, Any]:
    """What the request of that file carries."""
    body: dict[str, Any] = json.loads(kept(name)["body"])
    return body


def schedule(now: datetime) -> Event:
    """The scheduled event of this minute."""
    at = now.astimezone(UTC).replace(second=0, microsecond=0)
    return kept("schedule") | {"time": at.strftime("%Y-%m-%dT%H:%M:%SZ")}


def batch(name: str, received: Iterable[Mapping[str, Any]]) -> Event:
    """The records of messages as `sqs.receive_message` gives them, in the shape of the file's."""
    shape = kept(name)["Records"][0]
    return {"Records": [_record(shape, message) for message in received]}


def _record(shape: Mapping[str, Any], message: Mapping[str, Any]) -> Event:
    body = message["Body"]
    return {
        **shape,
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": body,
        "md5OfBody": hashlib.md5(body.encode()).hexdigest(),  # noqa: S324 - as SQS does
        "attributes": {**shape["attributes"], **message["Attributes"]},
    }
