"""Who may report of an instance: whoever has its webhook's secret, of which two may be valid."""

import re
from hmac import compare_digest
from typing import Final

from campaigns.domain.identity import Identity
from campaigns.domain.instants import MINUTE_MS
from campaigns.domain.model import Instance

#: After a rotation Evolution may still send what it queued under the secret before.
OVERLAP_MS: Final = 24 * 60 * MINUTE_MS
#: A secret tells its own version.
_SECRET: Final = re.compile(r"whs_([1-9][0-9]{0,8})_[0-9a-f]{64}")


def version_of(secret: str, identity: Identity, instance_id: str) -> int | None:
    """Of which version the secret is, if it is the instance's at all: nothing is read for it."""
    shape = _SECRET.fullmatch(secret)
    if shape is None:
        return None
    version = int(shape[1])
    is_right = compare_digest(identity.webhook_secret(instance_id, version), secret)
    return version if is_right else None


def is_valid(version: int, instance: Instance, now: int) -> bool:
    """The present version, and the one before it until a day after the server was told."""
    if version == instance.webhook_version:
        return True
    rotated_at = instance.webhook_rotated_at
    is_before = version == instance.webhook_version - 1
    return is_before and (rotated_at is None or now < rotated_at + OVERLAP_MS)
