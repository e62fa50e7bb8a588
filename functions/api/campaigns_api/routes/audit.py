"""The audit trail: ``/api/audit/``."""

from campaigns.domain.model import Role
from campaigns_api.call import Call
from campaigns_api.models.audit import AuditEntryOut, AuditPage
from campaigns_api.models.base import ListQuery
from campaigns_api.operations import Routes

routes = Routes("audit", "/api/audit/")


@routes.get(role=Role.OWNER)
def list_audit_entries(call: Call, query: ListQuery) -> AuditPage:
    """List who changed what, newest first.

    Every change that succeeded is here, once; a call that changed nothing is not.
    """
    listing = call.app.audit.list(call.tenant_id, after=call.after(query), limit=query.limit)
    return AuditPage(
        results=[AuditEntryOut.of(entry) for entry in listing.items],
        next=call.cursor(query, listing.next),
    )
