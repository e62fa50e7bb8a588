"""The parts of the API."""

from collections.abc import Sequence
from functools import cached_property
from random import SystemRandom
from typing import TYPE_CHECKING

from campaigns.bootstrap.scheduling import Scheduling

if TYPE_CHECKING:
    from campaigns.adapters.dynamodb.catalog_store import CatalogStore
    from campaigns.domain.model import Contact
    from campaigns.services.idempotency import Idempotency
    from campaigns.services.manage_campaigns import ManageCampaigns
    from campaigns.services.manage_contacts import ManageContacts
    from campaigns.services.manage_instances import ManageInstances
    from campaigns.services.manage_messages import ManageMessages
    from campaigns.services.manage_tenants import ManageTenants, NewTenant
    from campaigns.services.read_campaign_log import ReadCampaignLog
    from campaigns.services.run_campaign import RunCampaign

#: The longest that the API may work on a request: after that its idempotency key is free again.
_REQUEST_MS = 30_000


class Serving(Scheduling):
    """What answers calls."""

    @cached_property
    def run(self) -> "RunCampaign":
        from campaigns.services.run_campaign import RunCampaign

        return RunCampaign(
            campaigns=self.campaign_store,
            lanes=self.lanes,
            gates=self.gates,
            start=self.start,
            pause=self.pause,
            plan=self.plan,
            visit=self.visit,
            facts=self.facts,
            clock=self.clock,
            random=self.random,
        )

    @cached_property
    def catalog(self) -> "CatalogStore":
        from campaigns.adapters.dynamodb.catalog_store import CatalogStore

        return CatalogStore(self.table, self.campaign_store, self.lanes, self.concurrently)

    @cached_property
    def campaigns(self) -> "ManageCampaigns":
        from campaigns.services.manage_campaigns import ManageCampaigns

        return ManageCampaigns(
            campaigns=self.campaign_store,
            catalog=self.catalog,
            recipients=self.recipients,
            contacts=self.contact_store,
            instances=self.instance_store,
            gates=self.gates,
            tenants=self.tenant_rules,
            kick=self.kick,
            next_send_at=self.run.next_send_at,
            clock=self.clock,
            random=self.random,
        )

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
    def logs(self) -> "ReadCampaignLog":
        from campaigns.services.read_campaign_log import ReadCampaignLog

        return ReadCampaignLog(
            campaigns=self.campaign_store, catalog=self.catalog, recipients=self.recipients
        )

    @cached_property
    def contacts(self) -> "ManageContacts":
        from campaigns.services.manage_contacts import ManageContacts

        return ManageContacts(
            contacts=self.contact_store,
            suppressions=self.suppressions,
            identity=self.identity,
            clock=self.clock,
            random=self.random,
            concurrently=self.concurrently,
        )

    @cached_property
    def instances(self) -> "ManageInstances":
        from campaigns.adapters.evolution_admin import EvolutionAdmin
        from campaigns.adapters.http_client import resolve_name
        from campaigns.services.manage_instances import ManageInstances
        from campaigns.services.probe_instance import ProbeInstance

        return ManageInstances(
            instances=self.instance_store,
            gates=self.gates,
            campaigns=self.campaign_store,
            tenants=self.tenant_rules,
            vault=self.vault,
            probe=ProbeInstance(
                EvolutionAdmin(self.http_client), self.address_policy, resolve_name
            ),
            identity=self.identity,
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
    def idempotency(self) -> "Idempotency":
        from campaigns.adapters.dynamodb.idempotency_store import IdempotencyStore
        from campaigns.services.idempotency import Idempotency

        return Idempotency(
            records=IdempotencyStore(self.table),
            clock=self.clock,
            random=self.random,
            lock_ms=_REQUEST_MS,
        )

    def create_tenant(self, name: str) -> "NewTenant":
        """A tenant and its first owner key, for whoever runs the deployment."""
        return self.tenants.create_tenant(name)
