"""What the audit trail needs from outside."""

from typing import Protocol

from campaigns.domain.audit import AuditEntry
from campaigns.services.ports import Listing


class AuditLog(Protocol):
    def put(self, entry: AuditEntry) -> None: ...

    def page(self, tenant_id: str, *, after: str | None, limit: int) -> Listing[AuditEntry]:
        """Newest first, consistently; `after` is the last entry's id of the page before."""
