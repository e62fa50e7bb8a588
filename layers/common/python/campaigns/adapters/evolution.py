"""Sends text through Evolution API, and says exactly what came back. Never repeats a request."""

import ssl
from collections.abc import Mapping
from threading import Lock
from urllib.parse import quote

import httpx

from campaigns.adapters.http_client import NameUnknown
from campaigns.domain.delivery import HttpAnswer, TransportFault
from campaigns.domain.instants import SECOND_MS
from campaigns.domain.model import Instance
from campaigns.services.ports import Clock, Exchange

#: Node closes a connection that was idle for five seconds: one used this recently is alive.
_WARM_MS = 2 * SECOND_MS
#: What a request may wait for before it leaves, one after the other: a place in the pool, the
#: connection, its handshake.
_STEPS_TO_LEAVE = 3
_WRITE_SECONDS = 5
_TEXT_KEPT = 10_000


class _TooLate(Exception):
    """The request was ready to leave, but its time was over: it was given up unsent."""


class _Leaving:
    """Watches a request leave, by httpcore's trace of its steps; stops one that is too late.

    A connection may have to be made first, so a request leaves later than it is made.
    """

    def __init__(self, clock: Clock, made_at: int, leave_within_ms: int) -> None:
        self._clock = clock
        self._leave_by = made_at + leave_within_ms
        self.left_at = made_at

    def trace(self, event: str, _info: Mapping[str, object]) -> None:
        if event == "http11.send_request_headers.started":
            now = self._clock.now()
            if now > self._leave_by:
                raise _TooLate
            self.left_at = now


class EvolutionGateway:
    """See :class:`campaigns.services.ports.Gateway`."""

    def __init__(
        self,
        client: httpx.Client,
        clock: Clock,
        *,
        read_timeout_seconds: float,
        connect_timeout_seconds: float,
    ) -> None:
        self._client = client
        self._clock = clock
        self._connecting = httpx.Timeout(connect_timeout_seconds)
        self._read_timeout_seconds = read_timeout_seconds
        self._used_at: dict[str, int] = {}
        self._lock = Lock()

    def prepare(self, instance: Instance) -> TransportFault | None:
        """Make or refresh a connection by asking for the server's greeting; any answer will do."""
        url = instance.evolution_url
        with self._lock:
            # A clock that was set back must not keep a connection warm.
            is_warm = 0 <= self._clock.now() - self._used_at.get(url, 0) < _WARM_MS
        if is_warm:
            return None
        try:
            self._client.get(f"{url.rstrip('/')}/", timeout=self._connecting)
        except httpx.DecodingError:
            pass  # An answer, though one that nobody can unpack.
        except httpx.RequestError as error:
            return _before_sending(_fault(error))
        self._note_use(url)
        return None

    def send_text(
        self,
        instance: Instance,
        api_key: str,
        *,
        number: str,
        text: str,
        message_id: str,
        leave_within_ms: int,
    ) -> Exchange:
        """One POST. `number` is digits only; the server honours `message_id` from 2.4 on."""
        base = instance.evolution_url.rstrip("/")
        step = max(leave_within_ms, 1) / SECOND_MS / _STEPS_TO_LEAVE
        leaving = _Leaving(self._clock, self._clock.now(), leave_within_ms)
        try:
            response = self._client.post(
                f"{base}/message/sendText/{quote(instance.evolution_instance, safe='')}",
                headers={"apikey": api_key},
                json={
                    "number": number,
                    "text": text,
                    "linkPreview": False,
                    "messageId": message_id,
                },
                timeout=httpx.Timeout(
                    connect=step, pool=step, read=self._read_timeout_seconds, write=_WRITE_SECONDS
                ),
                extensions={"trace": leaving.trace},
            )
        except _TooLate:
            return Exchange(None, leaving.left_at)
        except httpx.RequestError as error:
            return Exchange(_fault(error), leaving.left_at)
        self._note_use(instance.evolution_url)
        answer = HttpAnswer(response.status_code, _json(response), response.text[:_TEXT_KEPT])
        return Exchange(answer, leaving.left_at)

    def _note_use(self, url: str) -> None:
        with self._lock:
            self._used_at[url] = self._clock.now()


def _before_sending(fault: TransportFault) -> TransportFault:
    """A greeting that failed sent no message, whatever became of its own request."""
    is_ours = fault in {
        TransportFault.ADDRESS_NOT_ALLOWED,
        TransportFault.DNS,
        TransportFault.TLS_HANDSHAKE,
    }
    return fault if is_ours else TransportFault.CONNECT_REFUSED


def _fault(error: httpx.RequestError) -> TransportFault:
    """Which side of the request's leaving the error lies on decides all: in doubt, behind it."""
    match error:
        case httpx.ConnectTimeout():
            return TransportFault.CONNECT_TIMEOUT
        case httpx.PoolTimeout():
            return TransportFault.POOL_TIMEOUT
        case NameUnknown():
            return TransportFault.DNS
        case httpx.ConnectError():
            return _connect_fault(error)
        case httpx.UnsupportedProtocol():
            return TransportFault.ADDRESS_NOT_ALLOWED
        case httpx.ReadTimeout():
            return TransportFault.READ_TIMEOUT
        case httpx.WriteTimeout() | httpx.WriteError():
            return TransportFault.WRITE_ERROR
        case httpx.ProtocolError():
            return TransportFault.PROTOCOL_ERROR
    return TransportFault.CONNECTION_LOST


def _connect_fault(error: BaseException) -> TransportFault:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return TransportFault.TLS_HANDSHAKE
        cause = cause.__cause__ or cause.__context__
    return TransportFault.CONNECT_REFUSED


def _json(response: httpx.Response) -> object:
    try:
        return response.json()
    except (ValueError, RecursionError):
        return None
