"""The caller's tenant: ``/api/tenant/``."""

from campaigns.domain.model import Role
from campaigns_api.call import Call, Edit
from campaigns_api.models.tenant import TenantOut, TenantPatch, TenantPut
from campaigns_api.operations import Routes

routes = Routes("tenant", "/api/tenant/")


@routes.get()
def get_tenant(call: Call) -> TenantOut:
    """Get the tenant that the key belongs to."""
    return TenantOut.of(call.app.tenants.read(call.tenant_id))


@routes.put(role=Role.OWNER)
def replace_tenant(call: Call, body: Edit[TenantPut]) -> TenantOut:
    """Replace the tenant's settings."""
    return _changed(call, body)


@routes.patch(role=Role.OWNER)
def change_tenant(call: Call, body: Edit[TenantPatch]) -> TenantOut:
    """Change some of the tenant's settings."""
    return _changed(call, body)


def _changed(call: Call, body: Edit[TenantPut] | Edit[TenantPatch]) -> TenantOut:
    seen = call.app.tenants.read(call.tenant_id)
    given = body.over(TenantOut.of(seen))
    changes = given.model_dump(include=given.model_fields_set)
    return TenantOut.of(call.app.tenants.change(seen, changes))
