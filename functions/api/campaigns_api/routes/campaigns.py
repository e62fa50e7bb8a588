"""Campaigns: ``/api/campaigns/campaigns/``."""

from campaigns.domain.errors import CheckFailure
from campaigns.services.manage_campaigns import CampaignDetails
from campaigns.services.ports import CampaignFilter, Listing
from campaigns.services.start_conditions import StartCheck
from campaigns_api.call import Call, Edit
from campaigns_api.language import say
from campaigns_api.models.base import iso_or_none
from campaigns_api.models.campaigns import (
    CampaignIn,
    CampaignOut,
    CampaignPage,
    CampaignPatch,
    CampaignQuery,
    CheckOut,
    ChecksOut,
    ReasonIn,
    WarningOut,
)
from campaigns_api.operations import Routes
from campaigns_api.pages import fitting_page
from campaigns_api.problems import worded_failure

routes = Routes("campaigns", "/api/campaigns/campaigns/")


@routes.get(codes=("too_many_filters",))
def list_campaigns(call: Call, query: CampaignQuery) -> CampaignPage:
    """List campaigns, newest first, by one filter at most."""
    wanted = CampaignFilter(query.status, query.instance_id, query.search)
    after = call.after(query)

    def read(limit: int) -> Listing[CampaignDetails]:
        return call.app.campaigns.list(call.tenant_id, wanted, after=after, limit=limit)

    results, following = fitting_page(read, CampaignOut.of, query.limit)
    return CampaignPage(results=results, next=call.cursor(query, following))


@routes.post(status=201, codes=("unknown_reference",))
def create_campaign(call: Call, body: CampaignIn) -> CampaignOut:
    """Create a campaign as a draft.

    Its contacts are a snapshot; their recipients are prepared behind the answer: see `recipients`.
    """
    zone = call.app.tenants.rules(call.tenant_id).tenant.timezone
    return CampaignOut.of(call.app.campaigns.create(call.tenant_id, body.draft(zone), call.actor))


@routes.get("{campaign_id}/")
def get_campaign(call: Call, campaign_id: str) -> CampaignOut:
    """Get a campaign."""
    return CampaignOut.of(call.app.campaigns.read(call.tenant_id, campaign_id))


@routes.patch("{campaign_id}/")
def change_campaign(call: Call, campaign_id: str, body: Edit[CampaignPatch]) -> CampaignOut:
    """Change a campaign's name and description, in any state."""
    seen = call.app.campaigns.read(call.tenant_id, campaign_id)
    patch = body.over(CampaignOut.of(seen))
    changed = call.app.campaigns.rename(seen, name=patch.name, description=patch.description)
    return CampaignOut.of(changed)


@routes.get("{campaign_id}/checks/")
def check_campaign(call: Call, campaign_id: str) -> ChecksOut:
    """Show every start condition with its state, warnings, and the forecast."""
    checks = call.app.run.checks(call.tenant_id, campaign_id)
    details = call.app.campaigns.read(call.tenant_id, campaign_id)
    failures = {failure.code: failure for failure in checks.failures}
    return ChecksOut(
        can_be_started=details.can_be_started,
        checks=[_check(check, failures.get(check), call) for check in StartCheck],
        warnings=[
            WarningOut(code=warning, message=say(f"warning.{warning}", call.language))
            for warning in checks.warnings
        ],
        next_scheduled_send=iso_or_none(checks.first_send_at),
        estimated_seconds=details.estimated_seconds,
        estimated_completion_at=iso_or_none(details.estimated_completion_at),
    )


@routes.post("{campaign_id}/start/", codes=("invalid_state", "start_refused", *StartCheck))
def start_campaign(call: Call, campaign_id: str) -> CampaignOut:
    """Start a draft, or put it on schedule where its `scheduled_at` lies ahead.

    All conditions that do not hold are told at once. The first request leaves within ten seconds
    where the instance's gap is free.
    """
    call.app.run.start(call.tenant_id, campaign_id, call.actor)
    return get_campaign(call, campaign_id)


@routes.post("{campaign_id}/unschedule/", codes=("invalid_state",))
def unschedule_campaign(call: Call, campaign_id: str) -> CampaignOut:
    """Make a draft of a scheduled campaign."""
    call.app.run.unschedule(call.tenant_id, campaign_id, call.actor)
    return get_campaign(call, campaign_id)


@routes.post("{campaign_id}/pause/", codes=("invalid_state",))
def pause_campaign(call: Call, campaign_id: str, body: ReasonIn) -> CampaignOut:
    """Pause a campaign: from one second after the answer no request leaves."""
    call.app.run.pause(call.tenant_id, campaign_id, call.actor, body.reason)
    return get_campaign(call, campaign_id)


@routes.post("{campaign_id}/resume/", codes=("invalid_state", "instance_disconnected"))
def resume_campaign(call: Call, campaign_id: str, body: ReasonIn) -> CampaignOut:
    """Resume a paused campaign."""
    call.app.run.resume(call.tenant_id, campaign_id, call.actor, body.reason)
    return get_campaign(call, campaign_id)


@routes.post("{campaign_id}/cancel/", codes=("invalid_state",))
def cancel_campaign(call: Call, campaign_id: str, body: ReasonIn) -> CampaignOut:
    """Cancel a campaign: its instance is free at once, whoever is pending is skipped."""
    call.app.run.cancel(call.tenant_id, campaign_id, call.actor, body.reason)
    return get_campaign(call, campaign_id)


def _check(check: StartCheck, failure: CheckFailure | None, call: Call) -> CheckOut:
    if failure is None:
        return CheckOut(code=check, ok=True, message=None)
    return CheckOut.model_validate({"ok": False, **worded_failure(failure, call.language)})
