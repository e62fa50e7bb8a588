"""What whoever runs the deployment does for its tenants; each of it is in the tenant's trail."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from campaigns.domain.audit import ADMIN, AuditObject, Change
from campaigns.domain.bearer_key import NewKey
from campaigns.domain.errors import ConcurrentUpdate
from campaigns.domain.model import Role, Tenant
from campaigns.domain.tenant_settings import DEFAULT_LOCALE, DEFAULT_ZONE, SETTINGS
from campaigns.services.audit import AuditTrail
from campaigns.services.manage_keys import ManageKeys
from campaigns.services.manage_tenants import ManageTenants, NewTenant


@dataclass(frozen=True, slots=True, kw_only=True)
class Administer:
    """Changes tenants and keys from outside the API, as the actor `admin`.

    Actions have the names that the API's operations have.
    """

    tenants: ManageTenants
    keys: ManageKeys
    audit: AuditTrail

    def create_tenant(
        self, name: str, *, timezone: str = DEFAULT_ZONE, locale: str = DEFAULT_LOCALE
    ) -> NewTenant:
        """A tenant with its first owner key."""
        made = self.tenants.create_tenant(name, timezone=timezone, locale=locale)
        self._record(
            made.tenant_id,
            Change(
                "create_tenant",
                AuditObject("tenant", made.tenant_id),
                fields=("locale", "name", "timezone"),
            ),
        )
        return made

    def change_tenant(self, tenant_id: str, changes: Mapping[str, Any]) -> Tenant:
        """Its settings named in `changes`. Raises NotFound, and ConcurrentUpdate.

        A change that lost a race is made once more, upon what is there then.
        """
        try:
            seen, changed = self._changed(tenant_id, changes)
        except ConcurrentUpdate:
            seen, changed = self._changed(tenant_id, changes)
        fields = tuple(sorted(n for n in SETTINGS if getattr(changed, n) != getattr(seen, n)))
        if fields:
            target = AuditObject("tenant", tenant_id)
            self._record(tenant_id, Change("change_tenant", target, fields=fields))
        return changed

    def create_key(self, tenant_id: str, name: str, role: Role) -> NewKey:
        """A key of that tenant. Raises NotFound."""
        made = self.keys.create(tenant_id, name, role)
        target = AuditObject("key", made.key.key_id)
        self._record(tenant_id, Change("create_key", target, fields=("name", "role")))
        return made

    def delete_key(self, tenant_id: str, key_id: str) -> None:
        """It opens nothing any more. Raises NotFound, and Conflict for the last owner key."""
        self.keys.delete(self.keys.read(tenant_id, key_id))
        self._record(tenant_id, Change("delete_key", AuditObject("key", key_id)))

    def _changed(self, tenant_id: str, changes: Mapping[str, Any]) -> tuple[Tenant, Tenant]:
        """The tenant before and after."""
        seen = self.tenants.read(tenant_id)
        return seen, self.tenants.change(seen, changes)

    def _record(self, tenant_id: str, change: Change) -> None:
        self.audit.record(tenant_id, ADMIN, change)
