"""Who is who: keyed hashes and identifiers.

Outside the contact itself a person is only ever a keyed hash (HMAC-SHA-256 with the deployment's
secret, cut to 128 bits), so that neither a table dump nor a log tells a phone by trying them all.
"""

import hashlib
import hmac
from base64 import b32encode
from dataclasses import dataclass
from random import Random

_CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"


@dataclass(frozen=True, slots=True, repr=False)
class Identity:
    """Derives every identity of a person from the deployment's secret."""

    secret: bytes

    def person(self, person_key: str) -> str:
        """One person has one hash in the whole deployment, whatever tenant or spelling."""
        return self._hash("person", person_key)

    def contact_id(self, tenant_id: str, person: str) -> str:
        """A contact's id follows from tenant and person, so that an import is an upsert."""
        return "ct_" + self._hash("contact", tenant_id, person)

    def recipient_id(self, campaign_id: str, person: str) -> str:
        """A person is one recipient per campaign, whatever races."""
        return "rc_" + self._hash("recipient", campaign_id, person)

    def instance_mark(self, tenant_id: str, attempt: str) -> str:
        """Each attempt to make an instance has a mark of its own, which nobody else can guess."""
        return self._hash("instance", tenant_id, attempt)

    def alias(self, tenant_id: str, jid: str) -> str:
        """An address that tells no phone is kept as this, under its tenant alone."""
        return self._hash("alias", tenant_id, jid)

    def inbound(self, instance_id: str, whatsapp_message_id: str) -> str:
        """What somebody wrote to an instance has one hash, however often it is reported."""
        return self._hash("inbound", instance_id, whatsapp_message_id)

    def confirmation_id(self, instance_id: str, whatsapp_message_id: str) -> str:
        """An opt-out has one confirmation, whose id follows from the message that it answers."""
        return "dm_" + self._hash("confirmation", instance_id, whatsapp_message_id)

    def whatsapp_message_id(self, recipient_id: str, instance_id: str) -> str:
        """A recipient's message has one WhatsApp id per instance, in Evolution's format.

        Every further try carries the same id, which WhatsApp shows once.
        """
        digest = self._digest("message", recipient_id, instance_id)
        return "3EB0" + digest.hex()[:18].upper()

    def webhook_secret(self, instance_id: str, version: int) -> str:
        """An instance's webhook is known by a secret that follows from its id and a version.

        So nothing of it is stored but the version, which a rotation raises.
        """
        digest = self._digest("webhook", instance_id, str(version))
        return f"whs_{version}_{digest.hex()}"

    def _hash(self, *parts: str) -> str:
        return b32encode(self._digest(*parts)[:16]).decode().rstrip("=").lower()

    def _digest(self, *parts: str) -> bytes:
        return hmac.digest(self.secret, "\x1f".join(parts).encode(), hashlib.sha256)


def new_id(prefix: str, now_ms: int, random: Random) -> str:
    """A fresh id sorts by its time of birth: 48 bits of epoch milliseconds, 80 random ones."""
    value = (now_ms << 80) | random.getrandbits(80)
    digits = []
    for _ in range(26):
        value, index = divmod(value, 32)
        digits.append(_CROCKFORD[index])
    return f"{prefix}_{''.join(reversed(digits))}"


def new_token(random: Random) -> str:
    """A token names one guarded write, so that its author knows it again after a lost answer."""
    return f"{random.getrandbits(64):016x}"
