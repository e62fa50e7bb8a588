"""The operations, one module per concern. A handler reads, calls a service, maps the answer."""

from campaigns_api.operations import Operation
from campaigns_api.routes import (
    audience,
    audit,
    campaigns,
    contacts,
    groups,
    holidays,
    instances,
    keys,
    messages,
    opt_outs,
    recipients,
    service,
    tenant,
    test_messages,
    webhooks,
)


def all_operations() -> tuple[Operation, ...]:
    """Every operation of the API, in the order of the document."""
    modules = (
        service,
        instances,
        test_messages,
        contacts,
        opt_outs,
        groups,
        campaigns,
        messages,
        recipients,
        audience,
        holidays,
        keys,
        tenant,
        audit,
        webhooks,
    )
    return tuple(operation for module in modules for operation in module.routes)
