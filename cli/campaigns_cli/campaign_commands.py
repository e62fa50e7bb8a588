"""`campaigns list`, `show`, `checks`, `duplicate`, `archive`, `unarchive` and `delete`."""

from enum import StrEnum
from typing import Annotated

import typer

from campaigns_cli.api import Json
from campaigns_cli.campaign_shown import show_campaign
from campaigns_cli.command_group import Group
from campaigns_cli.completion import complete_instance
from campaigns_cli.errors import UnusableInput
from campaigns_cli.hints import Asked, hint
from campaigns_cli.language import number, t
from campaigns_cli.options import (
    DEFAULT_LIMIT,
    AllOption,
    LimitOption,
    YesOption,
    be_sure,
)
from campaigns_cli.references import CAMPAIGN, CampaignArgument, find
from campaigns_cli.send_campaign import find_instance
from campaigns_cli.session import Session, given
from campaigns_cli.watch_campaign import said_moment, zone_of_campaign
from campaigns_cli.wording import day_shown, local_time, percent, utc_now, word

CAMPAIGNS_PANEL = t("Campanhas", "Campaigns")
RUNNING_PANEL = t("Enviar e acompanhar", "Sending and following")

campaigns = Group()


class CampaignStatus(StrEnum):
    """The states of a campaign."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    ACTIVE = "active"
    PAUSED = "paused"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class CopiedRecipients(StrEnum):
    """Whom a copy of a campaign is for."""

    NONE = "none"
    SAME = "same"
    FAILED = "failed"
    NOT_RESPONDED = "not_responded"


@campaigns.verb(
    "list",
    t("Lista as campanhas, a mais nova primeiro.", "Lists the campaigns, newest first."),
    "campaigns list",
    "campaigns list --status active",
    "campaigns list --search natal --json",
    panel=CAMPAIGNS_PANEL,
)
def list_campaigns(
    session: Session,
    status: Annotated[
        CampaignStatus | None, typer.Option(help=t("Só neste estado.", "Only in this state."))
    ] = None,
    instance: Annotated[
        str | None,
        typer.Option(
            autocompletion=complete_instance,
            help=t("Só as deste WhatsApp.", "Only those of this WhatsApp number."),
        ),
    ] = None,
    search: Annotated[
        str | None, typer.Option(help=t("Parte do nome.", "Part of the name."))
    ] = None,
    archived: Annotated[
        bool, typer.Option("--archived", help=t("Só as arquivadas.", "Only archived ones."))
    ] = False,
    limit: LimitOption = DEFAULT_LIMIT,
    everything: AllOption = False,
) -> None:
    wanted = given(
        status=status and status.value,
        instance_id=instance and find_instance(session.api, instance)["id"],
        search=search,
        archived="true" if archived else None,
    )
    if len(wanted) > 1:
        raise UnusableInput(
            t("Use um filtro por vez: o servidor aceita um.", "Use one filter at a time.")
        )
    columns = {
        "ID": lambda one: one["id"],
        t("Nome", "Name"): lambda one: one["name"],
        t("Estado", "Status"): lambda one: word(one["status"]),
        t("Pessoas", "People"): lambda one: one["total_contacts"],
        t("Progresso", "Progress"): lambda one: percent(one["progress_percentage"]),
        "WhatsApp": lambda one: one.get("instance_name"),
        t("Criada", "Created"): lambda one: local_time(
            one.get("created_at"), zone_of_campaign(one)
        ),
    }
    session.list(CAMPAIGN.path, columns, params=wanted, limit=limit, everything=everything)


@campaigns.verb(
    "show",
    t("Mostra uma campanha inteira.", "Shows a whole campaign."),
    "campaigns show Natal",
    "campaigns show cp_01hz --json",
    panel=CAMPAIGNS_PANEL,
)
def show(session: Session, campaign: CampaignArgument) -> None:
    show_campaign(session, find(session.api, CAMPAIGN, campaign))


@campaigns.verb(
    "checks",
    t(
        "Diz o que falta para iniciar, o que merece atenção e quando termina.",
        "Says what is missing for a start, what deserves attention, and when it will end.",
    ),
    "campaigns checks Natal",
    panel=CAMPAIGNS_PANEL,
)
def checks(session: Session, campaign: CampaignArgument) -> None:
    found = find(session.api, CAMPAIGN, campaign)
    result = session.api.get(CAMPAIGN.path_of(found, "checks/"))
    if session.as_json:
        session.done(result)
        return
    wrong = [check for check in result["checks"] if not check["ok"]]
    lines = [f"✗ {check['message']}" for check in wrong]
    lines += [f"! {warning['message']}" for warning in result["warnings"]]
    if wrong:
        asked = Asked("POST", CAMPAIGN.path_of(found, "start/"))
        lines += filter(None, [hint(409, _as_refused(wrong), asked)])
    else:
        lines.append(
            t("✓ Pronta para iniciar: campaigns start", "✓ Ready to start: campaigns start")
            + f" {found['id']}"
        )
        # The forecast has no zone of its own.
        lines += _forecast({**result, "timezone": found.get("timezone")})
    session.done(result, *lines)


def _as_refused(wrong: list[Json]) -> Json:
    """What the API would answer to a start that these checks keep back."""
    for check in wrong:
        if check["code"] == "not_a_draft":
            return {**check, "code": "invalid_state"}
    return {"code": "start_refused", "errors": wrong}


def _forecast(checks: Json) -> list[str]:
    """When the messages would leave; by the day where that is more than one."""
    now = utc_now()
    starts = said_moment(checks, "next_scheduled_send", now)
    ends = said_moment(checks, "estimated_completion_at", now)
    if starts is None or ends is None:
        return []
    lines = [
        t(
            f"Iniciada agora, a primeira mensagem sai {starts} e a última {ends}.",
            f"Started now, the first message leaves {starts} and the last {ends}.",
        )
    ]
    days = checks.get("daily_forecast") or []
    if len(days) > 1:
        lines += [f"  {day_shown(day['date'])}: {number(day['messages'])}" for day in days]
    return lines


@campaigns.verb(
    "duplicate",
    t(
        "Faz de uma campanha um novo rascunho; --recipients diz para quem.",
        "Makes a new draft of a campaign; --recipients says for whom.",
    ),
    "campaigns duplicate Natal --name 'Ano Novo'",
    "campaigns duplicate Natal --name 'Natal, lembrete' --recipients not_responded",
    panel=CAMPAIGNS_PANEL,
)
def duplicate(
    session: Session,
    campaign: CampaignArgument,
    name: Annotated[
        str | None,
        typer.Option(help=t("O nome da cópia.", "The copy's name.")),
    ] = None,
    recipients: Annotated[
        CopiedRecipients,
        typer.Option(
            help=t(
                "none: ninguém; same: os mesmos; failed: quem não recebeu; not_responded: quem não "
                "respondeu.",
                "none: nobody; same: the same people; failed: who did not get it; not_responded: "
                "who did not answer.",
            )
        ),
    ] = CopiedRecipients.SAME,
) -> None:
    found = find(session.api, CAMPAIGN, campaign)
    copy_name = name or t(f"{found['name']} (cópia)", f"{found['name']} (copy)")[:200]
    copy = session.api.post(
        CAMPAIGN.path_of(found, "duplicate/"), {"name": copy_name, "recipients": recipients.value}
    )
    session.done(
        copy,
        t(
            f"Rascunho {copy['id']} criado. Confira e inicie: campaigns checks {copy['id']}",
            f"Draft {copy['id']} created. Check and start it: campaigns checks {copy['id']}",
        ),
    )


@campaigns.verb(
    "archive",
    t("Tira uma campanha terminada da lista.", "Takes a campaign that is over off the list."),
    "campaigns archive Natal",
    panel=CAMPAIGNS_PANEL,
)
def archive(session: Session, campaign: CampaignArgument) -> None:
    _put_away(session, campaign, "archive/", t("arquivada", "archived"))


@campaigns.verb(
    "unarchive",
    t("Devolve à lista uma campanha arquivada.", "Puts an archived campaign on the list again."),
    "campaigns unarchive cp_01hz",
    panel=CAMPAIGNS_PANEL,
)
def unarchive(session: Session, campaign: CampaignArgument) -> None:
    _put_away(session, campaign, "unarchive/", t("de volta à lista", "on the list again"))


def _put_away(session: Session, campaign: str, call: str, outcome: str) -> None:
    found = find(session.api, CAMPAIGN, campaign)
    session.api.post(CAMPAIGN.path_of(found, call))
    session.done(session.api.get(CAMPAIGN.path_of(found)), f"{found['name']}: {outcome}")


@campaigns.verb(
    "delete",
    t(
        "Apaga um rascunho; o que já foi iniciado se arquiva.",
        "Deletes a draft; what was started once is archived.",
    ),
    "campaigns delete Natal --yes",
    panel=CAMPAIGNS_PANEL,
)
def delete(session: Session, campaign: CampaignArgument, yes: YesOption = False) -> None:
    found = find(session.api, CAMPAIGN, campaign)
    name = found["name"]
    be_sure(t(f"Apagar o rascunho {name}?", f"Delete the draft {name}?"), yes=yes)
    session.api.delete(CAMPAIGN.path_of(found))
    session.done({"id": found["id"], "deleted": True}, t(f"{name}: apagada", f"{name}: deleted"))
