"""Settings of the functions, from their environment."""

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from campaigns.domain.breaker import BreakerLimits
from campaigns.domain.gates import time_for_one_send_ms
from campaigns.domain.instants import SECOND_MS
from campaigns.domain.server_address import AddressPolicy, AddressRefused

#: What the queue's visibility and a claim's lease add to the dispatcher's own timeout.
LEASE_MARGIN_SECONDS = 30
_PUBLIC_URL = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~/-]*)?")
_ABOVE_ZERO = (
    "read_timeout_seconds",
    "connect_timeout_seconds",
    "function_timeout_seconds",
    "unknown_grace_seconds",
    "lane_shards",
    "breaker_sample",
)


class MissingSetting(Exception):
    """An environment variable that has no default is not set."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the environment variable {name} is not set")


class InvalidSetting(ValueError):
    """A setting that cannot be, by itself or beside the others; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Each field is the environment variable of the same name in upper case.

    Times are in seconds. `function_timeout_seconds` is the dispatcher's own.
    """

    table_name: str
    queue_url: str
    kms_key_id: str
    scheduler_function_name: str
    read_timeout_seconds: float = 20
    connect_timeout_seconds: float = 5
    function_timeout_seconds: int = 60
    unknown_grace_seconds: float = 600
    lane_shards: int = 8
    breaker_failures: int = 5
    breaker_refusals: int = 5
    breaker_sample: int = 20
    breaker_no_receipt_share: float = 0.9
    evolution_allowed_hosts: tuple[str, ...] = ()
    evolution_allow_private_addresses: bool = False
    evolution_server_url: str = ""
    evolution_server_key_parameter: str = ""
    public_url: str = ""
    metrics_namespace: str = "campaigns"

    def __post_init__(self) -> None:
        """A dispatcher without the time for one send would put every job back, for ever."""
        for name in _ABOVE_ZERO:
            # Written so that NaN is refused too.
            if not 0 < getattr(self, name) < math.inf:
                raise InvalidSetting(f"{name.upper()} must be a number above zero")
        for name in ("breaker_failures", "breaker_refusals"):
            if getattr(self, name) < 0:
                raise InvalidSetting(f"{name.upper()} must be 0 (off) or more")
        if not 0 <= self.breaker_no_receipt_share <= 1:
            raise InvalidSetting("BREAKER_NO_RECEIPT_SHARE must be from 0 (off) to 1")
        needed = time_for_one_send_ms(self.read_timeout_ms)
        if self.function_timeout_seconds * SECOND_MS < needed:
            raise InvalidSetting(
                f"FUNCTION_TIMEOUT_SECONDS={self.function_timeout_seconds} is too short for "
                f"READ_TIMEOUT_SECONDS={self.read_timeout_seconds:g}: "
                f"set at least {math.ceil(needed / SECOND_MS)}"
            )

        if self.public_url and not _PUBLIC_URL.fullmatch(self.public_url):
            raise InvalidSetting("PUBLIC_URL must be an address like https://api.example.com")
        try:
            _ = self.evolution_server
        except AddressRefused as refused:
            raise InvalidSetting(
                f"EVOLUTION_SERVER_URL cannot be used ({refused.problem}): give https://host, or "
                "set EVOLUTION_ALLOW_PRIVATE_ADDRESSES=true for a server in your own network"
            ) from None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Raises :class:`MissingSetting`, and ValueError for a value that cannot be."""
        values = os.environ if environment is None else environment

        def required(name: str) -> str:
            if not values.get(name):
                raise MissingSetting(name)
            return values[name]

        hosts = values.get("EVOLUTION_ALLOWED_HOSTS", "").split(",")
        return cls(
            table_name=required("TABLE_NAME"),
            queue_url=required("QUEUE_URL"),
            kms_key_id=required("KMS_KEY_ID"),
            scheduler_function_name=required("SCHEDULER_FUNCTION_NAME"),
            read_timeout_seconds=float(values.get("READ_TIMEOUT_SECONDS", "20")),
            connect_timeout_seconds=float(values.get("CONNECT_TIMEOUT_SECONDS", "5")),
            function_timeout_seconds=int(values.get("FUNCTION_TIMEOUT_SECONDS", "60")),
            unknown_grace_seconds=float(values.get("UNKNOWN_GRACE_SECONDS", "600")),
            lane_shards=int(values.get("LANE_SHARDS", "8")),
            breaker_failures=int(values.get("BREAKER_FAILURES", "5")),
            breaker_refusals=int(values.get("BREAKER_REFUSALS", "5")),
            breaker_sample=int(values.get("BREAKER_SAMPLE", "20")),
            breaker_no_receipt_share=float(values.get("BREAKER_NO_RECEIPT_SHARE", "0.9")),
            evolution_allowed_hosts=tuple(host.strip() for host in hosts if host.strip()),
            evolution_allow_private_addresses=(
                values.get("EVOLUTION_ALLOW_PRIVATE_ADDRESSES", "false").lower() == "true"
            ),
            evolution_server_url=values.get("EVOLUTION_SERVER_URL", "").strip(),
            evolution_server_key_parameter=values.get("EVOLUTION_SERVER_KEY_PARAMETER", ""),
            public_url=values.get("PUBLIC_URL", "").strip(),
            metrics_namespace=values.get("METRICS_NAMESPACE") or "campaigns",
        )

    @property
    def address_policy(self) -> AddressPolicy:
        """Which servers are called: those on the list, and the deployment's own."""
        policy = AddressPolicy(
            frozenset(host.lower() for host in self.evolution_allowed_hosts),
            self.evolution_allow_private_addresses,
        )
        own = self.evolution_server_url
        return policy.allowing(own) if own else policy

    @property
    def evolution_server(self) -> str:
        """The URL of the deployment's own Evolution server in its stored form; "" for none."""
        own = self.evolution_server_url
        return self.address_policy.check_url(own) if own else ""

    @property
    def breaker_limits(self) -> BreakerLimits:
        return BreakerLimits(
            failures=self.breaker_failures,
            refusals=self.breaker_refusals,
            sample=self.breaker_sample,
            no_receipt_share=self.breaker_no_receipt_share,
        )

    @property
    def read_timeout_ms(self) -> int:
        return int(self.read_timeout_seconds * SECOND_MS)

    @property
    def lease_ms(self) -> int:
        """A claim outlives the function that made it."""
        return (self.function_timeout_seconds + LEASE_MARGIN_SECONDS) * SECOND_MS

    @property
    def grace_ms(self) -> int:
        return int(self.unknown_grace_seconds * SECOND_MS)
