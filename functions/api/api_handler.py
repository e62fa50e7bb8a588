"""The API function: one HTTP API event in, one answer out."""

from functools import cache
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext

from campaigns.adapters.logs import function_logger
from campaigns.bootstrap import bootstrap
from campaigns.settings import Settings
from campaigns_api.app import build

logger = function_logger()


@cache
def api() -> APIGatewayHttpResolver:
    """Built by the first call of a process."""
    return build(bootstrap(Settings.from_environment()))


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_HTTP)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer a call; whatever goes wrong is a problem, never an exception."""
    return api().resolve(event, context)
