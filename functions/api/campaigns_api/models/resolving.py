"""What an operator does about recipients that were not plainly sent."""

from typing import Annotated, Self

from pydantic import Field

from campaigns.domain.resolving import Resolution
from campaigns.services.retry_failed import Retried
from campaigns_api.models.base import Answer, Body


class ResolveIn(Body):
    """What became of a message of which nobody knows whether it was sent."""

    outcome: Annotated[
        Resolution,
        Field(
            strict=False,
            description=(
                "`sent`: it is on her phone; `failed`: it is not, and is not to be; `resend`: it "
                "is sent once more."
            ),
            examples=["sent"],
        ),
    ]
    accept_duplicate_risk: Annotated[
        bool,
        Field(
            description=(
                "Needed for a `resend`: where the first one did arrive, she gets the message twice."
            ),
            examples=[True],
        ),
    ] = False


class RetryOut(Answer):
    """Who was put back, and who stays failed."""

    requeued: Annotated[
        int, Field(description="Failed ones that are pending again.", examples=[42])
    ]
    excluded: Annotated[
        dict[str, int],
        Field(
            description=(
                "Failed ones that stay so, by `error_code`, or by `may_have_been_sent`: only "
                "`resolve` sends those again."
            ),
            examples=[{"number_not_on_whatsapp": 12, "may_have_been_sent": 1}],
        ),
    ]
    complete: Annotated[
        bool,
        Field(
            description=(
                "False where the time for one answer was up: another call, under another "
                "`Idempotency-Key`, goes on, and `excluded` is whole only in the last."
            )
        ),
    ]

    @classmethod
    def of(cls, retried: Retried) -> Self:
        return cls(
            requeued=retried.requeued,
            excluded=dict(retried.excluded),
            complete=retried.is_complete,
        )
