"""Does with each job what its body says.

``{"do": "finish" | "fail" | "put_back" | "raise" | "ask"}``; `put_back` fails on the first delivery
alone, after setting the visibility to `seconds`; `ask` waits for the answer of `url`.
"""

import json
import os
import urllib.request
from typing import Any

import boto3
import journal


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    failed = [record["messageId"] for record in event["Records"] if not _done(record)]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _done(record: dict[str, Any]) -> bool:
    job = json.loads(record["body"])
    received = int(record["attributes"]["ApproximateReceiveCount"])
    journal.write("job", {**job, "received": received, "pid": os.getpid()})
    match job["do"]:
        case "raise":
            raise RuntimeError("told to raise")
        case "fail":
            return False
        case "put_back" if received == 1:
            boto3.client("sqs").change_message_visibility(
                QueueUrl=os.environ["QUEUE_URL"],
                ReceiptHandle=record["receiptHandle"],
                VisibilityTimeout=job["seconds"],
            )
            return False
        case "ask":
            with urllib.request.urlopen(job["url"]) as answer:  # noqa: S310
                answer.read()
    return True
