"""The parts of the API."""

from collections.abc import Sequence
from functools import cached_property
from random import SystemRandom
from typing import TYPE_CHECKING

from campaigns.bootstrap.connecting import Connecting
from campaigns.bootstrap.managing import Managing
from campaigns.bootstrap.opting_out import OptingOut

if TYPE_CHECKING:
    from campaigns.domain.model import Contact
    from campaigns.services.administer import Administer
    from campaigns.services.after_restore import AfterRestore
    from campaigns.services.audit import AuditTrail
    from campaigns.services.count_lists import CountLists
    from campaigns.services.idempotency import Idempotency
    from campaigns.services.manage_contacts import ManageContacts
    from campaigns.services.manage_direct import ManageDirect
    from campaigns.services.manage_groups import ManageGroups
    from campaigns.services.manage_keys import ManageKeys
    from campaigns.services.manage_messages import ManageMessages
    from campaigns.services.manage_tenants import ManageTenants, NewTenant

#: The longest that the API may work on a request: after that its idempotency key is free again.
_REQUEST_MS = 30_000


class Serving(Managing, Connecting, OptingOut):
    """What answers calls."""

    @cached_property
    def messages(self) -> "ManageMessages":
        from campaigns.services.manage_messages import ManageMessages

        return ManageMessages(
            campaigns=self.campaign_store,
            catalog=self.catalog,
            recipients=self.recipients,
            contacts=self.contact_store,
            sample=self._first_contacts,
            tenants=self.tenant_rules,
            clock=self.clock,
            random=self.random,
        )

    def _first_contacts(self, tenant_id: str, limit: int) -> "Sequence[Contact]":
        from campaigns.services.ports_registry import ContactOrder, ContactScan

        by_name = ContactScan(ContactOrder.NAME)
        return self.contact_store.page(tenant_id, by_name, after=None, limit=limit).items

    @cached_property
    def contacts(self) -> "ManageContacts":
        from campaigns.services.bulk_contacts import BulkContacts
        from campaigns.services.manage_contacts import ManageContacts

        return ManageContacts(
            contacts=self.contact_store,
            choose=self.choose_for_contact,
            reading=self.contact_reading,
            counting=self._list_counting,
            bulk=BulkContacts(
                contacts=self.contact_store,
                reading=self.contact_reading,
                counting=self._list_counting,
                identity=self.identity,
                clock=self.clock,
                random=self.random,
                concurrently=self.concurrently,
            ),
            identity=self.identity,
            clock=self.clock,
            random=self.random,
        )

    @cached_property
    def groups(self) -> "ManageGroups":
        from campaigns.adapters.dynamodb.group_store import GroupStore
        from campaigns.services.manage_groups import ManageGroups

        return ManageGroups(
            groups=GroupStore(self.table, self.concurrently),
            contacts=self.contact_store,
            reading=self.contact_reading,
            counting=self._list_counting,
            clock=self.clock,
            random=self.random,
            concurrently=self.concurrently,
        )

    @cached_property
    def _list_counting(self) -> "CountLists":
        from campaigns.adapters.dynamodb.member_store import ListCountStore
        from campaigns.services.count_lists import CountLists

        return CountLists(
            counts=ListCountStore(self.table),
            clock=self.clock,
            random=self.random,
            concurrently=self.concurrently,
        )

    @cached_property
    def tenants(self) -> "ManageTenants":
        from campaigns.services.manage_tenants import ManageTenants

        return ManageTenants(
            tenants=self.tenant_store,
            cached_rules=self.tenant_rules,
            clock=self.clock,
            random=SystemRandom(),
        )

    @cached_property
    def keys(self) -> "ManageKeys":
        from campaigns.adapters.dynamodb.key_store import KeyStore
        from campaigns.services.manage_keys import ManageKeys

        return ManageKeys(keys=KeyStore(self.table), clock=self.clock, random=SystemRandom())

    @cached_property
    def audit(self) -> "AuditTrail":
        from campaigns.adapters.dynamodb.audit_store import AuditStore
        from campaigns.services.audit import AuditTrail

        return AuditTrail(log=AuditStore(self.table), clock=self.clock, random=self.random)

    @cached_property
    def direct(self) -> "ManageDirect":
        from campaigns.services.manage_direct import ManageDirect

        return ManageDirect(
            messages=self.direct_messages,
            instances=self.instance_store,
            gates=self.gates,
            campaigns=self.campaign_store,
            contacts=self.contact_store,
            suppressions=self.suppressions,
            tenants=self.tenant_rules,
            queue=self.queue,
            identity=self.identity,
            clock=self.clock,
            random=self.random,
        )

    @cached_property
    def idempotency(self) -> "Idempotency":
        from campaigns.adapters.dynamodb.idempotency_store import IdempotencyStore
        from campaigns.services.idempotency import Idempotency

        return Idempotency(
            records=IdempotencyStore(self.table),
            clock=self.clock,
            random=self.random,
            lock_ms=_REQUEST_MS,
        )

    @cached_property
    def after_restore(self) -> "AfterRestore":
        from campaigns.adapters.dynamodb.restore_store import RestoreStore
        from campaigns.services.after_restore import AfterRestore
        from campaigns.services.pass_gates import person_gap_ms

        return AfterRestore(
            tenants=self.tenant_store,
            catalog=self.catalog,
            campaigns=self.campaign_store,
            recipients=self.recipients,
            lanes=self.lanes,
            instances=self.instance_store,
            gates=self.gates,
            restoration=RestoreStore(self.table),
            lay=lambda tenant_id, campaign_id, deadline: self.lay.lay(
                tenant_id, campaign_id, deadline
            ),
            # Only who doubts somebody needs the deployment's secret.
            identity=lambda: self.identity,
            clock=self.clock,
            random=self.random,
            concurrently=self.concurrently,
            person_gap_ms=person_gap_ms(self.settings.read_timeout_ms),
        )

    @cached_property
    def administer(self) -> "Administer":
        from campaigns.services.administer import Administer

        return Administer(tenants=self.tenants, keys=self.keys, audit=self.audit)

    def create_tenant(self, name: str) -> "NewTenant":
        """A tenant and its first owner key, for whoever runs the deployment."""
        return self.administer.create_tenant(name)
