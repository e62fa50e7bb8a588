"""`campaigns watch`, `list`, `pause`, `resume`, `cancel` and `campaigns instances list`."""

import time
from datetime import UTC, datetime

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from campaigns_cli.api import Api
from campaigns_cli.campaign_outcome import print_outcome
from campaigns_cli.errors import CliError, ServerUnreachable
from campaigns_cli.language import t
from campaigns_cli.options import (
    CampaignArgument,
    JsonOption,
    KeyOption,
    UrlOption,
    connect,
    messages,
    print_json,
    say,
)
from campaigns_cli.watch_campaign import CAMPAIGNS, campaign_path, watch_campaign


def watch(
    campaign_id: CampaignArgument,
    as_json: JsonOption = False,
    url: UrlOption = None,
    key: KeyOption = None,
) -> None:
    with connect(url, key) as api:
        follow(api, campaign_id, as_json=as_json)


def follow(api: Api, campaign_id: str, *, as_json: bool) -> None:
    """Watches a campaign to its end; whoever leaves earlier is told that it goes on."""
    try:
        campaign = watch_campaign(
            api, campaign_id, messages(), sleep=time.sleep, now=lambda: datetime.now(UTC)
        )
    except KeyboardInterrupt:
        raise CliError(_goes_on(campaign_id), exit_code=130) from None
    except ServerUnreachable as error:
        raise CliError(f"{error.message}\n{_goes_on(campaign_id)}") from error
    if as_json:
        print_json(campaign)
    else:
        print_outcome(api, campaign, Console())


def _goes_on(campaign_id: str) -> str:
    return t(
        f"A campanha continua no servidor. Para acompanhar: campaigns watch {campaign_id}; para "
        f"parar: campaigns pause {campaign_id}",
        f"The campaign goes on at the server. To follow it: campaigns watch {campaign_id}; to "
        f"stop it: campaigns pause {campaign_id}",
    )


def pause(campaign_id: CampaignArgument, url: UrlOption = None, key: KeyOption = None) -> None:
    _move(campaign_id, "pause", url, key)


def resume(campaign_id: CampaignArgument, url: UrlOption = None, key: KeyOption = None) -> None:
    _move(campaign_id, "resume", url, key)


def cancel(campaign_id: CampaignArgument, url: UrlOption = None, key: KeyOption = None) -> None:
    _move(campaign_id, "cancel", url, key)


def _move(campaign_id: str, call: str, url: str | None, key: str | None) -> None:
    with connect(url, key) as api:
        api.post(campaign_path(campaign_id, f"{call}/"))
        campaign = api.get(campaign_path(campaign_id))
    say(f"{campaign['name']}: {campaign['status']}")


def list_campaigns(
    as_json: JsonOption = False, url: UrlOption = None, key: KeyOption = None
) -> None:
    with connect(url, key) as api:
        campaigns = list(api.each(CAMPAIGNS))
    if as_json:
        print_json(campaigns)
        return
    table = Table("ID", t("Nome", "Name"), t("Estado", "Status"), t("Progresso", "Progress"))
    for one in campaigns:
        progress = one["progress_percentage"]
        table.add_row(
            one["id"], Text(one["name"]), one["status"], "-" if progress is None else f"{progress}%"
        )
    Console().print(table)


instances = typer.Typer(
    no_args_is_help=True, help=t("Os números de WhatsApp.", "The WhatsApp numbers.")
)


@instances.callback()
def _group() -> None:
    """Keeps `list` a command of its own while it is the only one."""


@instances.command("list", help=t("Lista os números de WhatsApp.", "Lists the WhatsApp numbers."))
def list_instances(
    as_json: JsonOption = False, url: UrlOption = None, key: KeyOption = None
) -> None:
    with connect(url, key) as api:
        found = list(api.each("/api/instances/"))
    if as_json:
        print_json(found)
        return
    table = Table("ID", t("Nome", "Name"), t("Conexão", "Connection"))
    for one in found:
        table.add_row(one["id"], Text(one["name"]), one["connection_state"])
    Console().print(table)
