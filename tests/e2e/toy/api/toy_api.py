"""Answers with the event, or misbehaves as the path says."""

import json
import os
import time
from typing import Any

import boto3


def handler(event: dict[str, Any], context: Any) -> Any:
    match event["rawPath"]:
        case "/fail":
            raise ValueError("told to fail")
        case "/die":
            os._exit(3)
        case "/hang":
            time.sleep(60)
        case "/short":
            return {"short": True}
        case "/pid":
            return str(os.getpid())
        case "/wake":
            boto3.client("lambda").invoke(
                FunctionName=os.environ["SCHEDULER_FUNCTION_NAME"],
                InvocationType="Event",
                Payload=json.dumps({"kind": "lay", "campaign_id": "cmp_1"}),
            )
            return {"statusCode": 202}
    return {
        "statusCode": 201,
        "headers": {"content-type": "application/json"},
        "cookies": ["a=1", "b=2"],
        "body": json.dumps(
            {
                "event": event,
                "remaining": context.get_remaining_time_in_millis(),
                "colour": os.environ["COLOUR"],
                "keys": os.environ["AWS_ACCESS_KEY_ID"],
            }
        ),
    }
