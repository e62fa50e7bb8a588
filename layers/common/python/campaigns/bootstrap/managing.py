"""The parts that show campaigns, run them and change them."""

from functools import cached_property
from typing import TYPE_CHECKING

from campaigns.bootstrap.composing import Composing

if TYPE_CHECKING:
    from campaigns.adapters.dynamodb.reopening_store import ReopeningStore
    from campaigns.services.archive_campaign import ArchiveCampaign
    from campaigns.services.campaign_details import DescribeCampaign
    from campaigns.services.check_campaign import CheckCampaign
    from campaigns.services.delete_draft import DeleteDraft
    from campaigns.services.edit_campaign import EditCampaign
    from campaigns.services.manage_campaigns import ManageCampaigns
    from campaigns.services.read_campaign_log import ReadCampaignLog
    from campaigns.services.read_recipients import ReadRecipients
    from campaigns.services.reopen import Reopen
    from campaigns.services.resolve_recipient import ResolveRecipient
    from campaigns.services.retry_failed import RetryFailed


class Managing(Composing):
    """What is done with a campaign that is there."""

    @cached_property
    def campaigns(self) -> "ManageCampaigns":
        from campaigns.services.manage_campaigns import ManageCampaigns

        return ManageCampaigns(
            campaigns=self.campaign_store,
            catalog=self.catalog,
            create=self.create_campaign,
            describe=self.describe,
            clock=self.clock,
        )

    @cached_property
    def describe(self) -> "DescribeCampaign":
        from campaigns.services.campaign_details import DescribeCampaign

        return DescribeCampaign(
            instances=self.instance_store,
            gates=self.gates,
            tenants=self.tenant_rules,
            next_send_at=self.run.next_send_at,
        )

    @cached_property
    def edit_campaign(self) -> "EditCampaign":
        from campaigns.services.edit_campaign import EditCampaign

        return EditCampaign(
            campaigns=self.campaign_store,
            catalog=self.catalog,
            instances=self.instance_store,
            describe=self.describe,
            clock=self.clock,
        )

    @cached_property
    def archive_campaign(self) -> "ArchiveCampaign":
        from campaigns.services.archive_campaign import ArchiveCampaign

        return ArchiveCampaign(
            campaigns=self.campaign_store, catalog=self.catalog, clock=self.clock
        )

    @cached_property
    def delete_draft(self) -> "DeleteDraft":
        from campaigns.services.delete_draft import DeleteDraft

        return DeleteDraft(removals=self.removals, clock=self.clock)

    @cached_property
    def check_campaign(self) -> "CheckCampaign":
        from campaigns.services.check_campaign import CheckCampaign

        return CheckCampaign(
            campaigns=self.campaign_store,
            tenants=self.tenant_rules,
            start=self.start,
            describe=self.describe,
            clock=self.clock,
        )

    @cached_property
    def resolve_recipient(self) -> "ResolveRecipient":
        from campaigns.services.resolve_recipient import ResolveRecipient

        return ResolveRecipient(
            campaigns=self.campaign_store,
            recipients=self.recipients,
            reopenings=self._reopenings,
            reopen=self._reopen,
            clock=self.clock,
            random=self.random,
        )

    @cached_property
    def retry_failed(self) -> "RetryFailed":
        from campaigns.services.retry_failed import RetryFailed

        return RetryFailed(
            campaigns=self.campaign_store,
            recipients=self.recipients,
            failed=self.recipients,
            reopen=self._reopen,
            clock=self.clock,
            random=self.random,
            concurrently=self.concurrently,
        )

    @cached_property
    def _reopenings(self) -> "ReopeningStore":
        from campaigns.adapters.dynamodb.reopening_store import ReopeningStore

        return ReopeningStore(self.table, self.lanes, self.recipients)

    @cached_property
    def _reopen(self) -> "Reopen":
        from campaigns.services.reopen import Reopen

        return Reopen(
            reopenings=self._reopenings, gates=self.gates, clock=self.clock, random=self.random
        )

    @cached_property
    def read_recipients(self) -> "ReadRecipients":
        from campaigns.services.read_recipients import ReadRecipients

        return ReadRecipients(
            campaigns=self.campaign_store,
            recipients=self.recipients,
            contacts=self.contact_store,
        )

    @cached_property
    def logs(self) -> "ReadCampaignLog":
        from campaigns.services.read_campaign_log import ReadCampaignLog

        return ReadCampaignLog(
            campaigns=self.campaign_store, catalog=self.catalog, recipients=self.recipients
        )
