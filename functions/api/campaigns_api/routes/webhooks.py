"""What Evolution servers report: receipts, answers, connections."""

import re
from typing import Final

from campaigns.domain.acks import STATUS_OF_ACK
from campaigns.domain.errors import NotYet, Unauthenticated, ValidationFailed
from campaigns.domain.webhook_event import Ack, WebhookEvent, read_event
from campaigns_api.call import Call
from campaigns_api.models.webhooks import WebhookOut
from campaigns_api.operations import Routes
from campaigns_api.pipeline import logger
from campaigns_api.problems import problem_of
from campaigns_api.validation import json_object

#: Evolution's own has some 250 characters; a forged one is tried with every version of the secret.
_BEARER: Final = re.compile(r"Bearer +(\S{1,1024})", re.IGNORECASE)
_FIRST_FAULT_OF_OURS: Final = 500
_CODES: Final = ("unauthenticated", "not_found", "not_yet")

routes = Routes("webhooks", "/api/webhooks/evolution/{instance_id}/")


@routes.post(role=None, is_webhook=True, codes=_CODES)
def receive_webhook(call: Call, instance_id: str) -> WebhookOut:
    """Take an event of an instance, sent by its Evolution server.

    Set at the server by us; nobody else has a reason to call it. A repeat changes nothing, and the
    order of events does not matter. A 5xx asks for the same event again.
    """
    try:
        return WebhookOut(taken=_taken(call, instance_id))
    except Unauthenticated:
        raise
    except Exception as error:
        # Evolution never repeats what was refused: only what no repeat can mend may be.
        if problem_of(error).status >= _FIRST_FAULT_OF_OURS:
            raise
        logger.warning("webhook deferred", extra={"error": type(error).__name__})
        raise NotYet from error


@routes.post("{event}/", role=None, is_webhook=True, codes=_CODES, in_document=False)
def receive_named_webhook(call: Call, instance_id: str, event: str) -> WebhookOut:
    """Take an event from a server that puts its name behind the address (`byEvents`)."""
    del event
    return receive_webhook(call, instance_id)


def _taken(call: Call, instance_id: str) -> bool:
    """Whether the event is of interest: of one that is not, nothing is read."""
    webhooks = call.app.authenticate_webhook
    version = webhooks.version(
        instance_id, secret=call.headers.get("x-webhook-secret"), token=_token(call)
    )
    event = _read(call.body)
    if event is None or (isinstance(event, Ack) and event.status not in STATUS_OF_ACK):
        return False
    instance = webhooks.instance(instance_id, version)
    if instance is None:
        return False
    call.app.receive_webhook.receive(instance, event)
    return True


def _token(call: Call) -> str | None:
    match = _BEARER.fullmatch(call.headers.get("authorization", "").strip())
    return match[1] if match else None


def _read(body: bytes) -> WebhookEvent | None:
    """What is no JSON, or no object, is no event."""
    try:
        return read_event(json_object(body))
    except ValidationFailed:
        return None
