"""The product's calls of KMS and of Evolution with their faults."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import httpx
from botocore.exceptions import ClientError

from tests.simulator.faults import Chaos, FaultKind

#: Sends are few, and their outcome matters most.
_SEND_TIMES = 8
_ANY = (FaultKind.CRASH, FaultKind.CRASH, FaultKind.TIMEOUT, FaultKind.THROTTLE)


@dataclass
class FaultyKms:
    """A key management service whose keys are as plain as can be."""

    chaos: Chaos

    def encrypt(self, **request: Any) -> dict[str, bytes]:
        return {"CiphertextBlob": _sealed(request["Plaintext"], request["EncryptionContext"])}

    def decrypt(self, **request: Any) -> dict[str, bytes]:
        fault = self.chaos.strike("Decrypt", _ANY)
        if fault and fault.kind is FaultKind.CRASH:
            self.chaos.crash(fault, lambda: None)
        if fault and fault.kind is FaultKind.SLOW_CALL:
            self.chaos.slow(fault, lambda: None)
        elif fault:
            error: Any = {"Error": {"Code": "ThrottlingException", "Message": "Rate exceeded"}}
            raise ClientError(error, "Decrypt")
        sealed = _sealed(b"", request["EncryptionContext"])
        assert request["CiphertextBlob"].startswith(sealed)
        return {"Plaintext": request["CiphertextBlob"].removeprefix(sealed)}

    def generate_data_key(self, **request: Any) -> dict[str, bytes]:
        secret = b"s" * int(request["NumberOfBytes"])
        return {
            "Plaintext": secret,
            "CiphertextBlob": _sealed(secret, request["EncryptionContext"]),
        }


def _sealed(plain: bytes, context: Mapping[str, str]) -> bytes:
    return json.dumps(context, sort_keys=True).encode() + b"|" + plain


class FaultyTransport(httpx.BaseTransport):
    """Evolution, and the way there. `leaving` hears of each request that leaves."""

    def __init__(
        self,
        transport: httpx.BaseTransport,
        chaos: Chaos,
        leaving: Callable[[httpx.Request], Callable[[], None]],
    ) -> None:
        self._transport = transport
        self._chaos = chaos
        self._leaving = leaving

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        name = f"{request.method} {request.url.path}"
        times = _SEND_TIMES if "/message/" in name else 1
        fault = self._chaos.strike(name, (*_ANY, FaultKind.LOST_ANSWER), times=times)

        def effect() -> httpx.Response:
            back = self._leaving(request)
            try:
                return self._transport.handle_request(request)
            finally:
                back()

        if fault is None:
            return effect()
        match fault.kind:
            case FaultKind.CRASH:
                return self._chaos.crash(fault, effect)
            case FaultKind.SLOW_CALL:
                # Its answer is: a request that leaves late is one that was sent late.
                return self._chaos.slow(replace(fault, after=True), effect)
            case FaultKind.THROTTLE:
                return httpx.Response(429, text="Too Many Requests", request=request)
            case FaultKind.TIMEOUT:
                read = float(request.extensions.get("timeout", {}).get("read") or 20)
                ends_at = self._chaos.clock.now() + round(read * 1_000)
                if fault.after:
                    effect()
                self._chaos.clock.sleep(max(0, ends_at - self._chaos.clock.now()))
                raise httpx.ReadTimeout("The read operation timed out", request=request)
        effect()
        raise httpx.ReadError("Connection reset by peer", request=request)
