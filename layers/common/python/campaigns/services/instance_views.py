"""A tenant's instances as they stand: what is kept of them, beside what their gates say."""

from dataclasses import dataclass

from campaigns.domain.campaign import CampaignStatus, progress_percentage
from campaigns.domain.errors import NotFound
from campaigns.domain.instance import next_allowed_at
from campaigns.domain.instants import day_of, next_midnight
from campaigns.domain.model import ConnectionState, Instance, InstanceGate
from campaigns.services.campaign_details import counts_of
from campaigns.services.ports import Campaigns, CampaignView, Clock, Gates, Tenants
from campaigns.services.ports_registry import InstanceBook


@dataclass(frozen=True, slots=True)
class ActiveCampaign:
    """The campaign that holds an instance."""

    id: str
    name: str
    status: CampaignStatus


@dataclass(frozen=True, slots=True)
class InstanceView:
    """An instance as it stands. `next_allowed_at` None: a request may leave now."""

    instance: Instance
    gate: InstanceGate
    sent_today: int
    next_allowed_at: int | None
    active_campaign: ActiveCampaign | None


@dataclass(frozen=True, slots=True)
class CurrentCampaign:
    """The campaign that holds an instance; `progress` in percent, None over nobody."""

    id: str
    name: str
    progress: float | None


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether a campaign can be started on an instance now."""

    is_connected: bool
    has_active_campaign: bool
    current_campaign: CurrentCampaign | None

    @property
    def available(self) -> bool:
        return self.is_connected and not self.has_active_campaign


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceViews:
    """Reads; asks no server. Times are epoch milliseconds."""

    instances: InstanceBook
    gates: Gates
    campaigns: Campaigns
    tenants: Tenants
    clock: Clock

    def own(self, tenant_id: str, instance_id: str) -> tuple[Instance, InstanceGate]:
        """Another tenant's instance reads exactly like none: both raise NotFound."""
        instance = self.instances.read(instance_id)
        if instance is None or instance.tenant_id != tenant_id:
            raise NotFound
        gate = self.gates.read(instance_id, consistent=True)
        if gate is None:
            raise NotFound
        return instance, gate

    def of(self, instance: Instance, gate: InstanceGate) -> InstanceView:
        now = self.clock.now()
        zone = self.tenants.rules(instance.tenant_id).tenant.zone
        day = day_of(now, zone)
        return InstanceView(
            instance=instance,
            gate=gate,
            sent_today=gate.sent_on(day),
            next_allowed_at=next_allowed_at(gate, now, day, next_midnight(now, zone)),
            active_campaign=self._active_campaign(gate),
        )

    def availability(self, tenant_id: str, instance_id: str) -> Availability:
        """A live campaign, active or paused, holds the instance."""
        _, gate = self.own(tenant_id, instance_id)
        held_by = gate.live_campaign_id
        view = None if held_by is None else self.campaigns.view(tenant_id, held_by)
        return Availability(
            is_connected=gate.connection_state is ConnectionState.OPEN,
            has_active_campaign=held_by is not None,
            current_campaign=None if view is None else self._current(view, gate),
        )

    def _current(self, view: CampaignView, gate: InstanceGate) -> CurrentCampaign:
        campaign = view.campaign
        is_sending = gate.is_sending_for(campaign.campaign_id, self.clock.now())
        counts = counts_of(campaign.total, view.counters, sending=int(is_sending))
        return CurrentCampaign(campaign.campaign_id, campaign.name, progress_percentage(counts))

    def _active_campaign(self, gate: InstanceGate) -> ActiveCampaign | None:
        if gate.live_campaign_id is None:
            return None
        campaign = self.campaigns.head(gate.tenant_id, gate.live_campaign_id)
        if campaign is None:
            return None
        return ActiveCampaign(campaign.campaign_id, campaign.name, campaign.status)
