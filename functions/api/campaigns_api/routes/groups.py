"""Groups: ``/api/contacts/groups/``."""

from campaigns.services.manage_groups import GroupChange
from campaigns.services.ports import Listing
from campaigns.services.read_contacts import ContactFilter, ContactView
from campaigns_api.call import Call, Edit
from campaigns_api.models.base import ListQuery
from campaigns_api.models.contacts import ContactOut, ContactPage
from campaigns_api.models.groups import (
    GroupChangeOut,
    GroupContactsIn,
    GroupIn,
    GroupOut,
    GroupPage,
    GroupPatch,
)
from campaigns_api.operations import Routes
from campaigns_api.pages import fitting_page

routes = Routes("groups", "/api/contacts/groups/")


@routes.get()
def list_groups(call: Call, query: ListQuery) -> GroupPage:
    """List groups by name."""
    listing = call.app.groups.list(call.tenant_id, after=call.after(query), limit=query.limit)
    results = [GroupOut.of(view) for view in listing.items]
    return GroupPage(results=results, next=call.cursor(query, listing.next))


@routes.post(status=201)
def create_group(call: Call, body: GroupIn) -> GroupOut:
    """Create a group, without contacts."""
    return GroupOut.of(call.app.groups.create(call.tenant_id, body.name, body.description))


@routes.get("{group_id}/")
def get_group(call: Call, group_id: str) -> GroupOut:
    """Get a group."""
    return GroupOut.of(call.app.groups.read(call.tenant_id, group_id))


@routes.put("{group_id}/")
def replace_group(call: Call, group_id: str, body: Edit[GroupIn]) -> GroupOut:
    """Replace a group's name and description; its contacts stay."""
    seen = call.app.groups.read(call.tenant_id, group_id)
    put = body.over(GroupOut.of(seen))
    view = call.app.groups.edit(seen, name=put.name, description=put.description)
    return GroupOut.of(view)


@routes.patch("{group_id}/")
def change_group(call: Call, group_id: str, body: Edit[GroupPatch]) -> GroupOut:
    """Change a group's name or description."""
    seen = call.app.groups.read(call.tenant_id, group_id)
    patch = body.over(GroupOut.of(seen))
    kept = {"name": seen.group.name, "description": seen.group.description}
    given = patch.model_dump(include=patch.model_fields_set)
    return GroupOut.of(call.app.groups.edit(seen, **kept | given))


@routes.delete("{group_id}/")
def delete_group(call: Call, group_id: str) -> None:
    """Delete a group; its contacts stay."""
    if "if-match" in call.headers:
        seen = call.app.groups.read(call.tenant_id, group_id)
        call.require_match(GroupOut.of(seen))
        call.app.groups.delete(call.tenant_id, group_id, seen=seen)
    else:
        call.app.groups.delete(call.tenant_id, group_id)


@routes.get("{group_id}/contacts/")
def list_group_contacts(call: Call, group_id: str, query: ListQuery) -> ContactPage:
    """List a group's contacts by name."""
    call.app.groups.require(call.tenant_id, group_id)
    after, wanted = call.after(query), ContactFilter(group_id=group_id)

    def read(limit: int) -> Listing[ContactView]:
        return call.app.contacts.list(call.tenant_id, wanted, after=after, limit=limit)

    results, following = fitting_page(read, ContactOut.of, query.limit)
    return ContactPage(results=results, next=call.cursor(query, following))


@routes.post("{group_id}/add_contacts/")
def add_contacts_to_group(call: Call, group_id: str, body: GroupContactsIn) -> GroupChangeOut:
    """Put up to 1,000 contacts into a group.

    Ids of which there is no contact are listed as `unknown`, and the others are put in. A contact
    can be in 100 groups: with one that is in as many already, nothing is changed.
    """
    return _changed(call, call.app.groups.add_contacts(call.tenant_id, group_id, body.contact_ids))


@routes.post("{group_id}/remove_contacts/")
def remove_contacts_from_group(call: Call, group_id: str, body: GroupContactsIn) -> GroupChangeOut:
    """Take up to 1,000 contacts out of a group."""
    return _changed(
        call, call.app.groups.remove_contacts(call.tenant_id, group_id, body.contact_ids)
    )


def _changed(call: Call, change: GroupChange) -> GroupChangeOut:
    call.counted(changed=change.changed)
    return GroupChangeOut.of(change)
