"""Keep the books: recount a campaign's recipients and correct its counters where they differ."""

import logging
from collections import Counter
from random import Random

from campaigns.domain.books import counted, is_book
from campaigns.domain.campaign_log import new_entry
from campaigns.domain.instants import MINUTE_MS
from campaigns.domain.model import Campaign, EventType, LogLevel
from campaigns.services.ports import Campaigns, Clock, Recipients

#: A campaign is quiet when its counters have not moved for this long.
QUIET_MS = 10 * MINUTE_MS
#: By then whoever settled the last recipients has booked it, or never will.
BOOKED_WITHIN_MS = 2 * MINUTE_MS
_PAGE = 1_000

_log = logging.getLogger(__name__)


class KeepBooks:
    """Counters are added to beside each transition; a crash between the two leaves them off."""

    def __init__(
        self, *, recipients: Recipients, campaigns: Campaigns, clock: Clock, random: Random
    ) -> None:
        self._recipients = recipients
        self._campaigns = campaigns
        self._clock = clock
        self._random = random

    def recount(self, campaign: Campaign) -> bool:
        """Make every counter equal what the recipients say; True where they did already.

        False asks for another recount: they moved meanwhile, or were corrected, and a booking that
        was on its way just then would come on top.
        """
        tenant_id, campaign_id = campaign.tenant_id, campaign.campaign_id
        seen = self._campaigns.counters(tenant_id, campaign_id)
        found = dict.fromkeys(filter(is_book, seen), 0) | self._count(campaign)
        wrong = {
            name: count - seen.get(name, 0)
            for name, count in found.items()
            if count != seen.get(name, 0)
        }
        if not wrong:
            return True
        if not self._campaigns.correct(tenant_id, campaign_id, seen, found):
            return False
        _log.warning("books_corrected", extra={"campaign_id": campaign_id, "differences": wrong})
        now = self._clock.now()
        entry = new_entry(
            EventType.BOOKS_CORRECTED,
            now,
            self._random,
            level=LogLevel.WARNING,
            metadata=dict(wrong),
        )
        self._campaigns.log(tenant_id, campaign_id, entry)
        return False

    def changed_at(self, campaign: Campaign) -> int:
        """When the counters last moved; 0 if never."""
        counters = self._campaigns.counters(campaign.tenant_id, campaign.campaign_id)
        return counters.get("changed_at", 0)

    def _count(self, campaign: Campaign) -> dict[str, int]:
        found: Counter[str] = Counter()
        start = 0
        while page := self._recipients.page(
            campaign.tenant_id,
            campaign.campaign_id,
            start,
            campaign.total,
            limit=_PAGE,
            consistent=True,
        ):
            for recipient in page:
                found.update(counted(recipient))
            start = page[-1].sequence + 1
        return dict(found)
