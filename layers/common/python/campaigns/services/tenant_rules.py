"""A tenant's zone, quiet hours and holidays, kept for a minute: every gate asks for them."""

from campaigns.domain.instants import MINUTE_MS
from campaigns.services.ports import Clock, TenantRules, Tenants


class CachedTenantRules:
    """See :class:`campaigns.services.ports.Tenants`; what it says is at most a minute old.

    Threads may read twice at once; the later answer stays.
    """

    def __init__(self, tenants: Tenants, clock: Clock) -> None:
        self._tenants = tenants
        self._clock = clock
        self._kept: dict[str, tuple[int, TenantRules]] = {}

    def rules(self, tenant_id: str) -> TenantRules:
        now = self._clock.now()
        read_at, rules = self._kept.get(tenant_id, (None, None))
        # A clock that was set back must not keep an entry for longer.
        if rules is None or read_at is None or not 0 <= now - read_at < MINUTE_MS:
            rules = self._tenants.rules(tenant_id)
            self._kept[tenant_id] = (now, rules)
        return rules

    def forget(self, tenant_id: str) -> None:
        """The next answer is read anew (in this process)."""
        self._kept.pop(tenant_id, None)
