"""Opt-outs of unknown people as the API reads and shows them."""

from typing import Annotated, Self

from pydantic import Field

from campaigns.domain.instants import to_iso
from campaigns.domain.opt_out_review import ReviewOutcome
from campaigns.services.review_opt_outs import ReviewView
from campaigns_api.models.base import Answer, Body, Moment, NextCursor

_Id = Annotated[str, Field(examples=["or_6m2v5k3hq7wznp4jx6tbdyr2cea7kq4m2x"])]


class OptOutInstance(Answer):
    """The instance that she wrote to."""

    id: Annotated[
        str, Field(description="The instance's id.", examples=["in_01hz7q3v9k2m4n6p8r0s2t4v6x"])
    ]
    name: Annotated[
        str | None,
        Field(description="Null once it was deleted.", examples=["Loja do centro"]),
    ]


class OptOutOut(Answer):
    """An opt-out whose author is not known: WhatsApp did not tell her phone."""

    id: _Id
    instance: Annotated[OptOutInstance, Field(description="Where she wrote.")]
    text: Annotated[str, Field(description="What she wrote.", examples=["Sair"])]
    push_name: Annotated[
        str | None,
        Field(description="What she calls herself on WhatsApp.", examples=["Maria"]),
    ]
    received_at: Annotated[Moment, Field(description="When it came.")]

    @classmethod
    def of(cls, view: ReviewView) -> Self:
        review = view.review
        name = view.instance.name if view.instance else None
        return cls(
            id=review.review_id,
            instance=OptOutInstance(id=review.instance_id, name=name),
            text=review.text,
            push_name=review.push_name,
            received_at=to_iso(review.received_at),
        )


class OptOutPage(Answer):
    """Opt-outs that wait, newest first."""

    results: list[OptOutOut]
    next: NextCursor


class OptOutResolveIn(Body):
    """Who she is, or that nobody is to be opted out: one of the two."""

    contact_id: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=64,
            description="She is this contact: opted out now, and known by that address from now "
            "on.",
            examples=["ct_6m2v5k3hq7wznp4jx8tbdyr2ce"],
        ),
    ] = None
    dismiss: Annotated[
        bool, Field(description="Nobody is opted out; the entry goes.", examples=[True])
    ] = False


class OptOutResolved(Answer):
    """What became of it."""

    id: _Id
    outcome: Annotated[
        ReviewOutcome,
        Field(description="`superseded`: she has come back since she wrote it, and stays."),
    ]
