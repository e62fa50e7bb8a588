"""Shapes of the instance's gate and of the person's."""

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from campaigns.adapters.dynamodb.table import Item
from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.model import ConnectionState, InstanceGate


class GateItem(Item):
    """The instance's gate; under 1 KB, so that each send costs it two write units."""

    tenant_id = UnicodeAttribute()
    connection_state = UnicodeAttribute()
    config_version = NumberAttribute()
    delay_min_ms = NumberAttribute()
    delay_max_ms = NumberAttribute()
    daily_limit = NumberAttribute(null=True)
    live_campaign_id = UnicodeAttribute(null=True)
    live_status = UnicodeAttribute(null=True)
    busy_token = UnicodeAttribute(null=True)
    busy_until = NumberAttribute(null=True)
    busy_holder = UnicodeAttribute(null=True)
    last_left_at = NumberAttribute(default=0)
    day = UnicodeAttribute(null=True)
    day_count = NumberAttribute(default=0)
    write_token = UnicodeAttribute(null=True)


class PersonItem(Item):
    """When a person was last sent to, by which recipient; the newest stamp of the deployment."""

    stamped_at = NumberAttribute()
    recipient_id = UnicodeAttribute()
    write_token = UnicodeAttribute()
    expires_at = NumberAttribute()


def to_gate(item: GateItem) -> InstanceGate:
    return InstanceGate(
        instance_id=item.pk.removeprefix("INSTANCE#"),
        tenant_id=item.tenant_id,
        connection_state=ConnectionState(item.connection_state),
        config_version=int(item.config_version),
        delay_min_ms=int(item.delay_min_ms),
        delay_max_ms=int(item.delay_max_ms),
        daily_limit=None if item.daily_limit is None else int(item.daily_limit),
        live_campaign_id=item.live_campaign_id,
        live_status=CampaignStatus(item.live_status) if item.live_status else None,
        busy_token=item.busy_token,
        busy_until=None if item.busy_until is None else int(item.busy_until),
        busy_holder=item.busy_holder,
        last_left_at=int(item.last_left_at),
        day=item.day,
        day_count=int(item.day_count),
    )
