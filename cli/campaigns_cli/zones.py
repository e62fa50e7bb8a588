"""In which time zone what the user types is meant."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from campaigns_cli.api import Api, Json
from campaigns_cli.errors import UnusableInput
from campaigns_cli.language import t


def zone_of(api: Api, campaign: Json | None = None, typed: str | None = None) -> ZoneInfo:
    """The one that was given, else the campaign's, else the tenant's."""
    name = typed or (campaign or {}).get("timezone")
    if not name:
        name = str(api.get("/api/me/")["tenant"]["timezone"])
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UnusableInput(
            t(
                f"Não conheço o fuso {name}. Escreva como America/Sao_Paulo.",
                f"{name} is not a time zone. Write it like America/Sao_Paulo.",
            )
        ) from error
