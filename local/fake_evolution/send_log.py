"""The sends that reached the server, on record from their arrival. Its owner locks."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from itertools import count

from local.fake_evolution.model import Call, SendRequest
from local.fake_evolution.numbers import canonical_phone, digits_of

_KEPT = 200_000


class SendLog:
    """In the order of their arrival; the oldest are forgotten."""

    def __init__(self) -> None:
        self._requests: deque[SendRequest] = deque(maxlen=_KEPT)
        self._numbers = count(1)

    def record(self, call: Call, at: float) -> SendRequest:
        number = str(call.body.get("number", ""))
        request = SendRequest(
            request_id=f"request_{next(self._numbers)}",
            instance=call.instance,
            number=digits_of(number),
            phone=canonical_phone(number),
            arrived_at=at,
            client_port=call.client_port,
            text=str(call.body.get("text", "")),
        )
        self._requests.append(request)
        return request

    def strike(self, request: SendRequest) -> None:
        """It never reached the server."""
        self._requests.remove(request)

    def all(self) -> list[SendRequest]:
        """Copies."""
        return [replace(request) for request in self._requests]

    def clear(self) -> None:
        self._requests.clear()
