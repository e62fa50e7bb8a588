"""What an Evolution server is answered."""

from typing import Annotated

from pydantic import Field

from campaigns_api.models.base import Answer


class WebhookOut(Answer):
    """The event arrived; it need not be sent again."""

    taken: Annotated[
        bool, Field(description="Whether it was looked at; other events are not of interest.")
    ]
