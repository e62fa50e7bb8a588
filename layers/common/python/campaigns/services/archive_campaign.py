"""Archive a campaign that is over: it leaves the lists and keeps everything that it has."""

from dataclasses import replace
from typing import Final

from campaigns.domain.campaign import OVER
from campaigns.domain.errors import ConcurrentUpdate, InvalidState, NotFound
from campaigns.services.ports import CampaignCatalog, Campaigns, Clock

#: How often it is read again because it was changed in between.
_ATTEMPTS: Final = 3


class ArchiveCampaign:
    """Puts a campaign away and takes it back. Repeats change nothing."""

    def __init__(self, *, campaigns: Campaigns, catalog: CampaignCatalog, clock: Clock) -> None:
        self._campaigns = campaigns
        self._catalog = catalog
        self._clock = clock

    def archive(self, tenant_id: str, campaign_id: str) -> bool:
        """False where it was archived already.

        Raises :class:`NotFound`, and :class:`InvalidState` where the campaign is not over: a draft
        is deleted instead, what is scheduled or live is still to be seen.
        """
        return self._move(tenant_id, campaign_id, to_archive=True)

    def unarchive(self, tenant_id: str, campaign_id: str) -> bool:
        """False where it is in the lists anyway. Raises :class:`NotFound`."""
        return self._move(tenant_id, campaign_id, to_archive=False)

    def _move(self, tenant_id: str, campaign_id: str, *, to_archive: bool) -> bool:
        for _ in range(_ATTEMPTS):
            old = self._campaigns.head(tenant_id, campaign_id, consistent=True)
            if old is None:
                raise NotFound
            if to_archive and old.status not in OVER:
                raise InvalidState(old.status)
            if (old.archived_at is not None) is to_archive:
                return False
            now = self._clock.now()
            new = replace(
                old,
                archived_at=now if to_archive else None,
                updated_at=max(now, old.updated_at + 1),
            )
            if self._catalog.edit(old, new, None):
                return True
        raise ConcurrentUpdate
