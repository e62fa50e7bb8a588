"""Test messages: a text through an instance, or a campaign's message, to one phone at once."""

from campaigns_api.call import Call
from campaigns_api.models.test_messages import (
    TestMessageOut,
    TestMessageQueued,
    TestTextIn,
    TestWordingIn,
)
from campaigns_api.operations import Routes

#: What keeps a test message from being queued.
_CONFLICTS = ("instance_disconnected", "opted_out", "daily_limit_reached")

routes = Routes("test messages", "/api/")


@routes.post(
    "instances/{instance_id}/test-message/", status=202, codes=(*_CONFLICTS, "unknown_reference")
)
def send_test_message(call: Call, instance_id: str, body: TestTextIn) -> TestMessageQueued:
    """Send a text to one phone through an instance.

    It takes the way of any message: the instance's pace and daily limit and the pause between two
    messages to one person hold, quiet hours do not. It is given up ten minutes after `not_before`.
    """
    message = call.app.direct.test_text(
        call.tenant_id,
        instance_id,
        phone=body.phone,
        text=body.text,
        contact_id=body.contact_id,
    )
    return TestMessageQueued.of(message)


@routes.get("instances/{instance_id}/test-messages/{test_message_id}/")
def get_test_message(call: Call, instance_id: str, test_message_id: str) -> TestMessageOut:
    """Get a test message, of the last 30 days."""
    message = call.app.direct.read(call.tenant_id, instance_id, test_message_id)
    return TestMessageOut.whole(message, call.language)


@routes.post(
    "campaigns/campaigns/{campaign_id}/messages/{message_id}/test/",
    status=202,
    codes=(*_CONFLICTS, "instance_missing", "unknown_reference"),
)
def test_message(
    call: Call, campaign_id: str, message_id: str, body: TestWordingIn
) -> TestMessageQueued:
    """Send a campaign's message to one phone first.

    Filled in for the contact that is given; without one, a variable that has no default is refused.
    Whatever state the campaign is in, it goes through the campaign's instance, as any test message,
    and is found there under its id.
    """
    message = call.app.direct.test_wording(
        call.tenant_id, campaign_id, message_id, phone=body.phone, contact_id=body.contact_id
    )
    return TestMessageQueued.of(message)
