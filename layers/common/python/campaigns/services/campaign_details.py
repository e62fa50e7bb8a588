"""A campaign as it is shown: with what its instance says, its books and its forecast."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from campaigns.domain.books import BOOKED, LAST_SEND_AT
from campaigns.domain.campaign import OVER, CampaignStatus, Counts
from campaigns.domain.forecast import Forecast, Pace, forecast
from campaigns.domain.hours import Hours
from campaigns.domain.instants import SECOND_MS
from campaigns.domain.model import Campaign, Instance, InstanceGate
from campaigns.services.ports import CampaignView, Gates, Instances, Tenants
from campaigns.services.start_conditions import keep_from_starting, start_failures

#: Instances that one list has read already.
type KnownInstances = dict[str, tuple[Instance | None, InstanceGate | None]]


@dataclass(frozen=True, slots=True)
class CampaignDetails:
    """A campaign with what its instance says, its books and its forecast (epoch ms)."""

    view: CampaignView
    instance: Instance | None
    gate: InstanceGate | None
    counts: Counts
    next_send_at: int | None
    forecast: Forecast | None
    can_be_started: bool
    now: int

    @property
    def last_send_at(self) -> int | None:
        """When the last request that proved to be a send left."""
        return self.view.counters.get(LAST_SEND_AT)

    @property
    def estimated_completion_at(self) -> int | None:
        return self.forecast.last_send_at if self.forecast else None

    @property
    def estimated_seconds(self) -> int | None:
        """From now to the estimated completion."""
        if self.estimated_completion_at is None:
            return None
        return -((self.now - self.estimated_completion_at) // SECOND_MS)


class DescribeCampaign:
    """Adds to a campaign's own view what stands elsewhere: its instance, its tenant's rules."""

    def __init__(
        self,
        *,
        instances: Instances,
        gates: Gates,
        tenants: Tenants,
        next_send_at: Callable[[CampaignView, int], int | None],
    ) -> None:
        self._instances = instances
        self._gates = gates
        self._tenants = tenants
        self._next_send_at = next_send_at

    def __call__(
        self, view: CampaignView, now: int, known: KnownInstances | None = None
    ) -> CampaignDetails:
        """`known` keeps what one list has read of instances."""
        campaign = view.campaign
        instance, gate = self._instance(campaign.instance_id, {} if known is None else known)
        is_sending = gate is not None and gate.is_sending_for(campaign.campaign_id, now)
        counts = counts_of(campaign.total, view.counters, sending=int(is_sending))
        hours = self.hours(campaign)
        due = first_due_at(campaign, gate, now)
        return CampaignDetails(
            view=view,
            instance=instance,
            gate=gate,
            counts=counts,
            next_send_at=self._next_send_at(view, now),
            forecast=_forecast(campaign, gate, hours, counts.pending, due, now),
            can_be_started=_can_be_started(view, gate, hours, due, now),
            now=now,
        )

    def hours(self, campaign: Campaign) -> Hours:
        """The campaign's hours by its tenant's present rules."""
        rules = self._tenants.rules(campaign.tenant_id)
        return Hours.of(campaign.schedule, rules.tenant, rules.holidays)

    def _instance(
        self, instance_id: str, known: KnownInstances
    ) -> tuple[Instance | None, InstanceGate | None]:
        if instance_id not in known:
            known[instance_id] = (self._instances.read(instance_id), self._gates.read(instance_id))
        return known[instance_id]


def first_due_at(campaign: Campaign, gate: InstanceGate | None, now: int) -> int:
    """From when on the next request may leave, its hours aside."""
    gap_ends_at = gate.gap_ends_at if gate else 0
    return max(now, gap_ends_at, campaign.schedule.scheduled_at or 0)


def counts_of(total: int, counters: Mapping[str, int], *, sending: int) -> Counts:
    """Pending is what the other counts leave of the total; `sending` is known from the gate."""
    booked = {status.value: max(0, counters.get(status, 0)) for status in BOOKED}
    pending = max(0, total - sum(booked.values()) - sending)
    return Counts(pending=pending, sending=sending, **booked)


def _forecast(
    campaign: Campaign, gate: InstanceGate | None, hours: Hours, pending: int, due: int, now: int
) -> Forecast | None:
    """Of a draft or a paused campaign as if it went on now."""
    if gate is None or campaign.status in OVER:
        return None
    today = hours.day(now)
    return forecast(pending, due, today, hours, Pace.of(gate, today))


def _can_be_started(
    view: CampaignView, gate: InstanceGate | None, hours: Hours, due: int, now: int
) -> bool:
    """By the conditions that a start looks at."""
    if view.campaign.status is not CampaignStatus.DRAFT:
        return False
    failures = start_failures(view, gate, hours.next_opening(due))
    return not keep_from_starting(failures, view.campaign, now)
