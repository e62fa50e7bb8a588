"""After a restore from backup: stop what is live, and doubt whatever may have been sent since.

The table must be at rest: no schedule, no dispatcher. Each step may be repeated, and one that a
crash cut short is completed by the next run.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from random import Random

from campaigns.domain.campaign import CampaignStatus, CampaignTrigger, require_move
from campaigns.domain.campaign_log import new_entry
from campaigns.domain.delivery import AutoPauseReason
from campaigns.domain.errors import ConcurrentUpdate, InvalidState
from campaigns.domain.identity import Identity
from campaigns.domain.instants import MINUTE_MS
from campaigns.domain.model import (
    Campaign,
    EventType,
    InstanceGate,
    Lane,
    LogEntry,
    LogLevel,
    Recipient,
    RecipientsState,
    Tenant,
)
from campaigns.domain.recipient import RecipientTrigger
from campaigns.domain.recipient import require_move as require_recipient_move
from campaigns.domain.recipient_changes import on_instance
from campaigns.domain.restoring import (
    MAY_HAVE_LEFT,
    MAY_HAVE_SENT,
    Gap,
    held_until,
    in_doubt,
    is_in_doubt,
    reached,
    slots_in,
)
from campaigns.services.move_recipient import MoveRecipient
from campaigns.services.ports import (
    CampaignCatalog,
    CampaignFilter,
    Campaigns,
    Clock,
    Concurrently,
    Gates,
    Guard,
    Lanes,
    Recipients,
)
from campaigns.services.ports_registry import InstanceBook, TenantBook
from campaigns.services.ports_restore import Restoration

#: Who did it, in a campaign's log.
ACTOR = "admin"
_PAGE = 200
#: Somebody who was writing this very recipient is met once, hardly twice.
_ATTEMPTS = 3
_MAY_HAVE_BEEN_STARTED = frozenset({CampaignStatus.DRAFT, CampaignStatus.SCHEDULED})
#: Recipients that are still being laid are laid first: what is not there cannot be doubted.
_LAYING_MS = 60 * MINUTE_MS


@dataclass(frozen=True, slots=True)
class Dealt:
    """A campaign that was stopped, where it stood before, and how many of its recipients were put
    in doubt by this run.

    `was_done`: an earlier run had dealt with it; nothing was changed.
    """

    campaign: Campaign
    was: CampaignStatus
    doubtful: int = 0
    was_done: bool = False


@dataclass(frozen=True, slots=True)
class Summary:
    """`drafts` may have been started since, which nobody knows any more; those that were scheduled
    are among them, by hand as well."""

    dealt: tuple[Dealt, ...]
    drafts: tuple[Campaign, ...]
    instances: int


class AfterRestore:
    """One run over a whole deployment. `tell` is called with how many recipients were looked at."""

    def __init__(
        self,
        *,
        tenants: TenantBook,
        catalog: CampaignCatalog,
        campaigns: Campaigns,
        recipients: Recipients,
        lanes: Lanes,
        instances: InstanceBook,
        gates: Gates,
        restoration: Restoration,
        lay: Callable[[str, str, int], None],
        identity: Callable[[], Identity],
        clock: Clock,
        random: Random,
        concurrently: Concurrently,
        person_gap_ms: int,
    ) -> None:
        self._tenants = tenants
        self._catalog = catalog
        self._campaigns = campaigns
        self._recipients = recipients
        self._lanes = lanes
        self._instances = instances
        self._gates = gates
        self._restoration = restoration
        self._lay = lay
        self._identity = identity
        self._move = MoveRecipient(recipients=recipients, campaigns=campaigns, clock=clock)
        self._clock = clock
        self._random = random
        self._concurrently = concurrently
        self._person_gap_ms = person_gap_ms

    def __call__(self, gap: Gap, *, tell: Callable[[int], None], is_dry: bool = False) -> Summary:
        """Stops and doubts; a dry run only says what would be done.

        Campaigns are stopped before anything else, all of them: the slow part comes when nothing
        can leave any more.
        """
        tenants = list(self._every_tenant())
        campaigns = [each for tenant in tenants for each in self._every_campaign(tenant)]
        live = [each for each in campaigns if each.status in MAY_HAVE_SENT]
        gates = self._gates_of(tenants)
        stopped = live if is_dry else [self._stopped(each, gap) for each in live]
        if not is_dry:
            self._settle(gates)
        looked = _Looked(tell)
        dealt = tuple(
            self._deal(each, before.status, gap, looked, is_dry=is_dry)
            for before, each in zip(live, stopped, strict=True)
        )
        drafts = tuple(each for each in campaigns if each.status in _MAY_HAVE_BEEN_STARTED)
        return Summary(dealt, drafts, len(gates))

    # Find

    def _every_tenant(self) -> Iterator[Tenant]:
        after: str | None = None
        while True:
            page = self._tenants.page(after=after, limit=_PAGE)
            yield from page.items
            after = page.next
            if after is None:
                return

    def _every_campaign(self, tenant: Tenant) -> Iterator[Campaign]:
        after: str | None = None
        while True:
            page = self._catalog.list(tenant.tenant_id, CampaignFilter(), after=after, limit=_PAGE)
            yield from (view.campaign for view in page.items)
            after = page.next
            if after is None:
                return

    def _gates_of(self, tenants: list[Tenant]) -> list[InstanceGate]:
        gates: list[InstanceGate] = []
        for tenant in tenants:
            after: str | None = None
            while True:
                page = self._instances.page(tenant.tenant_id, after=after, limit=_PAGE)
                gates += self._instances.gates([each.instance_id for each in page.items]).values()
                after = page.next
                if after is None:
                    break
        return gates

    # Stop

    def _stopped(self, campaign: Campaign, gap: Gap) -> Campaign:
        """Paused, and not to be resumed by a reconnect. A scheduled one holds no instance: it goes
        back to a draft last, once its recipients are in doubt."""
        is_stopped = campaign.auto_pause_reason is AutoPauseReason.RESTORED
        if campaign.status is CampaignStatus.SCHEDULED or is_stopped or _is_done(campaign, gap):
            return campaign
        if campaign.status is not CampaignStatus.PAUSED:
            require_move(campaign.status, CampaignStatus.PAUSED, by=CampaignTrigger.AUTO_PAUSE)
        now = self._clock.now()
        paused = replace(
            campaign,
            status=CampaignStatus.PAUSED,
            paused_at=now,
            updated_at=now,
            auto_pause_reason=AutoPauseReason.RESTORED,
        )
        if self._campaigns.pause(campaign, paused, self._entry(EventType.CAMPAIGN_AUTO_PAUSED)):
            raise ConcurrentUpdate
        return paused

    def _settle(self, gates: list[InstanceGate]) -> None:
        now = self._clock.now()
        for gate in gates:
            last_left_at = held_until(now, self._person_gap_ms, gate)
            self._restoration.settle_gate(gate.instance_id, last_left_at)

    # Doubt

    def _deal(
        self, campaign: Campaign, was: CampaignStatus, gap: Gap, looked: "_Looked", *, is_dry: bool
    ) -> Dealt:
        if _is_done(campaign, gap):
            return Dealt(campaign, was, was_done=True)
        if not is_dry:
            campaign = self._laid(campaign)
        lane = self._lanes.read(campaign.lane_key)
        gate = self._gates.read(campaign.instance_id, consistent=True)
        if lane is None or gate is None:
            raise InvalidState(campaign.status)
        doubtful, start = 0, campaign.mark
        slots = slots_in(gap, campaign, gate)
        while start < campaign.total and (page := self._page(campaign, start)):
            within, slots = reached(page, lane.cursor, slots)
            waiting = [
                (doubtful + place, on_instance(each, campaign.instance_id))
                for place, each in enumerate(each for each in within if _may_have_left(each, gap))
            ]
            if not is_dry:
                self._concurrently(
                    [partial(self._doubt, each, gate, gap, turn) for turn, each in waiting]
                )
            doubtful += len(waiting)
            looked.at(len(within))
            if len(within) < len(page):
                break
            start = page[-1].sequence + 1
        if not is_dry:
            self._finish(campaign, lane, gap)
        return Dealt(campaign, was, doubtful)

    def _laid(self, campaign: Campaign) -> Campaign:
        """Its recipients are all there: whoever is laid later could be sent to once more."""
        tenant_id, campaign_id = campaign.tenant_id, campaign.campaign_id
        if campaign.recipients.state is not RecipientsState.PREPARING:
            return campaign
        self._lay(tenant_id, campaign_id, self._clock.now() + _LAYING_MS)
        return self._campaigns.head(tenant_id, campaign_id, consistent=True) or campaign

    def _page(self, campaign: Campaign, start: int) -> list[Recipient]:
        place = (campaign.tenant_id, campaign.campaign_id, start, campaign.total)
        return self._recipients.page(*place, limit=_PAGE, consistent=True)

    def _doubt(self, recipient: Recipient, gate: InstanceGate, gap: Gap, turn: int) -> None:
        """A proof of the send may come meanwhile: then there is nothing to doubt."""
        current: Recipient | None = recipient
        for _ in range(_ATTEMPTS):
            if current is None or not _may_have_left(current, gap):
                return
            after = in_doubt(
                current,
                self._identity().whatsapp_message_id(current.recipient_id, gate.instance_id),
                gate,
                now=self._clock.now(),
                turn=turn,
            )
            if after.status is not current.status:
                move = (current.status, after.status)
                require_recipient_move(*move, by=RecipientTrigger.RESTORE)
            guard = Guard(frozenset({current.status}), plan_number=current.plan_number)
            if self._move(current, after, guard):
                return
            current = self._recipients.read(
                recipient.tenant_id, recipient.campaign_id, recipient.sequence, consistent=True
            )
        raise ConcurrentUpdate

    # Finish

    def _finish(self, campaign: Campaign, lane: Lane, gap: Gap) -> None:
        """Last of all: from here on a repeat leaves the campaign alone, resumed or not."""
        if campaign.status is CampaignStatus.SCHEDULED:
            require_move(campaign.status, CampaignStatus.DRAFT, by=CampaignTrigger.UNSCHEDULE)
            draft = replace(
                campaign,
                status=CampaignStatus.DRAFT,
                updated_at=self._clock.now(),
                last_error=None,
                restored_to=gap.restored_to,
            )
            entry = self._entry(EventType.CAMPAIGN_UNSCHEDULED)
            if self._campaigns.unschedule(campaign, draft, lane, entry):
                raise ConcurrentUpdate
            return
        # A paused lane sleeps for good; somebody has to look for those in doubt.
        if self._lanes.save(lane, replace(lane, due_at=self._clock.now())) is None:
            raise ConcurrentUpdate
        self._restoration.note(campaign, gap.restored_to)

    def _entry(self, event_type: EventType) -> LogEntry:
        return new_entry(
            event_type,
            self._clock.now(),
            self._random,
            actor=ACTOR,
            level=LogLevel.WARNING,
            metadata={"reason": AutoPauseReason.RESTORED},
        )


class _Looked:
    """How many recipients were looked at, and who wants to know."""

    def __init__(self, tell: Callable[[int], None]) -> None:
        self._tell = tell
        self._count = 0

    def at(self, more: int) -> None:
        self._count += more
        self._tell(self._count)


def _is_done(campaign: Campaign, gap: Gap) -> bool:
    return campaign.restored_to == gap.restored_to


def _may_have_left(recipient: Recipient, gap: Gap) -> bool:
    return recipient.status in MAY_HAVE_LEFT and not is_in_doubt(recipient, gap)
