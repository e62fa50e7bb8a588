"""Shapes of the instance's gate and of the person's."""

from typing import Self

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute

from campaigns.adapters.dynamodb.table import Item, Raw, numbers_in
from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.model import ConnectionState, InstanceGate


class GateItem(Item):
    """The instance's gate; under 1 KB, so that each send costs it two write units."""

    tenant_id = UnicodeAttribute()
    connection_state = UnicodeAttribute()
    connection_version = NumberAttribute(default=0)
    config_version = NumberAttribute()
    delay_min_ms = NumberAttribute()
    delay_max_ms = NumberAttribute()
    daily_limit = NumberAttribute(null=True)
    live_campaign_id = UnicodeAttribute(null=True)
    live_status = UnicodeAttribute(null=True)
    scheduled = NumberAttribute(null=True)
    busy_token = UnicodeAttribute(null=True)
    busy_until = NumberAttribute(null=True)
    busy_holder = UnicodeAttribute(null=True)
    busy_campaign_id = UnicodeAttribute(null=True)
    last_left_at = NumberAttribute(default=0)
    day = UnicodeAttribute(null=True)
    day_count = NumberAttribute(default=0)
    failures_in_row = NumberAttribute(default=0)
    failure_token = UnicodeAttribute(null=True)
    honours_message_id = BooleanAttribute(null=True)
    write_token = UnicodeAttribute(null=True)


class PersonItem(Item):
    """When a person was last sent to, by whose try; the newest stamp of the deployment.

    Beside it, in attributes named after each tenant, when that tenant messaged her, when she
    replied and what she chose last; named after each instance, what a campaign last sent by it.
    """

    # Missing where she has only replied so far.
    stamped_at = NumberAttribute(null=True)
    stamped_by = UnicodeAttribute(null=True)
    write_token = UnicodeAttribute(null=True)

    #: The item's numbers and texts by the names of their attributes, which are data.
    times: dict[str, int]
    texts: dict[str, str]

    @classmethod
    def from_raw_data(cls, data: Raw) -> Self:
        item = super().from_raw_data(data)
        item.times = numbers_in(data)
        item.texts = {name: value["S"] for name, value in data.items() if "S" in value}
        return item


def messaged_at(tenant_id: str) -> NumberAttribute:
    """The attribute of a person's gate that says when this tenant last messaged her."""
    return NumberAttribute(attr_name=f"messaged#{tenant_id}")


def replied_at(tenant_id: str) -> NumberAttribute:
    """The attribute of a person's gate that says when she last replied to this tenant."""
    return NumberAttribute(attr_name=f"replied#{tenant_id}")


def chose(tenant_id: str) -> UnicodeAttribute:
    """The attribute of a person's gate that holds the mark of her newest choice."""
    return UnicodeAttribute(attr_name=f"chose#{tenant_id}")


def latest_through(instance_id: str) -> UnicodeAttribute:
    """The attribute of a person's gate that names the last send of a campaign to her."""
    return UnicodeAttribute(attr_name=f"latest#{instance_id}")


def to_gate(item: GateItem) -> InstanceGate:
    return InstanceGate(
        instance_id=item.pk.removeprefix("INSTANCE#"),
        tenant_id=item.tenant_id,
        connection_state=ConnectionState(item.connection_state),
        connection_version=int(item.connection_version),
        config_version=int(item.config_version),
        delay_min_ms=int(item.delay_min_ms),
        delay_max_ms=int(item.delay_max_ms),
        daily_limit=None if item.daily_limit is None else int(item.daily_limit),
        live_campaign_id=item.live_campaign_id,
        live_status=CampaignStatus(item.live_status) if item.live_status else None,
        scheduled=int(item.scheduled or 0),
        busy_token=item.busy_token,
        busy_until=None if item.busy_until is None else int(item.busy_until),
        busy_holder=item.busy_holder,
        busy_campaign_id=item.busy_campaign_id,
        last_left_at=int(item.last_left_at),
        day=item.day,
        day_count=int(item.day_count),
        failures_in_row=int(item.failures_in_row),
        honours_message_id=item.honours_message_id,
    )
