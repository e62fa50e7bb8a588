"""A campaign's recipients and its log: ``…/campaigns/{campaign_id}/contacts/``, ``…/logs/``."""

from collections.abc import Callable
from urllib.parse import quote

from campaigns.domain.recipient_log import entries_of
from campaigns.services.ports import Clock
from campaigns.services.read_campaign_log import LogFilter
from campaigns_api.call import Call
from campaigns_api.models.recipients import (
    ExportQuery,
    LogOut,
    LogPage,
    LogQuery,
    RecipientDetail,
    RecipientOut,
    RecipientPage,
    RecipientQuery,
)
from campaigns_api.models.resolving import ResolveIn, RetryOut
from campaigns_api.operations import Routes
from campaigns_api.recipient_sheet import CSV, RecipientSheet, attachment
from campaigns_api.reply import Reply

#: The gateway waits 30 s for an answer.
_TIME_MS = 15_000

routes = Routes("recipients", "/api/campaigns/campaigns/{campaign_id}/")


@routes.get("contacts/")
def list_recipients(call: Call, campaign_id: str, query: RecipientQuery) -> RecipientPage:
    """List a campaign's recipients by sequence."""
    listing = call.app.read_recipients.page(
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


@routes.get(
    "contacts.csv",
    media_type=CSV,
    answer_headers={
        "Content-Disposition": "A name for the file, made of the campaign's.",
        "Link": 'The next part, as `rel="next"`; missing at the last.',
    },
)
def export_recipients(call: Call, campaign_id: str, query: ExportQuery) -> Reply:
    """Get all recipients as a spreadsheet.

    In the caller's language: with `;` between the columns in Portuguese, `,` in English, which is
    what Excel expects there. UTF-8 with a byte order mark; times by the campaign's clock. A cell
    that a spreadsheet would take for a formula begins with an apostrophe. Up to 10,000 recipients
    come at once; where there are more, a `Link` names the next part. Parts after the first have no
    header, so that all of them put together are one file.
    """
    campaign, views = call.app.read_recipients.all_after(
        call.tenant_id, campaign_id, after := call.after(query)
    )
    sheet = RecipientSheet(call.language, campaign.zone, with_header=after is None)
    last = sheet.fill(views, is_time_up=_time_limit(call.app.clock))
    following = call.cursor(query, None if last is None else str(last))
    return Reply(
        200,
        CSV,
        sheet.text,
        {
            "Cache-Control": "no-store",
            "Content-Disposition": attachment(f"{campaign.name}.csv", f"{campaign_id}.csv"),
            "Content-Language": call.language.value,
        }
        | ({"Link": f'<{call.path}?cursor={quote(following)}>; rel="next"'} if following else {}),
    )


@routes.get("contacts/{recipient_id}/")
def get_recipient(call: Call, campaign_id: str, recipient_id: str) -> RecipientDetail:
    """Get a recipient with the whole text and what happened."""
    return _detail(call, campaign_id, recipient_id)


@routes.post(
    "contacts/{recipient_id}/resolve/",
    codes=("invalid_state", "start_refused", "instance_busy", "instance_missing"),
)
def resolve_recipient(
    call: Call, campaign_id: str, recipient_id: str, body: ResolveIn
) -> RecipientDetail:
    """Decide about a recipient that is `unconfirmed`.

    A `resend` makes a completed campaign paused, and it takes its instance again: resume it to
    have the message sent. Under a cancelled campaign nothing is sent again.
    """
    call.app.resolve_recipient.resolve(
        call.tenant_id,
        campaign_id,
        recipient_id,
        body.outcome,
        call.actor,
        accepts_duplicate=body.accept_duplicate_risk,
    )
    return _detail(call, campaign_id, recipient_id, was_written=True)


@routes.post(
    "retry-failed/",
    codes=("invalid_state", "start_refused", "instance_busy", "instance_missing"),
)
def retry_failed(call: Call, campaign_id: str) -> RetryOut:
    """Put back who failed for a reason that may be gone by now.

    Faults of a moment and of the system; who is not on WhatsApp stays failed, and so does
    everybody who may have been sent the message. A completed campaign with somebody to put back is
    paused, and takes its instance again: resume it to have them sent. Of very many people one call
    puts back a part.
    """
    retried = call.app.retry_failed.retry(
        call.tenant_id,
        campaign_id,
        call.actor,
        deadline=call.app.clock.now() + _TIME_MS,
    )
    call.counted(requeued=retried.requeued)
    return RetryOut.of(retried)


@routes.get("logs/")
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


def _detail(
    call: Call, campaign_id: str, recipient_id: str, *, was_written: bool = False
) -> RecipientDetail:
    view = call.app.read_recipients.one(
        call.tenant_id, campaign_id, recipient_id, consistent=was_written
    )
    return RecipientDetail.whole(view, entries_of(view.recipient), call.language)


def _time_limit(clock: Clock) -> Callable[[], bool]:
    ends_at = clock.now() + _TIME_MS
    return lambda: clock.now() > ends_at
