"""A campaign's wordings: ``…/campaigns/{campaign_id}/messages/``, and previews."""

from campaigns.domain.model import Role
from campaigns_api.call import Call, Edit
from campaigns_api.models.messages import (
    MessageIn,
    MessageList,
    MessageOut,
    MessagePatch,
    MessagePut,
    PreviewIn,
    PreviewOut,
    PreviewQuery,
)
from campaigns_api.operations import Routes

_CHANGES = ("invalid_state", "message_order_taken")
_OF_CAMPAIGN = "campaigns/{campaign_id}/messages/"

routes = Routes("messages", "/api/campaigns/")


@routes.get(_OF_CAMPAIGN)
def list_messages(call: Call, campaign_id: str) -> MessageList:
    """List a campaign's messages by their order."""
    views = call.app.messages.list(call.tenant_id, campaign_id)
    return MessageList(results=[MessageOut.of(view) for view in views], next=None)


@routes.post(_OF_CAMPAIGN, status=201, codes=(*_CHANGES, "too_many_messages"))
def create_message(call: Call, campaign_id: str, body: MessageIn) -> MessageOut:
    """Add a message to a draft; a sixth is refused."""
    view = call.app.messages.create(
        call.tenant_id,
        campaign_id,
        body.message_text,
        order=body.order,
        is_active=body.is_active,
    )
    return MessageOut.of(view)


@routes.get(_OF_CAMPAIGN + "{message_id}/")
def get_message(call: Call, campaign_id: str, message_id: str) -> MessageOut:
    """Get a message."""
    return MessageOut.of(call.app.messages.read(call.tenant_id, campaign_id, message_id))


@routes.put(_OF_CAMPAIGN + "{message_id}/", codes=_CHANGES)
def replace_message(
    call: Call, campaign_id: str, message_id: str, body: Edit[MessagePut]
) -> MessageOut:
    """Replace a message of a draft."""
    seen = call.app.messages.read(call.tenant_id, campaign_id, message_id)
    put = body.over(MessageOut.of(seen))
    view = call.app.messages.change(
        call.tenant_id,
        campaign_id,
        seen,
        text=put.message_text,
        order=put.order,
        is_active=put.is_active,
    )
    return MessageOut.of(view)


@routes.patch(_OF_CAMPAIGN + "{message_id}/", codes=_CHANGES)
def change_message(
    call: Call, campaign_id: str, message_id: str, body: Edit[MessagePatch]
) -> MessageOut:
    """Change a message of a draft."""
    seen = call.app.messages.read(call.tenant_id, campaign_id, message_id)
    patch = body.over(MessageOut.of(seen))
    view = call.app.messages.change(
        call.tenant_id,
        campaign_id,
        seen,
        text=patch.message_text,
        order=patch.order,
        is_active=patch.is_active,
    )
    return MessageOut.of(view)


@routes.delete(_OF_CAMPAIGN + "{message_id}/", codes=("invalid_state",))
def delete_message(call: Call, campaign_id: str, message_id: str) -> None:
    """Remove a message from a draft."""
    seen = call.app.messages.read(call.tenant_id, campaign_id, message_id)
    call.require_match(MessageOut.of(seen))
    call.app.messages.delete(call.tenant_id, campaign_id, seen)


@routes.get(_OF_CAMPAIGN + "{message_id}/preview/")
def preview_message(
    call: Call, campaign_id: str, message_id: str, query: PreviewQuery
) -> PreviewOut:
    """Show a message as three recipients would read it."""
    preview = call.app.messages.preview(call.tenant_id, campaign_id, message_id, at=query.at)
    return PreviewOut.of(preview)


@routes.post(
    "messages/preview/", role=Role.VIEWER, codes=("unknown_reference",), changes_nothing=True
)
def preview_text(call: Call, body: PreviewIn) -> PreviewOut:
    """Show a text that is not stored as three people would read it."""
    preview = call.app.messages.preview_text(
        call.tenant_id, body.message_text, campaign_id=body.campaign_id, at=body.at
    )
    return PreviewOut.of(preview)
