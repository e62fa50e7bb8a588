"""The audit trail of a tenant: every change is recorded once it has happened, and can be read."""

import logging
from dataclasses import asdict, dataclass
from random import Random

from campaigns.domain.audit import AuditEntry, Change, new_audit_entry
from campaigns.services.ports import Clock, Listing
from campaigns.services.ports_audit import AuditLog

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditTrail:
    """Records changes and lists them."""

    log: AuditLog
    clock: Clock
    random: Random

    def record(self, tenant_id: str, actor: str, change: Change) -> None:
        """A change that was made is told to its author, whether or not its entry can be kept.

        An entry that cannot be written goes to the function's log, as an error and whole: it holds
        names and ids, nothing personal. Never raises.
        """
        entry = new_audit_entry(tenant_id, actor, change, self.clock.now(), self.random)
        try:
            self.log.put(entry)
        except Exception as error:
            _log.error(
                "audit_entry_not_kept",
                extra={"error": type(error).__name__, "entry": asdict(entry)},
            )

    def list(self, tenant_id: str, *, after: str | None, limit: int) -> Listing[AuditEntry]:
        """Newest first."""
        return self.log.page(tenant_id, after=after, limit=limit)
