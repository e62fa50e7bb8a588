"""What the API says of itself and of its caller."""

from typing import Annotated, Literal

from pydantic import Field

from campaigns.domain.model import Role
from campaigns_api.models.base import Answer, Moment


class TenantBrief(Answer):
    """The tenant that a key belongs to."""

    id: str
    name: str
    timezone: str
    locale: str


class MeOut(Answer):
    """Whose key this is, and what it may do."""

    tenant: TenantBrief
    key_id: str
    role: Role


class HealthOut(Answer):
    """`ok` when the table answers; looked at every ten seconds at most."""

    status: Literal["ok", "unavailable"]
    checked_at: Annotated[Moment, Field(description="When the table was asked.")]
