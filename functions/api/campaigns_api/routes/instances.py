"""Instances: ``/api/instances/``."""

from campaigns.domain.model import Role
from campaigns_api.call import Call, Edit
from campaigns_api.models.base import ListQuery
from campaigns_api.models.instances import InstanceIn, InstanceOut, InstancePage, InstancePatch
from campaigns_api.operations import Routes

#: What asking the Evolution server can end in.
_EVOLUTION = ("already_registered", "evolution_unreachable", "evolution_error")

routes = Routes("instances", "/api/instances/")


@routes.get()
def list_instances(call: Call, query: ListQuery) -> InstancePage:
    """List instances in the order in which they were created."""
    listing = call.app.instances.list(call.tenant_id, after=call.after(query), limit=query.limit)
    return InstancePage(
        results=[InstanceOut.of(view) for view in listing.items],
        next=call.cursor(query, listing.next),
    )


@routes.post(role=Role.OWNER, status=201, codes=_EVOLUTION)
def create_instance(call: Call, body: InstanceIn) -> InstanceOut:
    """Register an instance that exists on its Evolution server.

    One record per server and instance name, and per connected phone, in a deployment.
    """
    return InstanceOut.of(call.app.instances.create(call.tenant_id, body.draft(), call.actor))


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
    return InstanceOut.of(instances.patch(call.tenant_id, instance_id, changes, seen=seen))


@routes.post("{instance_id}/refresh/", role=Role.OWNER, codes=_EVOLUTION)
def refresh_instance(call: Call, instance_id: str) -> InstanceOut:
    """Ask Evolution how the instance is now.

    Where the server refuses its key or knows it no more, nothing is sent through it until that is
    mended: to manage instances is the owner's.
    """
    return InstanceOut.of(call.app.instances.refresh(call.tenant_id, instance_id))
