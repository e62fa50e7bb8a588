"""Keys to the API: ``/api/keys/``."""

from campaigns.domain.model import Role
from campaigns_api.call import Call
from campaigns_api.models.base import ListQuery
from campaigns_api.models.keys import KeyCreated, KeyIn, KeyOut, KeyPage
from campaigns_api.operations import Routes

routes = Routes("keys", "/api/keys/")


@routes.get(role=Role.OWNER)
def list_keys(call: Call, query: ListQuery) -> KeyPage:
    """List the tenant's keys in the order in which they were created."""
    listing = call.app.keys.list(call.tenant_id, after=call.after(query), limit=query.limit)
    return KeyPage(
        results=[KeyOut.of(key) for key in listing.items], next=call.cursor(query, listing.next)
    )


@routes.post(role=Role.OWNER, status=201)
def create_key(call: Call, body: KeyIn) -> KeyCreated:
    """Create a key; its text is in this answer and nowhere else.

    A repeat under the same Idempotency-Key is 409 `already_created` with the key's id.
    """
    return KeyCreated.made(call.app.keys.create(call.tenant_id, body.name, body.role))


@routes.delete("{key_id}/", role=Role.OWNER, codes=("last_owner_key",))
def delete_key(call: Call, key_id: str) -> None:
    """Delete a key: from the answer on it opens nothing.

    A key may delete itself; the last one with the role `owner` stays.
    """
    key = call.app.keys.read(call.tenant_id, key_id)
    call.require_match(KeyOut.of(key))
    call.app.keys.delete(key)
