"""Instances as the API reads and shows them; a key goes in and never comes out."""

from typing import Annotated, Self

from pydantic import Field

from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.instance import (
    API_KEY_LIMIT,
    DAILY_LIMIT_RANGE,
    DELAY_RANGE,
    EVOLUTION_INSTANCE_LIMIT,
    NAME_LIMIT,
    InstanceDraft,
)
from campaigns.domain.instants import SECOND_MS, to_iso
from campaigns.domain.model import ConnectionState
from campaigns.services import manage_instances
from campaigns.services.manage_instances import InstanceView
from campaigns_api.models.base import Answer, Body, Moment, NextCursor, iso_or_none, omitted

_URL_LIMIT = 2_000
_Delay = Annotated[int, Field(ge=DELAY_RANGE[0], le=DELAY_RANGE[1])]
_DailyLimit = Annotated[
    Annotated[int, Field(ge=DAILY_LIMIT_RANGE[0], le=DAILY_LIMIT_RANGE[1])] | None,
    Field(description="Requests a day, by the tenant's clock; null is no limit."),
]
_Name = Annotated[str, Field(min_length=1, max_length=NAME_LIMIT, examples=["Loja do centro"])]
_Url = Annotated[
    str,
    Field(
        min_length=1,
        max_length=_URL_LIMIT,
        description="The Evolution server.",
        examples=["https://evolution.example.com"],
    ),
]
_EvolutionName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=EVOLUTION_INSTANCE_LIMIT,
        description="The instance's name on that server.",
        examples=["loja"],
    ),
]
_ApiKey = Annotated[
    str,
    Field(
        min_length=1,
        max_length=API_KEY_LIMIT,
        description="The instance's key; it is never shown again.",
        json_schema_extra={"writeOnly": True},
    ),
]


class InstanceIn(Body):
    """An instance that exists on its server, to be registered."""

    name: _Name
    evolution_url: _Url
    evolution_instance: _EvolutionName
    api_key: _ApiKey
    delay_min_seconds: _Delay = 20
    delay_max_seconds: _Delay = 50
    daily_limit: _DailyLimit = 250

    def draft(self) -> InstanceDraft:
        return InstanceDraft(**self.model_dump())


class InstancePatch(Body):
    """Changes to an instance; whatever is left out stays."""

    name: _Name = omitted()
    evolution_url: _Url = omitted()
    evolution_instance: _EvolutionName = omitted()
    api_key: _ApiKey = omitted()
    delay_min_seconds: _Delay = omitted()
    delay_max_seconds: _Delay = omitted()
    daily_limit: _DailyLimit = omitted()


class ActiveCampaign(Answer):
    """The campaign that holds an instance."""

    id: str
    name: str
    status: CampaignStatus


class InstanceOut(Answer):
    """A WhatsApp number connected through Evolution."""

    versioned_by = frozenset(
        {
            "name",
            "evolution_url",
            "evolution_instance",
            "delay_min_seconds",
            "delay_max_seconds",
            "daily_limit",
            "updated_at",
        }
    )
    made_on_reading = frozenset(
        {"connection_state", "sent_today", "next_allowed_at", "active_campaign"}
    )

    id: Annotated[str, Field(examples=["in_01hz7q3v9k2m4n6p8r0s2t4v6x"])]
    name: str
    evolution_url: str
    evolution_instance: str
    delay_min_seconds: int
    delay_max_seconds: int
    daily_limit: int | None
    connection_state: ConnectionState
    connected_phone: str | None
    sent_today: Annotated[int, Field(description="Requests of this day, by the tenant's clock.")]
    next_allowed_at: Annotated[
        Moment | None, Field(description="When the next request may leave; null is now.")
    ]
    active_campaign: ActiveCampaign | None
    server_version: str | None
    created_at: Moment
    updated_at: Moment

    @classmethod
    def of(cls, view: InstanceView) -> Self:
        instance, gate, active = view.instance, view.gate, view.active_campaign
        return cls(
            id=instance.instance_id,
            name=instance.name,
            evolution_url=instance.evolution_url,
            evolution_instance=instance.evolution_instance,
            delay_min_seconds=gate.delay_min_ms // SECOND_MS,
            delay_max_seconds=gate.delay_max_ms // SECOND_MS,
            daily_limit=gate.daily_limit,
            connection_state=gate.connection_state,
            connected_phone=instance.connected_phone,
            sent_today=view.sent_today,
            next_allowed_at=iso_or_none(view.next_allowed_at),
            active_campaign=_active(active) if active else None,
            server_version=instance.server_version,
            created_at=to_iso(instance.created_at),
            updated_at=to_iso(instance.updated_at),
        )


def _active(campaign: manage_instances.ActiveCampaign) -> ActiveCampaign:
    return ActiveCampaign(id=campaign.id, name=campaign.name, status=campaign.status)


class InstancePage(Answer):
    """Instances in the order in which they were created."""

    results: list[InstanceOut]
    next: NextCursor
