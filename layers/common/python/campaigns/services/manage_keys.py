"""Keys of a tenant: made with their text shown once, listed, deleted."""

from dataclasses import dataclass
from random import SystemRandom

from campaigns.domain.bearer_key import NewKey, new_key
from campaigns.domain.errors import Conflict, ConflictCode, NotFound, ValidationFailed
from campaigns.domain.model import Key, Role
from campaigns.domain.tenant_settings import check_name
from campaigns.services.ports import Clock, Listing
from campaigns.services.ports_keys import KeyBook, KeyRefusal


@dataclass(frozen=True, slots=True, kw_only=True)
class ManageKeys:
    """Keys of the deployment's tenants; `random` makes secrets."""

    keys: KeyBook
    clock: Clock
    random: SystemRandom

    def create(self, tenant_id: str, name: str, role: Role) -> NewKey:
        """A key for a role. Raises NotFound where there is no such tenant."""
        name = name.strip()
        if errors := check_name(name):
            raise ValidationFailed(errors)
        made = new_key(tenant_id, role, name, self.clock.now(), self.random)
        if not self.keys.create(made.key):
            raise NotFound
        return made

    def list(self, tenant_id: str, *, after: str | None, limit: int) -> Listing[Key]:
        """In the order in which they were created."""
        return self.keys.page(tenant_id, after=after, limit=limit)

    def read(self, tenant_id: str, key_id: str) -> Key:
        """Raises NotFound alike for an unknown key and another tenant's."""
        key = self.keys.read(key_id)
        if key is None or key.tenant_id != tenant_id:
            raise NotFound
        return key

    def delete(self, key: Key) -> None:
        """It opens nothing from now on. The last owner key stays: a Conflict."""
        match self.keys.delete(key):
            case KeyRefusal.GONE:
                raise NotFound
            case KeyRefusal.LAST_OWNER:
                raise Conflict(ConflictCode.LAST_OWNER_KEY)
