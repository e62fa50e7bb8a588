"""Instances: ``/api/instances/``."""

from campaigns.domain.model import Role
from campaigns.services.instance_views import InstanceView
from campaigns_api.call import Call, Edit
from campaigns_api.models.base import ListQuery
from campaigns_api.models.instances import (
    AvailabilityOut,
    InstanceIn,
    InstanceOut,
    InstancePage,
    InstancePatch,
    QrCodeOut,
    QrCodeQuery,
)
from campaigns_api.operations import Routes

#: What asking the Evolution server can end in.
_EVOLUTION = ("already_registered", "evolution_unreachable", "evolution_error")
#: Why none is made on the deployment's own.
_ON_OUR_SERVER = ("no_server_configured", "too_many_instances")

routes = Routes("instances", "/api/instances/")


@routes.get()
def list_instances(call: Call, query: ListQuery) -> InstancePage:
    """List instances in the order in which they were created."""
    listing = call.app.instances.list(call.tenant_id, after=call.after(query), limit=query.limit)
    return InstancePage(
        results=[InstanceOut.of(view) for view in listing.items],
        next=call.cursor(query, listing.next),
    )


@routes.post(role=Role.OWNER, status=201, codes=(*_EVOLUTION, *_ON_OUR_SERVER))
def create_instance(call: Call, body: InstanceIn) -> InstanceOut:
    """Register an instance that exists on its Evolution server, or make one on ours.

    One record per server and instance name, and per connected phone, in a deployment. One that is
    made is not connected: `qrcode/` gives what a phone is to scan. Of those that are made a tenant
    has at most a hundred. Its server is told to send receipts, answers and changes of the
    connection here, and nowhere else: an instance has one webhook. `webhook_state` says whether it
    was.
    """
    draft = body.draft()
    if not body.create_on_server:
        created = call.app.instances.create(call.tenant_id, draft, call.actor, domain=call.domain)
        return InstanceOut.of(created)
    made = call.app.provision_instance.create(
        call.tenant_id,
        draft,
        call.actor,
        attempt=call.headers.get("idempotency-key"),
        domain=call.domain,
    )
    return InstanceOut.of(made)


@routes.get("{instance_id}/")
def get_instance(call: Call, instance_id: str) -> InstanceOut:
    """Get an instance."""
    return InstanceOut.of(call.app.instances.read(call.tenant_id, instance_id))


@routes.patch("{instance_id}/", role=Role.OWNER, codes=_EVOLUTION)
def change_instance(call: Call, instance_id: str, body: Edit[InstancePatch]) -> InstanceOut:
    """Change an instance.

    A new server, instance or key is proved first; a new server wants `api_key` again.
    """
    instances = call.app.instances
    seen = instances.read(call.tenant_id, instance_id)
    patch = body.over(InstanceOut.of(seen))
    changes = patch.model_dump(include=patch.model_fields_set)
    changed = instances.patch(call.tenant_id, instance_id, changes, seen=seen, domain=call.domain)
    return InstanceOut.of(changed)


@routes.delete("{instance_id}/", role=Role.OWNER, codes=("instance_in_use",))
def delete_instance(call: Call, instance_id: str) -> None:
    """Delete an instance that no live or scheduled campaign uses.

    Its number and its place on the server can be registered anew. One that was made on the
    deployment's server is deleted there too, if that server can be reached; one that was registered
    stays on its own. Drafts that name it cannot be started until they name another.
    """

    def approve(seen: InstanceView) -> None:
        call.require_match(InstanceOut.of(seen))

    call.app.remove_instance.remove(call.tenant_id, instance_id, approve=approve)


@routes.get("{instance_id}/availability/")
def get_availability(call: Call, instance_id: str) -> AvailabilityOut:
    """Say whether a campaign can be started on an instance now."""
    views = call.app.instance_views
    return AvailabilityOut.of(views.availability(call.tenant_id, instance_id))


@routes.post("{instance_id}/refresh/", role=Role.OWNER, codes=_EVOLUTION)
def refresh_instance(call: Call, instance_id: str) -> InstanceOut:
    """Ask Evolution how the instance is now, and set its webhook again where it is not ours.

    A campaign that is active there is paused where the instance turns out to be disconnected; one
    that was paused for that, and has `resume_on_reconnect`, goes on once it is connected to the
    same phone. Where the server refuses its key or knows it no more, nothing is sent through it
    until that is mended: to manage instances is the owner's.
    """
    before = InstanceOut.of(call.app.instances.read(call.tenant_id, instance_id))
    refreshed = call.app.instances.refresh(call.tenant_id, instance_id, domain=call.domain)
    after = InstanceOut.of(refreshed)
    if after == before:
        call.unchanged()
    return after


@routes.get("{instance_id}/qrcode/", role=Role.OWNER, codes=_EVOLUTION)
def get_qr_code(call: Call, instance_id: str, query: QrCodeQuery) -> QrCodeOut:
    """Get what a phone is to scan, asked anew of Evolution each time.

    Whoever scans it connects a phone to this instance: to show it is the owner's. Once that has
    happened, the answer says so, and the instance is ready to send.
    """
    connect = call.app.connect_instance
    shown = connect.show(call.tenant_id, instance_id, phone=query.phone, domain=call.domain)
    return QrCodeOut.of(shown)


@routes.post(
    "{instance_id}/disconnect/",
    role=Role.OWNER,
    codes=("evolution_unreachable", "evolution_error"),
)
def disconnect_instance(call: Call, instance_id: str) -> InstanceOut:
    """Let go of the instance's phone, which may then be connected elsewhere.

    From one second later no request leaves, also where the server does not answer. A campaign that
    is active there is paused.
    """
    before = InstanceOut.of(call.app.instances.read(call.tenant_id, instance_id))
    after = InstanceOut.of(call.app.connect_instance.disconnect(call.tenant_id, instance_id))
    if after == before:
        call.unchanged()
    return after


@routes.post(
    "{instance_id}/rotate-webhook-secret/",
    role=Role.OWNER,
    codes=("evolution_unreachable", "evolution_error"),
)
def rotate_webhook_secret(call: Call, instance_id: str) -> InstanceOut:
    """Give the instance's webhook a new secret.

    The server is told of it at once, and shows the new one from then on; the one before is valid
    for 24 hours more. Where the server cannot be told, it goes on with the one before, which stays
    valid until a repeat or a refresh succeeds. The secret is in no answer.
    """
    assert call.domain is not None, "every request has a domain"
    instances = call.app.instances
    rotated = instances.rotate_webhook_secret(call.tenant_id, instance_id, domain=call.domain)
    return InstanceOut.of(rotated)
