"""Recipients: read by sequence in blocks, written only under a guard."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from functools import partial
from random import Random
from typing import Any

from pynamodb.attributes import UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.recipient_items import (
    MarkerItem,
    RecipientItem,
    lane_of,
    to_item,
    to_marker,
    to_recipient,
    to_try,
)
from campaigns.adapters.dynamodb.table import Done, Table
from campaigns.domain.identity import new_token
from campaigns.domain.model import DueRetry, LaneKey, Recipient, SendJob
from campaigns.domain.recipient import RecipientStatus
from campaigns.domain.sources import RecipientTally
from campaigns.services.ports import Guard

#: Fields whose stored form is not a plain attribute of the same name.
_DERIVED = frozenset({"retry_at", "failed_tries", "instance_id"})
#: Fields that belong to a state and not to the recipient.
_PASSING = ("error_code", "lease_token", "lease_until", "slot_at", "unknown_since")

_NO_TALLY = RecipientTally()


class RecipientStore:
    """See :class:`campaigns.services.ports.Recipients`, ``RecipientsToLay`` there, and
    :class:`campaigns.services.ports_reopening.FailedRecipients`.
    """

    def __init__(self, table: Table, random: Random) -> None:
        self._table = table
        self._random = random

    def read(
        self, tenant_id: str, campaign_id: str, sequence: int, *, consistent: bool = False
    ) -> Recipient | None:
        key = keys.recipient(tenant_id, campaign_id, sequence)
        item = self._table.get(RecipientItem, key, consistent=consistent)
        return to_recipient(item) if item else None

    def find(
        self, tenant_id: str, campaign_id: str, recipient_id: str, *, consistent: bool = False
    ) -> Recipient | None:
        key = keys.recipient_marker(recipient_id)
        marker = self._table.get(MarkerItem, key, consistent=consistent)
        if marker is None or marker.campaign_id != campaign_id:
            return None
        found = self.read(tenant_id, campaign_id, int(marker.sequence), consistent=consistent)
        return found if found and found.recipient_id == recipient_id else None

    def page(
        self,
        tenant_id: str,
        campaign_id: str,
        start: int,
        stop: int,
        *,
        limit: int,
        consistent: bool = False,
    ) -> list[Recipient]:
        found: list[Recipient] = []
        while start < stop and len(found) < limit:
            block = start // keys.BLOCK
            end = min(stop, (block + 1) * keys.BLOCK)
            low, high = f"{start:09d}", f"{end - 1:09d}"
            wanted = limit - len(found)
            page = self._table.query(
                RecipientItem,
                keys.recipient_block(tenant_id, campaign_id, block),
                sort=partial(_between, low, high),
                limit=wanted,
                consistent=consistent,
            )
            found += [to_recipient(item) for item in page.items]
            # A page may end early, at 1 MB: go on behind its last item, else in the next block.
            start = int(page.items[-1].sequence) + 1 if page.last_key and page.items else end
        return found

    def due_retries(self, lane: LaneKey, until: int, limit: int) -> list[DueRetry]:
        page = self._table.query(
            RecipientItem,
            str(lane),
            index="by_retry",
            sort=lambda path: path <= until,
            limit=limit,
        )
        return [
            DueRetry(
                recipient_id=item.recipient_id,
                sequence=int(item.sequence),
                person=item.person,
                plan_number=int(item.plan_number),
                retry_at=int(item.retry_at),
            )
            for item in page.items
        ]

    def mark_planned(self, job: SendJob) -> bool:
        result = self._table.update(
            RecipientItem,
            keys.recipient(job.tenant_id, job.campaign_id, job.sequence),
            [
                RecipientItem.retry_lane.remove(),
                RecipientItem.retry_at.remove(),
                RecipientItem.slot_at.set(job.slot_at),
            ],
            (RecipientItem.recipient_id == job.recipient_id)
            & (RecipientItem.plan_number == job.plan_number),
        )
        return isinstance(result, Done)

    def save(self, old: Recipient, new: Recipient, guard: Guard) -> Recipient | None:
        token = new_token(self._random)
        result = self._table.update(
            RecipientItem,
            keys.recipient(old.tenant_id, old.campaign_id, old.sequence),
            _changes(old, new, token),
            _holds(guard) & (RecipientItem.recipient_id == old.recipient_id),
            token=token,
            returning="ALL_OLD",
        )
        if not isinstance(result, Done) or result.item is None:
            return None
        # After a lost answer the stored item is ours already: then it was as the caller knew it.
        return old if result.item.write_token == token else to_recipient(result.item)

    def save_request(self, old: Recipient, new: Recipient, guard: Guard) -> dict[str, Any]:
        """A save as part of a transaction, which knows its own repeats."""
        return self._table.update_request(
            keys.recipient(old.tenant_id, old.campaign_id, old.sequence),
            _changes(old, new, new_token(self._random)),
            _holds(guard) & (RecipientItem.recipient_id == old.recipient_id),
        )

    def failed(self, tenant_id: str, campaign_id: str, start: int, stop: int) -> list[Recipient]:
        found: list[Recipient] = []
        while start < stop:
            block = start // keys.BLOCK
            end = min(stop, (block + 1) * keys.BLOCK)
            items = self._table.query_all(
                RecipientItem,
                keys.recipient_block(tenant_id, campaign_id, block),
                sort=partial(_between, f"{start:09d}", f"{end - 1:09d}"),
                only=RecipientItem.status == RecipientStatus.FAILED,
                consistent=True,
            )
            found += map(to_recipient, items)
            start = end
        return found

    def lay(self, recipient: Recipient, laid_epoch: int, tally: RecipientTally = _NO_TALLY) -> bool:
        """Write a recipient and its marker under the layer's fencing number.

        A layer that lost its lease has a lower number and is refused; leftovers of one that crashed
        lie beyond what is laid and are written over.
        """
        is_not_newer = RecipientItem.pk.does_not_exist() | (RecipientItem.laid_epoch <= laid_epoch)
        if not isinstance(self._table.put(to_item(recipient, laid_epoch), is_not_newer), Done):
            return False
        marker = to_marker(recipient, laid_epoch, tally)
        is_not_newer = MarkerItem.pk.does_not_exist() | (MarkerItem.laid_epoch <= laid_epoch)
        return isinstance(self._table.put(marker, is_not_newer), Done)

    def already_laid(
        self, tenant_id: str, campaign_id: str, recipient_ids: Sequence[str], laid_through: int
    ) -> set[str]:
        """Which of these lie below `laid_through`. A marker alone proves nothing: a layer that
        crashed leaves markers whose place another recipient has taken since."""
        markers = self._table.batch_get(
            MarkerItem, map(keys.recipient_marker, recipient_ids), consistent=True
        )
        places = {
            keys.recipient(tenant_id, campaign_id, int(marker.sequence))
            for marker in markers.values()
            if marker.sequence < laid_through
        }
        lying = self._table.batch_get(RecipientItem, places, consistent=True)
        return {item.recipient_id for item in lying.values()} & set(recipient_ids)


def _between(low: str, high: str, path: UnicodeAttribute) -> Condition:
    return path.between(low, high)


def _holds(guard: Guard) -> Condition:
    condition = RecipientItem.status.is_in(*sorted(guard.statuses))
    if guard.plan_number is not None:
        condition &= RecipientItem.plan_number == guard.plan_number
    if guard.lease_token is not None:
        condition &= RecipientItem.lease_token == guard.lease_token
    if guard.whatsapp_message_id is not None:
        condition &= RecipientItem.whatsapp_message_id == guard.whatsapp_message_id
    return condition


def _changes(old: Recipient, new: Recipient, token: str) -> list[Action]:
    """An action for each field that differs; what a passing state left behind always goes.

    `old` may be older than what is stored: a proof of a send finds its lease expired meanwhile.
    """
    actions: list[Action] = [
        RecipientItem.status.set(new.status),
        RecipientItem.updated_at.set(new.updated_at),
        # `old` is as its campaign's instance has it by now, which may not be what is stored.
        RecipientItem.instance_id.set(new.instance_id),
        RecipientItem.write_token.set(token),
    ]
    gone = {name for name in _PASSING if getattr(new, name) is None}
    for name in gone | set(_changed(old, new)):
        attribute, value = getattr(RecipientItem, name), getattr(new, name)
        actions.append(attribute.remove() if value is None else attribute.set(value))
    if new.retry_at is not None:
        actions += [
            RecipientItem.retry_at.set(new.retry_at),
            RecipientItem.retry_lane.set(lane_of(new)),
        ]
    elif old.retry_at is not None or new.status is not RecipientStatus.PENDING:
        actions += [RecipientItem.retry_at.remove(), RecipientItem.retry_lane.remove()]
    if new.failed_tries != old.failed_tries:
        actions.append(RecipientItem.failed_tries.set(list(map(to_try, new.failed_tries))))
    if new.whatsapp_message_id and new.whatsapp_message_id != old.whatsapp_message_id:
        message_key = keys.message_key(new.instance_id, new.whatsapp_message_id)
        actions.append(RecipientItem.message_key.set(message_key))
    return actions


def _changed(old: Recipient, new: Recipient) -> Iterable[str]:
    handled = _DERIVED | {"status", "updated_at"}
    for each in fields(Recipient):
        if each.name not in handled and getattr(old, each.name) != getattr(new, each.name):
            yield each.name
