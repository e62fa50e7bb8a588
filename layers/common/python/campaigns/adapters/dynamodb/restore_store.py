"""Writes that only a restore from backup needs."""

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.campaign_items import HeadItem
from campaigns.adapters.dynamodb.gate_items import GateItem
from campaigns.adapters.dynamodb.table import Table
from campaigns.domain.model import Campaign


class RestoreStore:
    """See :class:`campaigns.services.ports_restore.Restoration`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def settle_gate(self, instance_id: str, last_left_at: int) -> None:
        self._table.update(
            GateItem,
            keys.instance_gate(instance_id),
            [
                GateItem.busy_token.remove(),
                GateItem.busy_until.remove(),
                GateItem.busy_holder.remove(),
                GateItem.busy_campaign_id.remove(),
                GateItem.last_left_at.set(last_left_at),
            ],
            GateItem.pk.exists() & (GateItem.last_left_at < last_left_at),
        )

    def note(self, campaign: Campaign, restored_to: int) -> None:
        self._table.update(
            HeadItem,
            keys.campaign_head(campaign.tenant_id, campaign.campaign_id),
            [HeadItem.restored_to.set(restored_to)],
            HeadItem.pk.exists(),
        )
