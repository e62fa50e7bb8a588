"""`campaigns logs`: what happened to a campaign."""

import time
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

import typer

from campaigns_cli.api import LARGEST_PAGE, Api, Json
from campaigns_cli.campaign_commands import RUNNING_PANEL
from campaigns_cli.campaign_running import looking_on
from campaigns_cli.command_group import Group
from campaigns_cli.errors import UnusableInput
from campaigns_cli.language import t
from campaigns_cli.options import DEFAULT_LIMIT, AllOption, LimitOption, print_json, say
from campaigns_cli.references import CAMPAIGN, CampaignArgument, find
from campaigns_cli.session import Session, given
from campaigns_cli.watch_campaign import OVER, zone_of_campaign
from campaigns_cli.wording import local_time

POLL_SECONDS = 2.0

telling = Group()


class LogLevel(StrEnum):
    """How much an entry of the log matters."""

    DEBUG = "debug"
    INFO = "info"
    SUCCESS = "success"
    WARNING = "warning"
    ERROR = "error"


@telling.verb(
    "logs",
    t(
        "Mostra o que aconteceu numa campanha, o mais recente por último. Com --follow e --json, "
        "um objeto por linha.",
        "Shows what happened to a campaign, the latest last. With --follow and --json one object "
        "a line.",
    ),
    "campaigns logs Natal",
    "campaigns logs Natal --level error",
    "campaigns logs Natal --follow",
    panel=RUNNING_PANEL,
)
def logs(
    session: Session,
    campaign: CampaignArgument,
    level: Annotated[
        LogLevel | None, typer.Option(help=t("Só deste nível.", "Only of this level."))
    ] = None,
    event: Annotated[
        str | None,
        typer.Option(
            help=t("Só deste tipo, como message_failed.", "Only of this type: message_failed.")
        ),
    ] = None,
    follow_it: Annotated[
        bool,
        typer.Option(
            "--follow", "-f", help=t("Continua até o fim dela.", "Goes on until it is over.")
        ),
    ] = False,
    limit: LimitOption = DEFAULT_LIMIT,
    everything: AllOption = False,
) -> None:
    if level and event:
        raise UnusableInput(
            t("Use --level ou --event, não os dois.", "Use --level or --event, not both.")
        )
    found = find(session.api, CAMPAIGN, campaign)
    wanted = given(level=level and level.value, event_type=event)
    path = CAMPAIGN.path_of(found, "logs/")
    # Who follows has to know more than what is shown, to tell what is new.
    known = max(limit, LARGEST_PAGE) if follow_it else limit
    newest, _ = session.api.listed(path, wanted, at_most=None if everything else known)
    entries = newest[::-1] if everything else newest[:limit][::-1]
    if session.as_json and not follow_it:
        print_json(entries)
        return
    _print_entries(session, found, entries)
    if follow_it:
        seen = {str(entry["id"]) for entry in newest}
        with looking_on(str(found["id"])):
            for later in _later_entries(session.api, found, path, wanted, seen):
                _print_entries(session, found, later)


def _later_entries(
    api: Api, campaign: Json, path: str, wanted: Json, seen: set[str]
) -> Iterator[list[Json]]:
    """What comes after what was `seen`, until the campaign is over.

    A late receipt stands beside its send, so the newest page is looked through to its end.
    """
    while True:
        # Asked before the log is read: the entry of its end is still shown.
        over = api.get(CAMPAIGN.path_of(campaign))["status"] in OVER
        fresh = []
        for place, entry in enumerate(api.each(path, wanted), start=1):
            if str(entry["id"]) not in seen:
                fresh.append(entry)
            if place >= LARGEST_PAGE and len(fresh) < place:
                break
        seen.update(str(entry["id"]) for entry in fresh)
        yield fresh[::-1]
        if over:
            return
        time.sleep(POLL_SECONDS)


def _print_entries(session: Session, campaign: Json, entries: list[Json]) -> None:
    for entry in entries:
        if session.as_json:
            print_json(entry)
        else:
            at = local_time(entry["created_at"], zone_of_campaign(campaign))
            say(f"{at}  {entry['level']:<7}  {entry['message']}")
