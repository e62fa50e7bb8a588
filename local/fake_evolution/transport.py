"""The fake behind an httpx client in process, on the fake's own clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from local.fake_evolution.app import READ_TIMEOUT, FakeEvolutionApp
from local.fake_evolution.behaviours import Behaviour
from local.fake_evolution.core import FakeEvolution
from local.fake_evolution.waiting import AnswerLost, ClientGaveUp, Unreachable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class FakeEvolutionTransport(httpx.BaseTransport):
    """Answers as the server over HTTP does, and raises what httpx raises where it does not.

    A call that takes longer than the request's read timeout ends at that timeout, by the fake's
    clock, while the server goes on: its message still reaches the phone, at its own time.
    """

    def __init__(self, fake: FakeEvolution) -> None:
        self._fake = fake
        self._app = FakeEvolutionApp(fake)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        timeouts = request.extensions.get("timeout", {})

        def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            environ[READ_TIMEOUT] = timeouts.get("read")
            # httpx hands the path over as text; WSGI wants its bytes, one per character.
            environ["PATH_INFO"] = environ["PATH_INFO"].encode().decode("latin-1")
            return self._app(environ, start_response)

        try:
            return httpx.WSGITransport(app=app).handle_request(request)
        except ClientGaveUp:
            raise httpx.ReadTimeout("The read operation timed out", request=request) from None
        except AnswerLost as lost:
            if lost.reset:
                raise httpx.ReadError("Connection reset by peer", request=request) from None
            raise httpx.RemoteProtocolError(
                "Server disconnected without sending a response.", request=request
            ) from None
        except Unreachable as unreachable:
            raise self._connect_failure(unreachable.behaviour, request, timeouts) from None

    def _connect_failure(
        self, behaviour: Behaviour, request: httpx.Request, timeouts: dict[str, float | None]
    ) -> httpx.TransportError:
        if behaviour is Behaviour.CONNECT_TIMEOUT:
            self._fake.sleep(timeouts.get("connect") or 0.0)
            return httpx.ConnectTimeout("timed out", request=request)
        reason = {
            Behaviour.CONNECTION_REFUSED: "[Errno 111] Connection refused",
            Behaviour.DNS_FAILURE: "[Errno -2] Name or service not known",
        }[behaviour]
        return httpx.ConnectError(reason, request=request)


def transport(fake: FakeEvolution) -> httpx.BaseTransport:
    """A transport for `httpx.Client(transport=…)` whose every address is the fake."""
    return FakeEvolutionTransport(fake)
