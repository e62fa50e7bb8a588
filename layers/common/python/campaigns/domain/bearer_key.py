"""Keys to the API: ``ak_<key id>_<secret>``, of which only a hash of the secret is kept."""

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from random import SystemRandom
from typing import Final

from campaigns.domain.identity import new_id
from campaigns.domain.model import Key, Role

SECRET_BYTES: Final = 32

_BEARER: Final = re.compile(r"ak_([0-9a-z]{26})_([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Bearer:
    """A key as its holder shows it."""

    key_id: str
    secret: str = field(repr=False)

    def opens(self, key: Key) -> bool:
        """Compared in constant time."""
        return hmac.compare_digest(_hash(self.secret), key.secret_hash)


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key with its whole text, which is shown this once."""

    key: Key
    text: str = field(repr=False)


def new_key(tenant_id: str, role: Role, name: str, now: int, random: SystemRandom) -> NewKey:
    """A key whose secret nobody can guess; `now` in epoch milliseconds."""
    key_id = new_id("ak", now, random).removeprefix("ak_")
    secret = random.randbytes(SECRET_BYTES).hex()
    key = Key(key_id, tenant_id, role, name, _hash(secret), created_at=now)
    return NewKey(key, f"{prefix_of(key)}_{secret}")


def prefix_of(key: Key) -> str:
    """What the key begins with: its part that is no secret, by which its holder knows it again."""
    return f"ak_{key.key_id}"


def read_bearer(text: str) -> Bearer | None:
    """The key that stands behind the word Bearer, if it has a key's form."""
    match = _BEARER.fullmatch(text)
    return Bearer(match[1], match[2]) if match else None


def _hash(secret: str) -> str:
    # The secret has 256 random bits: nothing is won by a slow hash.
    return hashlib.sha256(secret.encode()).hexdigest()
