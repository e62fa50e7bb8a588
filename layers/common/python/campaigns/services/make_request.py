"""One request through gates that are passed: made once, and whatever happens is an outcome."""

import logging
from dataclasses import dataclass

from campaigns.domain.delivery import (
    HttpAnswer,
    Outcome,
    TransportFault,
    Unknown,
    classify,
    loggable,
)
from campaigns.domain.model import Instance
from campaigns.domain.phone import evolution_number
from campaigns.services.ports import Clock, Exchange, Gateway

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Made:
    """What came of a request, and when it left (epoch ms)."""

    outcome: Outcome
    left_at: int


class MakeRequest:
    """A fault of our own on the way is an unknown outcome: whether it left cannot be told."""

    def __init__(self, gateway: Gateway, clock: Clock) -> None:
        self._gateway = gateway
        self._clock = clock

    def __call__(
        self,
        instance: Instance,
        api_key: str,
        *,
        phone: str,
        text: str,
        whatsapp_message_id: str,
        leave_within_ms: int,
        log_id: str,
    ) -> Made | None:
        """None: it could not leave within its time, and did not leave at all.

        `log_id` names in the log whose request it was; a phone never does.
        """
        made_at = self._clock.now()
        try:
            exchange = self._gateway.send_text(
                instance,
                api_key,
                number=evolution_number(phone),
                text=text,
                message_id=whatsapp_message_id,
                leave_within_ms=leave_within_ms,
            )
        except Exception:
            _log.exception("send_threw", extra={"id": log_id})
            exchange = Exchange(TransportFault.CONNECTION_LOST, made_at)
        answer = exchange.answer
        if answer is None:
            return None
        outcome = classify(answer)
        if isinstance(outcome, Unknown) and outcome.log_whole and isinstance(answer, HttpAnswer):
            shown = loggable(answer, [api_key])
            _log.error("unrecognised_answer", extra={"id": log_id, "answer": shown})
        _log.info("send_made", extra={"id": log_id, "outcome": type(outcome).__name__})
        return Made(outcome, exchange.left_at)
