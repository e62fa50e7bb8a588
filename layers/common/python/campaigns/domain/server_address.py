"""Evolution servers: which addresses a deployment lets itself be sent to.

A tenant names the server that we then call, so an address is refused unless the deployment knows
its host and it lies in the public internet: otherwise a tenant could have us call our own network.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Self
from urllib.parse import SplitResult, urlsplit

URL_LIMIT = 500

_DEFAULT_PORTS = {"https": 443, "http": 80}
#: Names that never lead to the public internet (RFC 6761, 6762, 8375 and ICANN's private use).
_PRIVATE_SUFFIXES = (".localhost", ".local", ".internal", ".home.arpa", ".lan", ".localdomain")
#: All that is routed of IPv6; around it lie site-local, IPv4-compatible and unassigned addresses.
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")


class AddressProblem(StrEnum):
    """Why a URL is no address of an Evolution server; stable codes."""

    INVALID_URL = "invalid_url"
    HTTPS_REQUIRED = "https_required"
    HOST_NOT_ALLOWED = "host_not_allowed"
    PRIVATE_ADDRESS = "private_address"
    HOST_UNKNOWN = "host_unknown"


class AddressRefused(ValueError):
    """The URL is no address of an Evolution server here; `problem` says why."""

    def __init__(self, problem: AddressProblem) -> None:
        super().__init__(problem.value)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """What a deployment allows.

    `allowed_hosts`: ``host`` (at any port) or ``host:port``, in lower case. With `allow_private`
    plain http and addresses of its own network are allowed, and an empty list of hosts means any.
    """

    allowed_hosts: frozenset[str] = frozenset()
    allow_private: bool = False

    def allowing(self, url: str) -> Self:
        """The same policy, and the host of that URL beside its own."""
        if self.allow_private and not self.allowed_hosts:
            return self
        parts = _split(url)
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
        place = f"{(parts.hostname or '').rstrip('.')}:{port}"
        return replace(self, allowed_hosts=self.allowed_hosts | {place})

    def check_url(self, url: str) -> str:
        """The URL as it is stored: lower-case scheme and host, no default port, no slash behind."""
        parts = _split(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
        if parts.scheme != "https" and not (self.allow_private and parts.scheme == "http"):
            raise AddressRefused(AddressProblem.HTTPS_REQUIRED)
        port = port or _DEFAULT_PORTS[parts.scheme]
        self.check_host(host, port)
        authority = f"[{host}]" if ":" in host else host
        if port != _DEFAULT_PORTS[parts.scheme]:
            authority += f":{port}"
        return f"{parts.scheme}://{authority}{parts.path.rstrip('/')}"

    def place(self, server: str) -> tuple[str, int]:
        """Host and port of a URL in its stored form."""
        parts = urlsplit(server)
        return parts.hostname or "", parts.port or _DEFAULT_PORTS[parts.scheme]

    def allows_address(self, address: str) -> bool:
        """Whether a connection may go to the IP address that a name led to."""
        return self.allow_private or is_public(address)

    def check_host(self, host: str, port: int) -> None:
        """Raise `AddressRefused` unless the host is on the list and its name no private one."""
        is_listed = host in self.allowed_hosts or f"{host}:{port}" in self.allowed_hosts
        if not is_listed and not (self.allow_private and not self.allowed_hosts):
            raise AddressRefused(AddressProblem.HOST_NOT_ALLOWED)
        if not self.allow_private and _is_private_name(host):
            raise AddressRefused(AddressProblem.PRIVATE_ADDRESS)


def is_public(address: str) -> bool:
    """Whether an IP address lies in the public internet, an embedded IPv4 address included."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, IPv6Address):
        embedded = _embedded(ip)
        if embedded is None:
            return ip in _GLOBAL_UNICAST and ip.is_global
        ip = embedded
    return ip.is_global and not ip.is_multicast


def _embedded(ip: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that a packet to this one ends at."""
    if ip in _NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour


def _split(url: str) -> SplitResult:
    """The parts of a plain URL: no user, query or fragment, nothing to be read in two ways."""
    if len(url) > URL_LIMIT or not url.isascii() or any(mark in url for mark in "\\@?#% \t\r\n"):
        raise AddressRefused(AddressProblem.INVALID_URL)
    try:
        parts = urlsplit(url)
        has_bad_port = parts.port == 0
    except ValueError:
        raise AddressRefused(AddressProblem.INVALID_URL) from None
    segments = parts.path.split("/")
    if not parts.hostname or has_bad_port or "." in segments or ".." in segments:
        raise AddressRefused(AddressProblem.INVALID_URL)
    return parts


def _is_private_name(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return "." not in host or host.endswith(_PRIVATE_SUFFIXES)
    return not is_public(host)
