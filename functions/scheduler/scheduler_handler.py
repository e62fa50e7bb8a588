"""The scheduler function: EventBridge calls it each minute; the API has it lay recipients."""

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from campaigns.adapters.logs import function_logger
from campaigns.bootstrap import App, bootstrap
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
    deadline = app.clock.now() + context.get_remaining_time_in_millis()
    if event.get("kind") == "lay":
        app.lay.lay(event["tenant_id"], event["campaign_id"], deadline)
        return {"due": 1}
    due = app.schedule.tick(deadline)
    if due:
        logger.info("schedule_run", extra={"due": due})
    return {"due": due}
