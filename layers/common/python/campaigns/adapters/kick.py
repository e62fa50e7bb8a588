"""Has the scheduler function do something soon, by asynchronous invocation."""

import json
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from campaigns.services.correlation import correlation_id

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

_log = logging.getLogger(__name__)


class LambdaKick:
    """See :class:`campaigns.services.ports.Kick`. The client is made when it is first needed."""

    def __init__(self, make_client: "Callable[[], LambdaClient]", function_name: str) -> None:
        self._make_client = make_client
        self._client: LambdaClient | None = None
        self._function_name = function_name

    def lay(self, tenant_id: str, campaign_id: str) -> None:
        event = {"kind": "lay", "tenant_id": tenant_id, "campaign_id": campaign_id}
        if made_for := correlation_id():
            event["correlation_id"] = made_for
        try:
            self._client = self._client or self._make_client()
            self._client.invoke(
                FunctionName=self._function_name,
                InvocationType="Event",
                Payload=json.dumps(event).encode(),
            )
        except (BotoCoreError, ClientError):
            # The schedule finds the campaign within a minute.
            _log.warning("kick_failed", extra={"campaign_id": campaign_id}, exc_info=True)
