"""Campaigns: ``/api/campaigns/campaigns/``."""

from campaigns.domain.campaign_draft import CampaignEdit
from campaigns.domain.errors import CheckFailure
from campaigns.domain.start_warnings import Warned
from campaigns.services.campaign_details import CampaignDetails
from campaigns.services.ports import CampaignFilter, Listing
from campaigns.services.start_conditions import StartCheck
from campaigns_api.call import Call, Edit
from campaigns_api.language import say
from campaigns_api.models.base import iso_or_none
from campaigns_api.models.campaign_edits import CampaignPatch, CampaignPut
from campaigns_api.models.campaigns import (
    CampaignIn,
    CampaignOut,
    CampaignPage,
    CampaignQuery,
    ReasonIn,
)
from campaigns_api.models.checks import CheckOut, ChecksOut, ForecastDayOut, WarningOut
from campaigns_api.models.sources import DuplicateIn
from campaigns_api.operations import Routes
from campaigns_api.pages import fitting_page
from campaigns_api.problems import worded_failure

routes = Routes("campaigns", "/api/campaigns/campaigns/")


@routes.get()
def list_campaigns(call: Call, query: CampaignQuery) -> CampaignPage:
    """List campaigns, newest first, by one filter at most.

    What is archived is left out, but for `archived=true` and for a search.
    """
    wanted = CampaignFilter(query.status, query.instance_id, query.search, query.archived)
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
    zone = call.app.tenants.read(call.tenant_id).timezone
    return CampaignOut.of(call.app.campaigns.create(call.tenant_id, body.draft(zone), call.actor))


@routes.get("{campaign_id}/")
def get_campaign(call: Call, campaign_id: str) -> CampaignOut:
    """Get a campaign."""
    return CampaignOut.of(call.app.campaigns.read(call.tenant_id, campaign_id))


@routes.put("{campaign_id}/", codes=("invalid_state", "unknown_reference"))
def replace_campaign(call: Call, campaign_id: str, body: Edit[CampaignPut]) -> CampaignOut:
    """Write a campaign: in draft all of it, later its name and description alone.

    Recipients and messages have calls of their own; sent back as they were read, they are ignored.
    """
    seen = call.app.campaigns.read(call.tenant_id, campaign_id)
    put = body.over(CampaignOut.of(seen))
    zone = call.app.tenants.read(call.tenant_id).timezone
    return _edited(call, seen, put.edit(zone))


@routes.patch("{campaign_id}/", codes=("invalid_state", "unknown_reference"))
def change_campaign(call: Call, campaign_id: str, body: Edit[CampaignPatch]) -> CampaignOut:
    """Change a campaign: in draft anything, later its name and description alone."""
    seen = call.app.campaigns.read(call.tenant_id, campaign_id)
    patch = body.over(CampaignOut.of(seen))
    return _edited(call, seen, patch.edit(seen))


def _edited(call: Call, seen: CampaignDetails, wanted: CampaignEdit) -> CampaignOut:
    edited = call.app.edit_campaign.edit(seen, wanted)
    if edited is seen:
        call.unchanged()
    return CampaignOut.of(edited)


@routes.delete("{campaign_id}/", codes=("invalid_state",))
def delete_campaign(call: Call, campaign_id: str) -> None:
    """Delete a draft.

    Any other campaign is refused (409 `invalid_state`): see `archive/`.
    """
    seen = call.app.campaigns.read(call.tenant_id, campaign_id)
    call.require_match(CampaignOut.of(seen))
    call.app.delete_draft.delete(seen.view.campaign)


@routes.post("{campaign_id}/duplicate/", status=201, codes=("recipients_preparing",))
def duplicate_campaign(call: Call, campaign_id: str, body: DuplicateIn) -> CampaignOut:
    """Duplicate a campaign as a draft.

    Schedule, messages and flags are the same; a `scheduled_at` that is past is left out. Whoever
    has opted out since is left out too.
    """
    view = call.app.duplicate_campaign.duplicate(
        call.tenant_id, campaign_id, name=body.name, copied=body.recipients, actor=call.actor
    )
    return CampaignOut.of(call.app.campaigns.details(view))


@routes.post("{campaign_id}/archive/", codes=("invalid_state",))
def archive_campaign(call: Call, campaign_id: str) -> CampaignOut:
    """Archive a campaign that is completed or cancelled: it leaves the lists and keeps its data."""
    if not call.app.archive_campaign.archive(call.tenant_id, campaign_id):
        call.unchanged()
    return get_campaign(call, campaign_id)


@routes.post("{campaign_id}/unarchive/")
def unarchive_campaign(call: Call, campaign_id: str) -> CampaignOut:
    """Bring a campaign back into the lists."""
    if not call.app.archive_campaign.unarchive(call.tenant_id, campaign_id):
        call.unchanged()
    return get_campaign(call, campaign_id)


@routes.get("{campaign_id}/checks/")
def check_campaign(call: Call, campaign_id: str) -> ChecksOut:
    """Show every start condition with its state, warnings, and the forecast."""
    found = call.app.check_campaign.check(call.tenant_id, campaign_id)
    failures = {failure.code: failure for failure in found.failures}
    details = found.details
    return ChecksOut(
        can_be_started=found.can_be_started,
        checks=[_check(check, failures.get(check), call) for check in StartCheck],
        warnings=[_warning(warned, call) for warned in found.warnings],
        next_scheduled_send=iso_or_none(found.first_send_at),
        estimated_seconds=details.estimated_seconds,
        estimated_completion_at=iso_or_none(details.estimated_completion_at),
        daily_forecast=[
            ForecastDayOut(date=each.day, messages=each.sends)
            for each in (details.forecast.days if details.forecast else ())
        ],
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
    if not call.app.run.pause(call.tenant_id, campaign_id, call.actor, body.reason):
        call.unchanged()
    return get_campaign(call, campaign_id)


@routes.post("{campaign_id}/resume/", codes=("invalid_state", "instance_disconnected"))
def resume_campaign(call: Call, campaign_id: str, body: ReasonIn) -> CampaignOut:
    """Resume a paused campaign."""
    if not call.app.run.resume(call.tenant_id, campaign_id, call.actor, body.reason):
        call.unchanged()
    return get_campaign(call, campaign_id)


@routes.post("{campaign_id}/cancel/", codes=("invalid_state",))
def cancel_campaign(call: Call, campaign_id: str, body: ReasonIn) -> CampaignOut:
    """Cancel a campaign: its instance is free at once, whoever is pending is skipped."""
    if not call.app.run.cancel(call.tenant_id, campaign_id, call.actor, body.reason):
        call.unchanged()
    return get_campaign(call, campaign_id)


def _check(check: StartCheck, failure: CheckFailure | None, call: Call) -> CheckOut:
    if failure is None:
        return CheckOut(code=check, ok=True, message=None)
    return CheckOut.model_validate({"ok": False, **worded_failure(failure, call.language)})


def _warning(warned: Warned, call: Call) -> WarningOut:
    message = say(f"warning.{warned.code}", call.language, warned.context)
    shown = {"code": warned.code, "message": message, **warned.context}
    return WarningOut.model_validate(shown)
