"""Walk the low-water mark: settle what has come to its end, and find what was forgotten."""

from collections import Counter
from dataclasses import dataclass

from campaigns.domain.books import booking
from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.model import Campaign, Lane, Recipient
from campaigns.domain.recipient import RecipientErrorCode, RecipientStatus, require_move
from campaigns.domain.recipient_changes import ended, lease_expired, on_instance, released
from campaigns.domain.walking import Finding, WalkRules, is_settled, judge, unbroken, waits_until
from campaigns.services.ports import Campaigns, Clock, Guard, Recipients

#: Recipients looked at in one walk: the work of a lane's minute does not grow with its campaign.
WALK_LIMIT = 500
#: The mark is written only after so many steps, or at the end: most minutes settle one or two.
MARK_STRIDE = 5


@dataclass(frozen=True, slots=True)
class Walked:
    """Where the mark stands, and whether the lane must be looked at again.

    `needs_look`: something unsettled below the cursor does not merely wait for its retry.
    `earliest_retry`: when the first of those that wait is due.
    """

    mark: int
    needs_look: bool
    earliest_retry: int | None


class WalkMark:
    """One walk over one campaign's recipients, from its mark to its lane's cursor."""

    def __init__(
        self, *, recipients: Recipients, campaigns: Campaigns, clock: Clock, grace_ms: int
    ) -> None:
        self._recipients = recipients
        self._campaigns = campaigns
        self._clock = clock
        self._grace_ms = grace_ms

    def walk(self, campaign: Campaign, lane: Lane) -> Walked:
        is_cancelled = campaign.status is CampaignStatus.CANCELLED
        rules = WalkRules.of(
            lane,
            now=self._clock.now(),
            grace_ms=self._grace_ms,
            is_cancelled=is_cancelled,
        )
        stop = campaign.total if is_cancelled else lane.cursor
        read = self._recipients.page(
            campaign.tenant_id, campaign.campaign_id, campaign.mark, stop, limit=WALK_LIMIT
        )
        page = [
            on_instance(recipient, lane.key.instance_id)
            for recipient in unbroken(read, campaign.mark)
        ]
        books: Counter[str] = Counter()
        after = [self._look_at(recipient, rules, books) for recipient in page]
        self._book(campaign, books)
        mark = campaign.mark
        while mark - campaign.mark < len(after) and is_settled(after[mark - campaign.mark]):
            mark += 1
        self._write_mark(campaign, mark, stop)
        waits = [waits_until(each) for each in after if not is_settled(each)]
        return Walked(
            mark=mark,
            needs_look=None in waits or campaign.mark + len(page) < stop,
            earliest_retry=min((wait for wait in waits if wait is not None), default=None),
        )

    def _look_at(self, recipient: Recipient, rules: WalkRules, books: Counter[str]) -> Recipient:
        """The recipient after what was found was done; as it was where that was refused."""
        now = rules.now
        match judge(recipient, rules):
            case Finding.REQUEUE:
                after = released(recipient, now=now, not_before=now)
            case Finding.EXPIRE_LEASE:
                after = lease_expired(recipient, now=now)
            case Finding.UNCONFIRM:
                after = ended(recipient, RecipientStatus.UNCONFIRMED, None, now=now)
            case Finding.SKIP:
                code = RecipientErrorCode.CAMPAIGN_CANCELLED
                after = ended(recipient, RecipientStatus.SKIPPED, code, now=now)
            case Finding.NOTHING:
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
