"""What the persons' gates tell of one tenant: when it last messaged them, when they replied."""

from collections.abc import Sequence

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.gate_items import PersonItem, messaged_at, replied_at
from campaigns.adapters.dynamodb.table import Table
from campaigns.services.ports_activity import Activity


class ActivityStore:
    """See :class:`campaigns.services.ports_activity.Activities`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def of_persons(self, tenant_id: str, persons: Sequence[str]) -> dict[str, Activity]:
        key_of = {person: keys.person_gate(person) for person in persons}
        items = self._table.batch_get(PersonItem, key_of.values())
        found = {
            person: _activity(items[key], tenant_id)
            for person, key in key_of.items()
            if key in items
        }
        return {person: each for person, each in found.items() if each != Activity()}


def _activity(item: PersonItem, tenant_id: str) -> Activity:
    return Activity(
        last_messaged_at=item.times.get(messaged_at(tenant_id).attr_name),
        last_replied_at=item.times.get(replied_at(tenant_id).attr_name),
    )
