"""Find somebody whom a campaign can still reach: people opt out after they were laid."""

from collections.abc import Sequence
from typing import Final

from campaigns.domain.model import Campaign, Recipient
from campaigns.services.ports import Contacts, Recipients, Suppressions

#: Recipients looked at, step by step: nearly always one of the first few is reachable.
_STEPS: Final = (10, 100, 1_000)


class FindReachable:
    """Looks until one is found. Where a thousand in a row are not, the others are taken to be."""

    def __init__(
        self, *, recipients: Recipients, contacts: Contacts, suppressions: Suppressions
    ) -> None:
        self._recipients = recipients
        self._contacts = contacts
        self._suppressions = suppressions

    def is_there(self, campaign: Campaign) -> bool:
        """Whether at least one recipient is active and has not opted out."""
        start = 0
        for step in _STEPS:
            if start >= campaign.total:
                return False
            # Consistently: a start may follow laying, and laying its contacts, within a second.
            page = self._recipients.page(
                campaign.tenant_id,
                campaign.campaign_id,
                start,
                campaign.total,
                limit=step,
                consistent=True,
            )
            if self._has_reachable(campaign.tenant_id, page):
                return True
            start += step
        return start < campaign.total

    def _has_reachable(self, tenant_id: str, page: Sequence[Recipient]) -> bool:
        contact_ids = [each.contact_id for each in page]
        contacts = self._contacts.read_many(tenant_id, contact_ids, consistent=True)
        persons = {contact.person for contact in contacts.values() if contact.is_active}
        return bool(persons - self._suppressions.read_many(tenant_id, sorted(persons)))
