"""Whom a campaign is for: ``/api/campaigns/audience/``, and changes of a campaign's recipients."""

from campaigns.domain.model import Recipient
from campaigns.services.read_recipients import RecipientView
from campaigns_api.call import Call
from campaigns_api.models.recipients import RecipientOut
from campaigns_api.models.sources import AudienceOut, RecipientsOut, SourcesIn
from campaigns_api.operations import Routes

routes = Routes("recipients", "/api/campaigns/")


@routes.post("audience/", codes=("unknown_reference",), changes_nothing=True)
def count_audience(call: Call, body: SourcesIn) -> AudienceOut:
    """Count the people that a campaign would reach, before there is one."""
    return AudienceOut.of(call.app.count_audience.count(call.tenant_id, body.named))


@routes.post(
    "campaigns/{campaign_id}/contacts/", status=202, codes=("invalid_state", "unknown_reference")
)
def add_recipients(call: Call, campaign_id: str, body: SourcesIn) -> RecipientsOut:
    """Add contacts to a draft or a live campaign.

    At least one contact, group or tag is named. They are prepared behind the answer: see
    `recipients` of the campaign. Whoever is a recipient already stays one. A live campaign goes on
    meanwhile, and completes only after them.
    """
    return RecipientsOut.of(
        call.app.add_recipients.add(call.tenant_id, campaign_id, body.named, call.actor)
    )


@routes.delete(
    "campaigns/{campaign_id}/contacts/{recipient_id}/",
    codes=("invalid_state", "recipients_preparing"),
)
def remove_recipient(call: Call, campaign_id: str, recipient_id: str) -> None:
    """Remove a recipient.

    Out of a draft it is gone, and the last one takes its sequence. In a live campaign a pending
    one becomes skipped; whoever is being sent to or settled stays.
    """

    def approve(seen: Recipient) -> None:
        # Of her contact nothing makes another version.
        call.require_match(RecipientOut.of(RecipientView(seen, contact=None), call.language))

    call.app.remove_recipient.remove(call.tenant_id, campaign_id, recipient_id, approve=approve)
