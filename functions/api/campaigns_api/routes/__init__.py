"""The operations, one module per concern. A handler reads, calls a service, maps the answer."""

from campaigns_api.operations import Operation
from campaigns_api.routes import (
    campaigns,
    contacts,
    holidays,
    instances,
    messages,
    recipients,
    service,
)


def all_operations() -> tuple[Operation, ...]:
    """Every operation of the API, in the order of the document."""
    modules = (service, instances, contacts, campaigns, messages, recipients, holidays)
    return tuple(operation for module in modules for operation in module.routes)
