"""What keeping a tenant's keys needs from outside."""

from enum import StrEnum
from typing import Protocol

from campaigns.domain.model import Key
from campaigns.services.ports import Listing


class KeyRefusal(StrEnum):
    """Why a key was not deleted."""

    GONE = "gone"
    LAST_OWNER = "last_owner"


class KeyBook(Protocol):
    def read(self, key_id: str) -> Key | None:
        """Consistently."""

    def page(self, tenant_id: str, *, after: str | None, limit: int) -> Listing[Key]:
        """In the order in which they were created; one of the last second may be missing."""

    def create(self, key: Key) -> bool:
        """False where there is no such tenant."""

    def delete(self, key: Key) -> KeyRefusal | None:
        """None when done. Of two deletions of the last two owner keys at once one is refused."""
