"""Cursors: a position in a list, sealed, so that it can only go on where it came from.

The seal is an HMAC with the deployment's secret over tenant, path, filters and position; the page's
size is not among them and may change on the way.
"""

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from campaigns.domain.errors import FieldError, ValidationFailed

_SEAL_BYTES: Final = 16
#: Keeps these seals apart from every other use of the secret.
_PURPOSE: Final = b"cursor"


@dataclass(frozen=True, slots=True)
class Cursors:
    """Seals and opens the positions of one list."""

    secret: bytes = field(repr=False)
    tenant_id: str
    path: str
    filters: Mapping[str, object]

    def seal(self, position: str) -> str:
        """The cursor of a position."""
        return urlsafe_b64encode(self._seal(position) + position.encode()).decode().rstrip("=")

    def open(self, cursor: str) -> str:
        """The position of a cursor. Raises :class:`ValidationFailed` for one that is not ours."""
        try:
            sealed = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            position = sealed[_SEAL_BYTES:].decode()
        except ValueError:
            raise bad_cursor() from None
        if not hmac.compare_digest(sealed[:_SEAL_BYTES], self._seal(position)):
            raise bad_cursor()
        return position

    def _seal(self, position: str) -> bytes:
        key = hmac.digest(self.secret, _PURPOSE, hashlib.sha256)
        bound = json.dumps([self.tenant_id, self.path, sorted(self.filters.items()), position])
        return hmac.digest(key, bound.encode(), hashlib.sha256)[:_SEAL_BYTES]


def bad_cursor() -> ValidationFailed:
    return ValidationFailed([FieldError("cursor", "invalid_cursor", "invalid_cursor")])
