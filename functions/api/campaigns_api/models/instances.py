"""Instances as the API reads and shows them; a key goes in and never comes out."""

from typing import Annotated, Self

from pydantic import Field

from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.errors import FieldError, ValidationFailed
from campaigns.domain.instance import (
    API_KEY_LIMIT,
    DAILY_LIMIT_RANGE,
    DELAY_RANGE,
    EVOLUTION_INSTANCE_LIMIT,
    NAME_LIMIT,
    InstanceDraft,
)
from campaigns.domain.instants import SECOND_MS, to_iso
from campaigns.domain.model import ConnectionState, WebhookState
from campaigns.services import instance_views
from campaigns.services.connect_instance import ShownPairing
from campaigns.services.instance_views import InstanceView
from campaigns_api.models.base import (
    Answer,
    Body,
    Moment,
    NextCursor,
    Query,
    iso_or_none,
    omitted,
)

_URL_LIMIT = 2_000
_PHONE_LIMIT = 40
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

#: What an owner says of a server of her own.
_OF_A_SERVER = frozenset({"evolution_url", "api_key"})
_REGISTERED = _OF_A_SERVER | {"evolution_instance"}


class InstanceIn(Body):
    """An instance that exists on its server, to be registered, or one to be made on ours.

    With `create_on_server` neither `evolution_url` nor `api_key` is given, and `evolution_instance`
    may be: the name on the server begins with it and ends in a way that nobody can guess. Without,
    all three are.
    """

    name: _Name
    create_on_server: Annotated[
        bool, Field(description="Make it on the deployment's own Evolution server.")
    ] = False
    evolution_url: _Url = omitted()
    evolution_instance: _EvolutionName = omitted()
    api_key: _ApiKey = omitted()
    delay_min_seconds: _Delay = 20
    delay_max_seconds: _Delay = 50
    daily_limit: _DailyLimit = 250

    def draft(self) -> InstanceDraft:
        """Raises ValidationFailed where a field is missing, or does not go with another."""
        if self.create_on_server:
            code, wrong = "not_with_create_on_server", _OF_A_SERVER & self.model_fields_set
        else:
            code, wrong = "required", _REGISTERED - self.model_fields_set
        if wrong:
            raise ValidationFailed(FieldError(field, code, code) for field in sorted(wrong))
        return InstanceDraft(
            name=self.name,
            evolution_url=self.evolution_url or "",
            evolution_instance=self.evolution_instance or "",
            api_key=self.api_key or "",
            delay_min_seconds=self.delay_min_seconds,
            delay_max_seconds=self.delay_max_seconds,
            daily_limit=self.daily_limit,
        )


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
        {"connection_state", "sent_today", "next_allowed_at", "active_campaign", "webhook_state"}
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
    created_on_server: Annotated[
        bool,
        Field(description="Made on the deployment's own server: deleted, it is deleted there too."),
    ]
    webhook_state: Annotated[
        WebhookState,
        Field(
            description="Whether its server was told to report receipts, answers and changes of "
            "the connection here; `refresh/` tells it again."
        ),
    ]
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
            created_on_server=instance.created_on_server,
            webhook_state=instance.webhook_state,
            created_at=to_iso(instance.created_at),
            updated_at=to_iso(instance.updated_at),
        )


def _active(campaign: instance_views.ActiveCampaign) -> ActiveCampaign:
    return ActiveCampaign(id=campaign.id, name=campaign.name, status=campaign.status)


class InstancePage(Answer):
    """Instances in the order in which they were created."""

    results: list[InstanceOut]
    next: NextCursor


class QrCodeQuery(Query):
    """How the phone is to be connected."""

    phone: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=_PHONE_LIMIT,
            description="The phone to connect: asks for a code to be typed on it.",
            examples=["+55 11 99000-2471"],
        ),
    ] = None


class QrCodeOut(Answer):
    """What the phone is to be shown, or that it is connected.

    A code lives for some twenty seconds: ask again every two or three until `connected`. All three
    are null while the server is still making them, and once the instance is connected.
    """

    connected: bool
    connection_state: ConnectionState
    code: Annotated[str | None, Field(description="The text of the QR code.")]
    pairing_code: Annotated[
        str | None,
        Field(description="To be typed on the phone; only with `phone`.", examples=["K7QW2M4X"]),
    ]
    image: Annotated[str | None, Field(description="The QR code's picture, a PNG as a data URI.")]

    @classmethod
    def of(cls, shown: ShownPairing) -> Self:
        return cls(
            connected=shown.state is ConnectionState.OPEN,
            connection_state=shown.state,
            code=shown.pairing.code,
            pairing_code=shown.pairing.pairing_code,
            image=shown.pairing.image,
        )


class CurrentCampaign(Answer):
    """The campaign that holds an instance."""

    id: str
    name: str
    progress: Annotated[
        float | None, Field(description="Settled over total, in percent.", examples=[42.5])
    ]


class AvailabilityOut(Answer):
    """Whether a campaign can be started on an instance now.

    As the system knows it; `refresh/` asks Evolution anew.
    """

    is_connected: bool
    has_active_campaign: Annotated[
        bool, Field(description="A live campaign holds it, active or paused.")
    ]
    available: Annotated[bool, Field(description="Connected, and held by no campaign.")]
    current_campaign: CurrentCampaign | None

    @classmethod
    def of(cls, availability: instance_views.Availability) -> Self:
        held_by = availability.current_campaign
        campaign = None
        if held_by is not None:
            campaign = CurrentCampaign(id=held_by.id, name=held_by.name, progress=held_by.progress)
        return cls(
            is_connected=availability.is_connected,
            has_active_campaign=availability.has_active_campaign,
            available=availability.available,
            current_campaign=campaign,
        )
