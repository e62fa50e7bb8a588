"""Calm: an operator sets going whatever is stopped, until everything is over."""

from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.errors import StartRefused
from campaigns.services.start_conditions import StartCheck
from tests.simulator.evidence import CampaignOf
from tests.simulator.life import Life
from tests.simulator.plan import ActionKind

OVER = frozenset({CampaignStatus.COMPLETED, CampaignStatus.CANCELLED})


def mend(life: Life) -> bool:
    """Whether everything is over. Each refusal is an answer, and is tried again another time."""
    is_over = True
    for campaign in life.people.campaigns:
        head = life.site.observer.campaign_store.head(
            campaign.tenant_id, campaign.campaign_id, consistent=True
        )
        assert head is not None
        if head.status is CampaignStatus.PAUSED:
            _look_at(life, campaign)
            life.people.resume(campaign)
        elif head.status is CampaignStatus.DRAFT and not _is_taken(life, campaign):
            _look_at(life, campaign)
            error = life.people.start(campaign).error
            if isinstance(error, StartRefused) and _has_nobody(error):
                life.people.empty.add(campaign.number)
        elif head.status is CampaignStatus.SCHEDULED and head.last_error:
            _look_at(life, campaign)
            if head.last_error == StartCheck.NO_RECIPIENTS:
                life.people.empty.add(campaign.number)
        elif head.status is CampaignStatus.COMPLETED and _decides(life):
            is_over &= not life.people.recipients.resolve(life.site.plan.seed, campaign)
        is_over &= head.status in OVER or campaign.number in life.people.empty
    return is_over


def _decides(life: Life) -> bool:
    """An operator who decided about the unconfirmed goes on to do so."""
    return any(each.kind is ActionKind.RESOLVE for each in life.site.plan.actions)


def _look_at(life: Life, campaign: CampaignOf) -> None:
    life.people.instances.tell_new_key(campaign)
    life.people.desk.ask(
        f"looks at {campaign.instance}",
        lambda app: app.instances.refresh(campaign.tenant_id, campaign.instance_id),
    )


def _is_taken(life: Life, campaign: CampaignOf) -> bool:
    gate = life.site.observer.gates.read(campaign.instance_id, consistent=True)
    return gate is not None and gate.live_campaign_id is not None


def _has_nobody(refused: StartRefused) -> bool:
    return {failure.code for failure in refused.failures} == {StartCheck.NO_RECIPIENTS}
