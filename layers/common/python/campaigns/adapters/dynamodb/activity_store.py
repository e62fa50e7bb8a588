"""What the persons' gates tell of one tenant: when it last messaged them, when they replied."""

from collections.abc import Sequence

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.gate_items import (
    PersonItem,
    latest_through,
    messaged_at,
    replied_at,
)
from campaigns.adapters.dynamodb.table import Table
from campaigns.domain.latest_send import LatestSend
from campaigns.services.ports_activity import Activity, Correspondence


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


class CorrespondenceStore:
    """See :class:`campaigns.services.ports_activity.Correspondences`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def read(self, tenant_id: str, instance_id: str, person: str) -> Correspondence:
        item = self._table.get(PersonItem, keys.person_gate(person))
        if item is None:
            return Correspondence(Activity())
        latest = item.texts.get(latest_through(instance_id).attr_name)
        return Correspondence(
            _activity(item, tenant_id), LatestSend.read(instance_id, latest) if latest else None
        )

    def note_reply(self, tenant_id: str, person: str, at: int) -> None:
        replied = replied_at(tenant_id)
        is_newer = replied.does_not_exist() | (replied < at)
        self._table.update(PersonItem, keys.person_gate(person), [replied.set(at)], is_newer)


def _activity(item: PersonItem, tenant_id: str) -> Activity:
    return Activity(
        last_messaged_at=item.times.get(messaged_at(tenant_id).attr_name),
        last_replied_at=item.times.get(replied_at(tenant_id).attr_name),
    )
