"""The one HTTP client of a process: it goes only where the deployment allows, and never elsewhere.

Every new connection resolves its name anew, looks at the addresses and connects to one of those it
looked at, so that a name cannot lead somewhere else in between. Certificates are checked against
the name. Redirects are not followed and no proxy is taken from the environment. An answer has an
end, in time and in size, whatever the server does.
"""

import socket
import ssl
from collections.abc import Iterable, Iterator, Sequence
from time import monotonic
from typing import Any

import httpcore
import httpx

from campaigns.domain.server_address import AddressPolicy, AddressRefused
from campaigns.services.ports_evolution import Resolver

KEEPALIVE_SECONDS = 60
#: As many sends at once as a process has threads for.
CONNECTIONS = 32
#: The longest answer that is read. Evolution's are some kilobytes, a QR code's picture ten.
ANSWER_BYTES = 1_048_576
#: And of one that is packed, though we ask for none: it may unfold to a thousand times of that.
PACKED_BYTES = 16_384


class AddressNotAllowed(httpx.UnsupportedProtocol):
    """The host or its address is none that this client serves: no connection was made."""


class NameUnknown(httpx.ConnectError):
    """The host's name leads to no address: no connection was made."""


def make_http_client(
    policy: AddressPolicy,
    *,
    connect_timeout_seconds: float,
    read_timeout_seconds: float,
    resolve: Resolver | None = None,
) -> httpx.Client:
    """A client to keep: making one costs 40 ms of CPU, and its connections are used again."""
    limits = httpx.Limits(
        max_connections=CONNECTIONS,
        max_keepalive_connections=CONNECTIONS,
        keepalive_expiry=KEEPALIVE_SECONDS,
    )
    return httpx.Client(
        transport=_GuardedTransport(
            _GuardedBackend(policy, resolve or resolve_name, read_timeout_seconds), limits
        ),
        headers={"Accept-Encoding": "identity"},
        timeout=httpx.Timeout(
            connect=connect_timeout_seconds,
            read=read_timeout_seconds,
            write=connect_timeout_seconds,
            pool=connect_timeout_seconds,
        ),
        follow_redirects=False,
        trust_env=False,
    )


def resolve_name(host: str, port: int) -> Sequence[str]:
    """See :class:`campaigns.services.ports_evolution.Resolver`: the system's resolver."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


class _BoundedStream(httpcore.NetworkStream):
    """A connection whose answers take no longer, in all, than a read may.

    A read timeout alone is for each piece: a server that sends a byte now and then would hold its
    client, and everybody else's messages in the same function, until the function is ended.
    """

    def __init__(self, stream: httpcore.NetworkStream, answer_seconds: float) -> None:
        self._stream = stream
        self._answer_seconds = answer_seconds
        self._answer_by: float | None = None

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        now = monotonic()
        if self._answer_by is None:
            longest = self._answer_seconds
            self._answer_by = now + (longest if timeout is None else min(timeout, longest))
        left = self._answer_by - now
        if left <= 0:
            raise httpcore.ReadTimeout
        return self._stream.read(max_bytes, left)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, timeout)
        self._answer_by = None

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, timeout)
        return _BoundedStream(secured, self._answer_seconds)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _GuardedBackend(httpcore.SyncBackend):
    def __init__(self, policy: AddressPolicy, resolve: Resolver, answer_seconds: float) -> None:
        self._policy = policy
        self._resolve = resolve
        self._answer_seconds = answer_seconds

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address that answers; `timeout` (s) is for all of them."""
        fault: Exception = httpcore.ConnectTimeout()
        ends_at = None if timeout is None else monotonic() + timeout
        for address in self._addresses(host, port):
            left = None if ends_at is None else ends_at - monotonic()
            if left is not None and left <= 0:
                break
            try:
                stream = super().connect_tcp(address, port, left, local_address, socket_options)
                return _BoundedStream(stream, self._answer_seconds)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                fault = error
        raise fault

    def _addresses(self, host: str, port: int) -> Sequence[str]:
        try:
            self._policy.check_host(host, port)
        except AddressRefused:
            raise AddressNotAllowed("host not allowed") from None
        addresses = self._resolve(host, port)
        if not addresses:
            raise NameUnknown("name unknown")
        if not all(self._policy.allows_address(address) for address in addresses):
            raise AddressNotAllowed("address not allowed")
        return addresses


class _BoundedBody(httpx.SyncByteStream):
    """An answer's bytes, up to a limit: a longer one would take the memory of the whole process."""

    def __init__(self, body: httpx.SyncByteStream, limit: int) -> None:
        self._body = body
        self._left = limit

    def __iter__(self) -> Iterator[bytes]:
        for part in self._body:
            self._left -= len(part)
            if self._left < 0:
                raise httpx.RemoteProtocolError("answer too long")
            yield part

    def close(self) -> None:
        self._body.close()


class _GuardedTransport(httpx.HTTPTransport):
    def __init__(self, backend: httpcore.NetworkBackend, limits: httpx.Limits) -> None:
        context: ssl.SSLContext = httpx.create_ssl_context()
        super().__init__(verify=context, limits=limits)
        # httpx makes its pool without a way to give it a backend.
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            max_connections=limits.max_connections,
            max_keepalive_connections=limits.max_keepalive_connections,
            keepalive_expiry=limits.keepalive_expiry,
            network_backend=backend,
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = super().handle_request(request)
        packing = answer.headers.get("content-encoding", "identity")
        if "," in packing:
            answer.close()
            raise httpx.RemoteProtocolError("packed more than once")
        limit = ANSWER_BYTES if packing == "identity" else PACKED_BYTES
        assert isinstance(answer.stream, httpx.SyncByteStream)
        answer.stream = _BoundedBody(answer.stream, limit)
        return answer
