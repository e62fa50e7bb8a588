"""What lies outside of AWS: an Evolution server, and a domain with TLS in front of the API."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NamedTuple

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from local.evolution import fake_evolution
from local.web import listener_url, listening_socket

_HOST = "127.0.0.1"
_TIMEOUT_SECONDS = 35.0
# Those of one connection, which are not for the next one.
_OWN_HEADERS = frozenset(
    {
        "host",
        "connection",
        "content-encoding",
        "content-length",
        "transfer-encoding",
        "date",
        "server",
    }
)


class Passed(NamedTuple):
    """One request that came through, and the status of its answer."""

    method: str
    path: str
    status: int


@dataclass(slots=True)
class Domain:
    """An https address of one's own; `target` is where it leads, and may be set later."""

    url: str
    certificate: Path
    target: str = ""
    passed: list[Passed] = field(default_factory=list)


@contextmanager
def domain_in_front(folder: Path) -> Iterator[Domain]:
    """A server on loopback that ends TLS and hands every request on to `Domain.target`."""
    certificate, key = _certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with httpx.Client(timeout=_TIMEOUT_SECONDS, trust_env=False) as client:
        server = ThreadingHTTPServer((_HOST, 0), BaseHTTPRequestHandler)
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
        domain = Domain(f"https://{_HOST}:{server.server_port}", certificate)
        server.RequestHandlerClass = _handler(domain, client)
        thread = threading.Thread(target=server.serve_forever, name="domain", daemon=True)
        thread.start()
        try:
            yield domain
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


@contextmanager
def running_evolution(folder: Path, certificate: Path) -> Iterator[str]:
    """The fake Evolution as a process of its own, which trusts this certificate; gives its URL."""
    listener = listening_socket(0)
    environment = {"SSL_CERT_FILE": str(certificate)}
    fake = fake_evolution(listener, folder, folder, environment)
    try:
        fake.start()
        yield listener_url(listener)
    finally:
        fake.stop()
        listener.close()


def _handler(domain: Domain, client: httpx.Client) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle(self) -> None:
            """A caller that goes away has had what it wanted."""
            with suppress(ConnectionError):
                super().handle()

        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            try:
                answer = client.request(
                    self.command,
                    domain.target + self.path,
                    content=body,
                    headers=_without_own(self.headers),
                )
            except httpx.TransportError:
                self.send_error(HTTPStatus.BAD_GATEWAY)
                return
            domain.passed.append(Passed(self.command, self.path, answer.status_code))
            self.send_response(answer.status_code)
            for name, value in _without_own(answer.headers).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass_on  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Keeps still: paths name people."""

    return Handler


def _without_own(headers: Any) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in _OWN_HEADERS}


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for the loopback address, signed by itself for a day, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "alrea-campaigns tests")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(_HOST))]), False)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = folder / "domain.pem", folder / "domain.key"
    certificate_file.write_bytes(certificate.public_bytes(Encoding.PEM))
    key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return certificate_file, key_file
