"""Put back whoever failed for a reason that may be gone by now.

The mark is brought back and held first; then recipients are written, side by side; then the mark is
brought back once more, in case the hold ran out meanwhile, and let go. After a crash anywhere the
hold runs out, and the walk begins at the mark that was brought back: it finds everybody.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import batched
from random import Random
from typing import Final

from campaigns.domain.books import booking
from campaigns.domain.campaign import LIVE, CampaignStatus, CampaignTrigger
from campaigns.domain.campaign_log import new_entry
from campaigns.domain.errors import ConcurrentUpdate, InvalidState, NotFound
from campaigns.domain.instants import SECOND_MS
from campaigns.domain.model import Campaign, EventType, LogEntry, Recipient
from campaigns.domain.recipient import RecipientStatus
from campaigns.domain.reopening import HOLD_MS, LEAST_HOLD_MS, is_held
from campaigns.domain.retrying import kept_because, requeued
from campaigns.services.ports import Campaigns, Clock, Concurrently, Guard, Recipients
from campaigns.services.ports_reopening import FailedRecipients
from campaigns.services.reopen import Reopen

#: Sequences looked through by one read, and reads at once.
_SLICE: Final = 1_000
_SLICES_AT_ONCE: Final = 8
#: Recipients written between two looks at the clock.
_PIECE: Final = 100
_RETRIABLE: Final = LIVE | {CampaignStatus.COMPLETED}
#: A hold of somebody else is waited for so long: most are over within a second.
_PATIENCE_MS: Final = 5 * SECOND_MS
_ASK_AGAIN_MS: Final = 250
#: How often the head is read again because it has changed in between.
_ATTEMPTS: Final = 5


@dataclass(frozen=True, slots=True)
class Retried:
    """How many were put back, and how many stay failed, by the reason why.

    `is_complete` False: the time was up, and a repeat goes on.
    """

    requeued: int
    excluded: Mapping[str, int]
    is_complete: bool


@dataclass(slots=True)
class _Run:
    """What one call has done so far; `held` is the head as its own hold left it."""

    campaign: Campaign
    actor: str
    held: Campaign | None = None
    lowest: int = 0
    requeued: int = 0
    excluded: Counter[str] = field(default_factory=Counter)


class RetryFailed:
    """Puts recipients back under new plan numbers. One call at a time holds a campaign's mark."""

    def __init__(
        self,
        *,
        campaigns: Campaigns,
        recipients: Recipients,
        failed: FailedRecipients,
        reopen: Reopen,
        clock: Clock,
        random: Random,
        concurrently: Concurrently,
    ) -> None:
        self._campaigns = campaigns
        self._recipients = recipients
        self._failed = failed
        self._reopen = reopen
        self._clock = clock
        self._random = random
        self._concurrently = concurrently

    def retry(self, tenant_id: str, campaign_id: str, actor: str, *, deadline: int) -> Retried:
        """Put back until all are or the time (epoch ms) is up.

        A completed campaign with somebody to put back is paused, and takes its instance. Raises
        :class:`NotFound`, :class:`InvalidState` for a campaign that is neither live nor completed
        or is cancelled meanwhile, :class:`StartRefused` where a completed one cannot take its
        instance, and :class:`ConcurrentUpdate` while another call is at it.
        """
        campaign = self._head(tenant_id, campaign_id)
        if campaign.status not in _RETRIABLE:
            raise InvalidState(campaign.status)
        run = _Run(campaign, actor)
        is_complete = self._put_all_back(run, deadline)
        if run.held:
            self._let_go(run, run.held)
        return Retried(run.requeued, dict(run.excluded), is_complete)

    def _put_all_back(self, run: _Run, deadline: int) -> bool:
        for found in self._all_failed(run.campaign):
            wanted = []
            for each in found:
                if reason := kept_because(each):
                    run.excluded[reason] += 1
                else:
                    wanted.append(each)
            for piece in batched(wanted, _PIECE, strict=False):
                if self._clock.now() >= deadline:
                    return False
                self._hold(run, piece[0].sequence)
                self._requeue(run, piece)
            if self._clock.now() >= deadline:
                return False
        return True

    def _all_failed(self, campaign: Campaign) -> Iterator[list[Recipient]]:
        """Everybody who failed, by sequence."""
        for starts in batched(range(0, campaign.total, _SLICE), _SLICES_AT_ONCE, strict=False):
            yield from self._concurrently(
                [
                    partial(
                        self._failed.failed,
                        campaign.tenant_id,
                        campaign.campaign_id,
                        start,
                        min(start + _SLICE, campaign.total),
                    )
                    for start in starts
                ]
            )

    def _requeue(self, run: _Run, piece: Sequence[Recipient]) -> None:
        """Booked in one sum: a write a recipient would cost as much again."""
        campaign, now = run.campaign, self._clock.now()
        done: list[Mapping[str, int]] = []
        tasks = [partial(self._put_back, campaign.instance_id, each, now, done) for each in piece]
        try:
            self._concurrently(tasks)
        finally:
            # Who was put back before a write failed has been put back all the same.
            self._book(campaign, done)
            run.requeued += len(done)

    def _book(self, campaign: Campaign, done: Iterable[Mapping[str, int]]) -> None:
        books: Counter[str] = Counter()
        for changes in done:
            books.update(changes)
        if books:
            self._campaigns.book(campaign.tenant_id, campaign.campaign_id, books, self._clock.now())

    def _put_back(
        self, instance_id: str, failed: Recipient, now: int, done: list[Mapping[str, int]]
    ) -> None:
        after = requeued(failed, instance_id, now=now)
        guard = Guard(frozenset({RecipientStatus.FAILED}), plan_number=failed.plan_number)
        stored = self._recipients.save(failed, after, guard)
        if stored:
            done.append(booking(stored, after))

    # The hold

    def _hold(self, run: _Run, sequence: int) -> None:
        """Hold the mark for long enough to write the next piece."""
        if run.held is None:
            run.lowest = sequence
            run.held = self._take_hold(run)
        elif (run.held.mark_held_until or 0) - self._clock.now() < LEAST_HOLD_MS:
            run.held = self._renew(run, run.held)

    def _take_hold(self, run: _Run) -> Campaign:
        patience_ends = self._clock.now() + _PATIENCE_MS
        while True:
            campaign, now = self._again(run), self._clock.now()
            if not is_held(campaign, now) and (held := self._written(run, campaign, now + HOLD_MS)):
                return held
            if now >= patience_ends:
                raise ConcurrentUpdate
            self._clock.sleep(_ASK_AGAIN_MS)

    def _renew(self, run: _Run, held: Campaign) -> Campaign:
        for _ in range(_ATTEMPTS):
            campaign = self._again(run)
            if campaign.mark_held_until != held.mark_held_until:
                break  # It ran out, and another call holds the mark.
            if renewed := self._written(run, campaign, self._clock.now() + HOLD_MS):
                return renewed
        raise ConcurrentUpdate

    def _let_go(self, run: _Run, held: Campaign) -> None:
        """The mark once more: where the hold ran out it may have passed who was put back since."""
        now = self._clock.now()
        entry = new_entry(
            EventType.RECIPIENTS_REQUEUED,
            now,
            self._random,
            actor=run.actor,
            metadata={"requeued": run.requeued},
        )
        for _ in range(_ATTEMPTS):
            campaign = self._again(run)
            is_ours = campaign.mark_held_until == held.mark_held_until
            held_until = now if is_ours else campaign.mark_held_until or now
            if self._written(run, campaign, held_until, [entry] if run.requeued else []):
                return
        raise ConcurrentUpdate

    def _written(
        self, run: _Run, campaign: Campaign, held_until: int, entries: Sequence[LogEntry] = ()
    ) -> Campaign | None:
        return self._reopen.put_back(
            campaign,
            run.lowest,
            by=CampaignTrigger.RETRY_FAILED,
            actor=run.actor,
            held_until=held_until,
            entries=entries,
        )

    def _again(self, run: _Run) -> Campaign:
        return self._head(run.campaign.tenant_id, run.campaign.campaign_id)

    def _head(self, tenant_id: str, campaign_id: str) -> Campaign:
        campaign = self._campaigns.head(tenant_id, campaign_id, consistent=True)
        if campaign is None:
            raise NotFound
        return campaign
