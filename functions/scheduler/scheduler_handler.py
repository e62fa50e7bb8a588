"""The scheduler function: EventBridge calls it each minute; the API has it lay recipients."""

from datetime import datetime
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from campaigns.adapters.logs import function_logger
from campaigns.bootstrap import App, bootstrap
from campaigns.domain.instants import to_ms
from campaigns.services.correlation import correlated
from campaigns.settings import Settings

logger = function_logger()


@cache
def application() -> App:
    """Built at the first call of a process and kept."""
    return bootstrap(Settings.from_environment())


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """A scheduled event visits what is due; ``{"kind": "lay"}`` lays one campaign's recipients."""
    app = application()
    try:
        # What a call has begun goes on under its id; all else is this run's.
        with correlated(event.get("correlation_id") or context.aws_request_id):
            return {"due": _work(app, event, context)}
    finally:
        app.metrics.publish()


def _work(app: App, event: dict[str, Any], context: LambdaContext) -> int:
    deadline = app.clock.now() + context.get_remaining_time_in_millis()
    if event.get("kind") == "lay":
        app.lay.lay(event["tenant_id"], event["campaign_id"], deadline)
        logger.info("recipients_laid", extra={"campaign_id": event["campaign_id"]})
        return 1
    due = app.schedule.tick(deadline, _scheduled_at(event))
    if due:
        logger.info("schedule_run", extra={"due": due})
    return due


def _scheduled_at(event: dict[str, Any]) -> int | None:
    """The minute for which EventBridge made the event; None for a call by hand."""
    return to_ms(datetime.fromisoformat(event["time"])) if "time" in event else None
