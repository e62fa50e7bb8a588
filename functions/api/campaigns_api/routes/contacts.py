"""Contacts: ``/api/contacts/contacts/``."""

from collections import Counter
from collections.abc import Sequence

from campaigns.domain.contact import ContactDraft
from campaigns.domain.contact_bulk import RowError, RowOutcome, RowResult
from campaigns.domain.errors import FieldError, ValidationFailed
from campaigns.services.ports import Listing
from campaigns.services.read_contacts import ContactView
from campaigns_api.call import Answered, Call, Edit
from campaigns_api.models.base import ListQuery
from campaigns_api.models.bulk_contacts import BulkContact, BulkError, BulkIn, BulkOut
from campaigns_api.models.contacts import (
    ContactIn,
    ContactOut,
    ContactPage,
    ContactPatch,
    ContactPut,
    ContactQuery,
    ContactRow,
    OptOutIn,
)
from campaigns_api.models.groups import TagOut, TagPage
from campaigns_api.models.problems import FieldProblem
from campaigns_api.operations import Routes
from campaigns_api.pages import fitting_page
from campaigns_api.problems import worded
from campaigns_api.validation import parsed

BULK_BODY_LIMIT_BYTES = 4_000_000
#: A thousand bad rows still make an answer that the gateway lets through.
MOST_FAULTS_OF_A_ROW = 10
#: Where an opt-out came from that an operator entered.
_OPERATOR = "operator"

routes = Routes("contacts", "/api/contacts/contacts/")


@routes.get()
def list_contacts(call: Call, query: ContactQuery) -> ContactPage:
    """List contacts by name, or those that a filter finds."""
    after, wanted = call.after(query), query.wanted()

    def read(limit: int) -> Listing[ContactView]:
        return call.app.contacts.list(call.tenant_id, wanted, after=after, limit=limit)

    results, following = fitting_page(read, ContactOut.of, query.limit)
    return ContactPage(results=results, next=call.cursor(query, following))


@routes.get("tags/")
def list_tags(call: Call, query: ListQuery) -> TagPage:
    """List the tags that contacts have, and how many have each.

    Spellings that differ in case or accents are one tag, shown as it was first written.
    """
    listing = call.app.groups.tags(call.tenant_id, after=call.after(query), limit=query.limit)
    results = [TagOut.of(view) for view in listing.items]
    return TagPage(results=results, next=call.cursor(query, listing.next))


@routes.post(status=201, codes=("contact_exists",))
def create_contact(call: Call, body: ContactIn) -> ContactOut:
    """Create a contact.

    A person is one contact, whatever the spelling of the phone: a repeat is 409 with `existing_id`.
    """
    return ContactOut.of(call.app.contacts.create(call.tenant_id, body.draft()))


@routes.post("bulk_create/", body_limit=BULK_BODY_LIMIT_BYTES, also=(201, 422))
def bulk_create_contacts(call: Call, body: BulkIn) -> Answered[BulkOut]:
    """Create or update up to 1,000 contacts.

    One bad row spoils no other. 201 if any was created, 200 if any was updated or skipped, 422 if
    every row is bad.
    """
    drafts = [_draft(row) for row in body.contacts]
    rows = call.app.contacts.bulk(call.tenant_id, drafts, body.on_duplicate)
    answer = _bulk_answer(rows, call)
    call.counted(created=answer.created, updated=answer.updated)
    return Answered(_bulk_status(rows), answer)


@routes.get("{contact_id}/")
def get_contact(call: Call, contact_id: str) -> ContactOut:
    """Get a contact."""
    return ContactOut.of(call.app.contacts.read(call.tenant_id, contact_id))


@routes.put("{contact_id}/", codes=("phone_identifies_contact",))
def replace_contact(call: Call, contact_id: str, body: Edit[ContactPut]) -> ContactOut:
    """Replace a contact.

    What is left out is empty from then on. The phone may change to another spelling of the same
    person only.
    """
    seen = call.app.contacts.read(call.tenant_id, contact_id)
    values = body.over(ContactOut.of(seen)).values()
    return ContactOut.of(call.app.contacts.edit(call.tenant_id, seen, values))


@routes.patch("{contact_id}/", codes=("phone_identifies_contact",))
def change_contact(call: Call, contact_id: str, body: Edit[ContactPatch]) -> ContactOut:
    """Change a contact; each given field is replaced whole, and null empties it.

    The phone may change to another spelling of the same person only.
    """
    seen = call.app.contacts.read(call.tenant_id, contact_id)
    values = body.over(ContactOut.of(seen)).values_over(seen.contact)
    return ContactOut.of(call.app.contacts.edit(call.tenant_id, seen, values))


@routes.delete("{contact_id}/")
def delete_contact(call: Call, contact_id: str) -> None:
    """Delete a contact.

    Its personal data goes, also from groups and tags; an opt-out stays, and pending recipients are
    skipped.
    """
    seen = call.app.contacts.read(call.tenant_id, contact_id)
    call.require_match(ContactOut.of(seen))
    call.app.contacts.delete(call.tenant_id, contact_id, seen=seen)


@routes.post("{contact_id}/opt-out/")
def opt_out_contact(call: Call, contact_id: str, body: OptOutIn) -> ContactOut:
    """Opt a contact out, of every campaign, at the moment of sending."""
    contacts = call.app.contacts
    before = contacts.read(call.tenant_id, contact_id)
    view = contacts.opt_out(call.tenant_id, contact_id, reason=body.reason, source=_OPERATOR)
    return _opted(call, before, view)


@routes.post("{contact_id}/opt-in/")
def opt_in_contact(call: Call, contact_id: str, body: OptOutIn) -> ContactOut:  # noqa: ARG001 - a reason to come back is read, and ends with the opt-out that it ends.
    """Take back a contact's opt-out."""
    before = call.app.contacts.read(call.tenant_id, contact_id)
    return _opted(call, before, call.app.contacts.opt_in(call.tenant_id, contact_id))


def _opted(call: Call, before: ContactView, after: ContactView) -> ContactOut:
    if after.suppression == before.suppression:
        call.unchanged()
    return ContactOut.of(after)


def _draft(row: object) -> ContactDraft | RowError:
    if not isinstance(row, dict):
        return RowError((FieldError("", "not_an_object", "not_an_object"),))
    try:
        return parsed(ContactRow, row).draft()
    except ValidationFailed as refused:
        return RowError(refused.errors)


def _bulk_status(rows: Sequence[RowResult]) -> int:
    results = {row.result for row in rows}
    if RowOutcome.CREATED in results:
        return 201
    return 422 if results == {RowOutcome.ERROR} else 200


def _bulk_answer(rows: Sequence[RowResult], call: Call) -> BulkOut:
    counts = Counter(row.result for row in rows)
    return BulkOut(
        created=counts[RowOutcome.CREATED],
        updated=counts[RowOutcome.UPDATED],
        skipped=counts[RowOutcome.SKIPPED],
        errors=[
            BulkError(
                index=row.index,
                code=row.code or "",
                errors=[
                    FieldProblem.model_validate(worded(error, call.language))
                    for error in row.errors[:MOST_FAULTS_OF_A_ROW]
                ],
            )
            for row in rows
            if row.result is RowOutcome.ERROR
        ],
        contacts=[BulkContact.of(row) for row in rows if row.result is not RowOutcome.ERROR],
    )
