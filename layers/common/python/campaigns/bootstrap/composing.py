"""The parts that make campaigns and choose their recipients."""

from functools import cached_property
from typing import TYPE_CHECKING

from campaigns.bootstrap.scheduling import Scheduling

if TYPE_CHECKING:
    from campaigns.adapters.dynamodb.catalog_store import CatalogStore
    from campaigns.adapters.dynamodb.source_store import SourceStore
    from campaigns.services.add_recipients import AddRecipients
    from campaigns.services.count_audience import CountAudience
    from campaigns.services.create_campaign import CreateCampaign
    from campaigns.services.duplicate_campaign import DuplicateCampaign
    from campaigns.services.remove_recipient import RemoveRecipient
    from campaigns.services.sources import References


class Composing(Scheduling):
    """What a campaign consists of, and whom it is for."""

    @cached_property
    def catalog(self) -> "CatalogStore":
        from campaigns.adapters.dynamodb.catalog_store import CatalogStore

        return CatalogStore(self.table, self.campaign_store, self.lanes, self.concurrently)

    @cached_property
    def create_campaign(self) -> "CreateCampaign":
        from campaigns.services.create_campaign import CreateCampaign

        return CreateCampaign(
            catalog=self.catalog,
            instances=self.instance_store,
            references=self.references,
            kick=self.kick,
            clock=self.clock,
            random=self.random,
        )

    @cached_property
    def duplicate_campaign(self) -> "DuplicateCampaign":
        from campaigns.services.duplicate_campaign import DuplicateCampaign

        return DuplicateCampaign(
            campaigns=self.campaign_store,
            create=self.create_campaign,
            clock=self.clock,
            random=self.random,
        )

    @cached_property
    def add_recipients(self) -> "AddRecipients":
        from campaigns.services.add_recipients import AddRecipients

        return AddRecipients(
            campaigns=self.campaign_store,
            sources=self._sources,
            references=self.references,
            kick=self.kick,
            clock=self.clock,
            random=self.random,
        )

    @cached_property
    def remove_recipient(self) -> "RemoveRecipient":
        from campaigns.services.remove_recipient import RemoveRecipient

        return RemoveRecipient(
            campaigns=self.campaign_store,
            sources=self._sources,
            recipients=self.recipients,
            clock=self.clock,
        )

    @cached_property
    def count_audience(self) -> "CountAudience":
        from campaigns.services.count_audience import CountAudience

        return CountAudience(
            contacts=self.contact_store,
            suppressions=self.suppressions,
            memberships=self.memberships,
            references=self.references,
            concurrently=self.concurrently,
        )

    @cached_property
    def references(self) -> "References":
        from campaigns.services.sources import References

        return References(contacts=self.contact_store, memberships=self.memberships)

    @cached_property
    def _sources(self) -> "SourceStore":
        from campaigns.adapters.dynamodb.source_store import SourceStore

        return SourceStore(self.table, self.lanes)
