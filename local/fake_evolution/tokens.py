"""The JSON Web Token that Evolution signs its webhooks with, where it was given a `jwt_key`."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode

_LIVES_SECONDS = 600


def bearer(key: str, at: float) -> str:
    """HS256 over what Evolution claims: that it is itself, for ten minutes."""
    claims = {
        "iat": int(at),
        "exp": int(at) + _LIVES_SECONDS,
        "app": "evolution",
        "action": "webhook",
    }
    signed = f"{_part({'alg': 'HS256', 'typ': 'JWT'})}.{_part(claims)}"
    return f"{signed}.{_encoded(hmac.digest(key.encode(), signed.encode(), hashlib.sha256))}"


def _part(content: dict[str, object]) -> str:
    return _encoded(json.dumps(content, separators=(",", ":")).encode())


def _encoded(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()
