"""Walk the low-water mark: settle what has come to its end, and find what was forgotten."""

from collections import Counter
from dataclasses import dataclass
from itertools import takewhile

from campaigns.domain.books import booking
from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.model import Campaign, Lane, Recipient
from campaigns.domain.recipient import RecipientErrorCode, RecipientStatus, require_move
from campaigns.domain.recipient_changes import ended, lease_expired, on_instance, released
from campaigns.domain.reopening import is_held
from campaigns.domain.walking import Finding, WalkRules, is_settled, judge, unbroken, waits_until
from campaigns.services.count_try import count_try
from campaigns.services.ports import Campaigns, Clock, Guard, Recipients
from campaigns.services.ports_metrics import Metrics

#: Recipients looked at in one walk: the work of a lane's minute does not grow with its campaign.
WALK_LIMIT = 500
#: The mark is written only after so many steps, or at the end: most minutes settle one or two.
MARK_STRIDE = 5
#: Pages of settled recipients that are passed in one walk, once people behind them were put back.
_SETTLED_PAGES = 20


@dataclass(frozen=True, slots=True)
class Walked:
    """Where the mark stands, and whether the lane must be looked at again.

    `needs_look`: something unsettled below the cursor does not merely wait for its retry.
    `earliest_retry`: when the first of those that wait is due. `doubtful`: those whose messages
    have to be looked for.
    """

    mark: int
    needs_look: bool
    earliest_retry: int | None
    doubtful: tuple[Recipient, ...] = ()


class WalkMark:
    """One walk over one campaign's recipients, from its mark to its lane's cursor."""

    def __init__(
        self, *, recipients: Recipients, campaigns: Campaigns, clock: Clock, metrics: Metrics
    ) -> None:
        self._recipients = recipients
        self._campaigns = campaigns
        self._clock = clock
        self._metrics = metrics

    def walk(self, campaign: Campaign, lane: Lane) -> Walked:
        is_cancelled = campaign.status is CampaignStatus.CANCELLED
        rules = WalkRules.of(lane, now=self._clock.now(), is_cancelled=is_cancelled)
        stop = campaign.total if is_cancelled else lane.cursor
        books: Counter[str] = Counter()
        try:
            after = self._look_at_all(campaign, lane, stop, rules, books)
        finally:
            # Who was moved before a write failed has been moved all the same.
            self._book(campaign, books)
        mark = campaign.mark
        is_held_back = is_held(campaign, rules.now)
        if not is_held_back:
            mark += sum(1 for _ in takewhile(is_settled, after))
            self._write_mark(campaign, mark, stop)
        waits = [waits_until(each, rules) for each in after if not is_settled(each)]
        return Walked(
            mark=mark,
            needs_look=is_held_back or None in waits or campaign.mark + len(after) < stop,
            earliest_retry=min((wait for wait in waits if wait is not None), default=None),
            doubtful=tuple(each for each in after if judge(each, rules) is Finding.LOOK_FOR),
        )

    def _look_at_all(
        self, campaign: Campaign, lane: Lane, stop: int, rules: WalkRules, books: Counter[str]
    ) -> list[Recipient]:
        """One page; where people were put back the mark lies far behind, and the walk passes
        several pages of those who are settled.
        """
        was_put_back = campaign.mark_held_until is not None
        after: list[Recipient] = []
        for _ in range(_SETTLED_PAGES if was_put_back else 1):
            start = campaign.mark + len(after)
            read = self._recipients.page(
                campaign.tenant_id,
                campaign.campaign_id,
                start,
                stop,
                limit=WALK_LIMIT,
                # An older read may show somebody settled who was put back since.
                consistent=was_put_back,
            )
            page = [
                self._look_at(on_instance(recipient, lane.key.instance_id), rules, books)
                for recipient in unbroken(read, start)
            ]
            after += page
            if len(page) < WALK_LIMIT or not all(map(is_settled, page)):
                break
        return after

    def _look_at(self, recipient: Recipient, rules: WalkRules, books: Counter[str]) -> Recipient:
        """The recipient after what was found was done; as it was where that was refused."""
        now = rules.now
        match judge(recipient, rules):
            case Finding.REQUEUE:
                after = released(recipient, now=now, not_before=now)
            case Finding.EXPIRE_LEASE:
                after = lease_expired(recipient, now=now)
            case Finding.SKIP:
                code = RecipientErrorCode.CAMPAIGN_CANCELLED
                after = ended(recipient, RecipientStatus.SKIPPED, code, now=now)
            case Finding.NOTHING | Finding.LOOK_FOR:
                return recipient
        if after.status is not recipient.status:
            require_move(recipient.status, after.status)
        guard = Guard(
            frozenset({recipient.status}),
            plan_number=recipient.plan_number,
            lease_token=recipient.lease_token,
        )
        stored = self._recipients.save(recipient, after, guard)
        if stored is None:
            return recipient
        books.update(booking(stored, after))
        if recipient.status is RecipientStatus.SENDING:
            # The call that made this try ended before it could tell.
            count_try(self._metrics, after.status)
        return after

    def _book(self, campaign: Campaign, books: Counter[str]) -> None:
        changes = {name: change for name, change in books.items() if change}
        if changes:
            self._campaigns.book(
                campaign.tenant_id, campaign.campaign_id, changes, self._clock.now()
            )

    def _write_mark(self, campaign: Campaign, mark: int, stop: int) -> None:
        if mark - campaign.mark >= MARK_STRIDE or (mark > campaign.mark and mark == stop):
            self._campaigns.advance_mark(campaign, mark)
