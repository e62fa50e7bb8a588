"""Opt-outs that wait for their author to be known: ``/api/opt-outs/review/``."""

from campaigns.domain.errors import FieldError, ValidationFailed
from campaigns_api.call import Call
from campaigns_api.models.base import ListQuery
from campaigns_api.models.opt_outs import (
    OptOutOut,
    OptOutPage,
    OptOutResolved,
    OptOutResolveIn,
)
from campaigns_api.operations import Routes

routes = Routes("opt-outs", "/api/opt-outs/review/")


@routes.get()
def list_opt_outs(call: Call, query: ListQuery) -> OptOutPage:
    """List opt-outs whose author is not known, newest first.

    WhatsApp may name a person by an alias that tells no phone. As soon as it is known whose that
    is, by a receipt or by what she quotes, her opt-out holds by itself and leaves this list.
    """
    page = call.app.opt_outs.list(call.tenant_id, after=call.after(query), limit=query.limit)
    results = [OptOutOut.of(view) for view in page.items]
    return OptOutPage(results=results, next=call.cursor(query, page.next))


@routes.post("{review_id}/resolve/", codes=("unknown_reference",))
def resolve_opt_out(call: Call, review_id: str, body: OptOutResolveIn) -> OptOutResolved:
    """Say who she is, or dismiss it.

    With `contact_id` that contact is opted out as if her answer had been understood, and gets the
    one confirmation if she wrote within the last week; other opt-outs from the same address are
    settled with it.
    """
    if body.dismiss and body.contact_id is not None:
        raise ValidationFailed([FieldError("dismiss", "not_with_contact", "not_with_contact")])
    if body.dismiss:
        outcome = call.app.opt_outs.dismiss(call.tenant_id, review_id)
    elif body.contact_id is not None:
        outcome = call.app.opt_outs.resolve(call.tenant_id, review_id, body.contact_id)
    else:
        raise ValidationFailed([FieldError("contact_id", "required", "required")])
    return OptOutResolved(id=review_id, outcome=outcome)
