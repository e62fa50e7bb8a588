"""The caller's tenant as the API reads and shows it."""

from typing import Annotated, Literal, Self

from pydantic import Field

from campaigns.domain.instants import to_iso
from campaigns.domain.model import Tenant
from campaigns.domain.tenant_settings import KEYWORD_LIMIT, KEYWORDS_LIMIT, NAME_LIMIT
from campaigns_api.models.base import Answer, Body, Moment, omitted

_Name = Annotated[str, Field(min_length=1, max_length=NAME_LIMIT, examples=["Padaria do João"])]
_Zone = Annotated[
    str,
    Field(
        max_length=64,
        description="IANA name. The daily limits count by its days, and new campaigns take it; a "
        "campaign that is there keeps its own. A change takes the day's count along where that "
        "zone's day is the same or earlier; where it is a later one, the count begins anew.",
        examples=["America/Sao_Paulo"],
    ),
]
_Locale = Annotated[
    Literal["pt-BR", "en"],
    Field(description="The language of answers to whoever sends no `Accept-Language`."),
]
_Keywords = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=KEYWORD_LIMIT)]],
    Field(
        min_length=1,
        max_length=KEYWORDS_LIMIT,
        description="Answers that opt a person out. Case and accents do not matter.",
        examples=[["SAIR", "PARAR"]],
    ),
]
_QuietStart = Annotated[
    str,
    Field(
        max_length=5,
        description="`HH:MM`, by a campaign's clock: no campaign sends from here on that does not "
        "set `ignore_quiet_hours`. Stricter hours bind within a minute; a campaign that waits for "
        "its hours notices wider ones within an hour. The same as the end: never quiet.",
        examples=["21:00"],
    ),
]
_QuietEnd = Annotated[
    str,
    Field(max_length=5, description="`HH:MM`, exclusive; `24:00` is allowed.", examples=["08:00"]),
]


class TenantPut(Body):
    """The tenant as it is to be."""

    name: _Name
    timezone: _Zone
    locale: _Locale
    opt_out_keywords: _Keywords
    quiet_hours_start: _QuietStart
    quiet_hours_end: _QuietEnd


class TenantPatch(Body):
    """Changes to the tenant; whatever is left out stays."""

    name: _Name = omitted()
    timezone: _Zone = omitted()
    locale: _Locale = omitted()
    opt_out_keywords: _Keywords = omitted()
    quiet_hours_start: _QuietStart = omitted()
    quiet_hours_end: _QuietEnd = omitted()


class TenantOut(Answer):
    """A business, and what binds every campaign of it."""

    versioned_by = frozenset(
        {
            "name",
            "timezone",
            "locale",
            "opt_out_keywords",
            "quiet_hours_start",
            "quiet_hours_end",
            "updated_at",
        }
    )

    id: Annotated[str, Field(examples=["tn_01hz7q3v9k2m4n6p8r0s2t4v6x"])]
    name: str
    timezone: str
    locale: str
    opt_out_keywords: list[str]
    quiet_hours_start: str
    quiet_hours_end: str
    created_at: Moment
    updated_at: Moment

    @classmethod
    def of(cls, tenant: Tenant) -> Self:
        return cls(
            id=tenant.tenant_id,
            name=tenant.name,
            timezone=tenant.timezone,
            locale=tenant.locale,
            opt_out_keywords=list(tenant.opt_out_keywords),
            quiet_hours_start=tenant.quiet_hours_start,
            quiet_hours_end=tenant.quiet_hours_end,
            created_at=to_iso(tenant.created_at),
            updated_at=to_iso(tenant.updated_at),
        )
