"""The dispatcher function: sends what the queue's jobs plan, and reports which jobs are to stay."""

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from campaigns.adapters.job_queue import correlation_of, from_body
from campaigns.adapters.logs import function_logger
from campaigns.bootstrap import App, bootstrap
from campaigns.services.dispatch_message import ReceivedJob
from campaigns.settings import Settings

logger = function_logger()


@cache
def application() -> App:
    """Built at the first call of a process and kept."""
    return bootstrap(Settings.from_environment())


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, list[dict[str, str]]]:
    """A FIFO batch; the answer names the items that failed or were put back."""
    app = application()
    deadline = app.clock.now() + context.get_remaining_time_in_millis()
    received = [_received(record) for record in event["Records"]]
    try:
        staying = app.dispatch.dispatch(received, deadline)
    finally:
        app.metrics.publish()
    return {"batchItemFailures": [{"itemIdentifier": each} for each in sorted(staying)]}


def _received(record: dict[str, Any]) -> ReceivedJob:
    message_id, body = record["messageId"], record["body"]
    group = record["attributes"].get("MessageGroupId") or message_id
    return ReceivedJob(
        message_id=message_id,
        receipt_handle=record["receiptHandle"],
        group=group,
        job=from_body(body, group),
        correlation_id=correlation_of(body),
    )
