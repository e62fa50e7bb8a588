"""A campaign's recipients and its log: ``…/campaigns/{campaign_id}/contacts/``, ``…/logs/``."""

from campaigns.domain.recipient_log import entries_of
from campaigns.services.read_campaign_log import LogFilter
from campaigns_api.call import Call
from campaigns_api.models.recipients import (
    LogOut,
    LogPage,
    LogQuery,
    RecipientDetail,
    RecipientOut,
    RecipientPage,
    RecipientQuery,
)
from campaigns_api.operations import Routes

routes = Routes("recipients", "/api/campaigns/campaigns/{campaign_id}/")


@routes.get("contacts/")
def list_recipients(call: Call, campaign_id: str, query: RecipientQuery) -> RecipientPage:
    """List a campaign's recipients by sequence."""
    listing = call.app.campaigns.recipients(
        call.tenant_id,
        campaign_id,
        status=query.status,
        after=call.after(query),
        limit=query.limit,
    )
    return RecipientPage(
        results=[RecipientOut.of(view, call.language) for view in listing.items],
        next=call.cursor(query, listing.next),
    )


@routes.get("contacts/{recipient_id}/")
def get_recipient(call: Call, campaign_id: str, recipient_id: str) -> RecipientDetail:
    """Get a recipient with the whole text and what happened."""
    view = call.app.campaigns.recipient(call.tenant_id, campaign_id, recipient_id)
    return RecipientDetail.whole(view, entries_of(view.recipient), call.language)


@routes.get("logs/", codes=("too_many_filters",))
def list_logs(call: Call, campaign_id: str, query: LogQuery) -> LogPage:
    """List what happened to a campaign and its recipients, newest first.

    A page is in the order of time. What comes late, a receipt or a further try, stands beside its
    recipient's first send: from page to page the order is nearly that of time.
    """
    listing = call.app.logs.page(
        call.tenant_id,
        campaign_id,
        LogFilter(query.level, query.event_type),
        after=call.after(query),
        limit=query.limit,
    )
    return LogPage(
        results=[LogOut.of(entry, call.language) for entry in listing.items],
        next=call.cursor(query, listing.next),
    )
