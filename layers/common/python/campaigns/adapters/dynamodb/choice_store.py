"""What people have chosen: the newest choice and the suppression, always written together."""

from typing import Any

from pynamodb.attributes import NumberAttribute
from pynamodb.expressions.condition import Condition

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.contact_items import (
    SuppressionItem,
    to_suppression,
    to_suppression_item,
)
from campaigns.adapters.dynamodb.gate_items import PersonItem, chose
from campaigns.adapters.dynamodb.table import Item, Refused, Table
from campaigns.domain.errors import ConcurrentUpdate
from campaigns.domain.instants import MINUTE_MS, SECOND_MS
from campaigns.domain.model import Suppression
from campaigns.domain.opt_out import Choice
from campaigns.services.ports_choices import Chosen

#: Each further attempt follows a choice of the same person at the same moment.
_ATTEMPTS = 5
#: Servers keep what a phone that was off has missed for weeks, and tell it anew.
_REMEMBERED_MS = 30 * 24 * 60 * MINUTE_MS


class HeardItem(Item):
    """When a message in which somebody chose came first."""

    heard_at = NumberAttribute()
    expires_at = NumberAttribute()


class ChoiceStore:
    """See :class:`campaigns.services.ports_choices.Choices`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def heard_at(self, tenant_id: str, message: str, now: int) -> int:
        key = keys.heard(tenant_id, message)
        expires_at = (now + _REMEMBERED_MS) // SECOND_MS
        item = HeardItem(key.pk, key.sk, heard_at=now, expires_at=expires_at)
        result = self._table.put(item, HeardItem.pk.does_not_exist())
        before = result.item if isinstance(result, Refused) else None
        return int(before.heard_at) if before else now

    def newest(self, tenant_id: str, person: str) -> str | None:
        item = self._table.get(PersonItem, keys.person_gate(person), consistent=True)
        return item.texts.get(chose(tenant_id).attr_name) if item else None

    def choose(self, tenant_id: str, person: str, choice: Choice) -> Chosen:
        mark = chose(tenant_id)
        is_newer = mark.does_not_exist() | (mark < choice.mark)
        return self._write(tenant_id, person, choice, is_newer)

    def choose_over(
        self, tenant_id: str, person: str, choice: Choice, *, seen: str | None
    ) -> Chosen:
        mark = chose(tenant_id)
        as_seen = mark.does_not_exist() if seen is None else mark == seen
        return self._write(tenant_id, person, choice, as_seen)

    def _write(self, tenant_id: str, person: str, choice: Choice, condition: Condition) -> Chosen:
        mark = chose(tenant_id)
        person_key = keys.person_gate(person)
        noted = self._table.update_request(person_key, [mark.set(choice.mark)], condition)
        for _ in range(_ATTEMPTS):
            stored = self._suppression(tenant_id, person)
            after = (stored or choice.suppression(tenant_id, person)) if choice.is_out else None
            refusals = self._table.transact(
                [("Update", noted), *self._follow(tenant_id, person, stored, after)]
            )
            if refusals is None:
                return Chosen(is_in_force=True, suppression=after)
            if refusals[0] is not None:
                is_mine = refusals[0].get(mark.attr_name) == {"S": choice.mark}
                return Chosen(is_mine, self._suppression(tenant_id, person))
        raise ConcurrentUpdate

    def _follow(
        self,
        tenant_id: str,
        person: str,
        stored: Suppression | None,
        after: Suppression | None,
    ) -> list[tuple[str, dict[str, Any]]]:
        """The first opt-out stands, so that one who is out already stays out as she is."""
        key = keys.suppression(tenant_id, person)
        if after is None:
            return [("Delete", self._table.check_request(key))]
        if stored is not None:
            return [("ConditionCheck", self._table.check_request(key, SuppressionItem.pk.exists()))]
        is_new = SuppressionItem.pk.does_not_exist()
        return [("Put", self._table.put_request(to_suppression_item(after), is_new))]

    def _suppression(self, tenant_id: str, person: str) -> Suppression | None:
        key = keys.suppression(tenant_id, person)
        item = self._table.get(SuppressionItem, key, consistent=True)
        return to_suppression(item) if item else None
