"""`campaigns start`, `unschedule`, `pause`, `resume`, `cancel` and `watch`."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated

import typer

from campaigns_cli.api import Api, Json
from campaigns_cli.campaign_commands import RUNNING_PANEL
from campaigns_cli.campaign_outcome import print_outcome
from campaigns_cli.command_group import Group
from campaigns_cli.errors import CliError, ServerUnreachable
from campaigns_cli.language import counted, t
from campaigns_cli.options import (
    YesOption,
    be_sure,
    confirmed,
    is_interactive,
    messages,
    print_json,
    say,
)
from campaigns_cli.prepare_recipients import prepared
from campaigns_cli.references import CAMPAIGN, CampaignArgument, find
from campaigns_cli.send_campaign import start_campaign
from campaigns_cli.session import Session, given
from campaigns_cli.tables import output
from campaigns_cli.watch_campaign import first_send_later, said_moment, watch_campaign
from campaigns_cli.wording import utc_now, word

running = Group()

ReasonOption = Annotated[
    str | None,
    typer.Option(help=t("Fica no histórico da campanha.", "Stays in the campaign's log.")),
]


@running.verb(
    "start",
    t(
        "Inicia um rascunho, ou o agenda se tiver data marcada; antes mostra os avisos.",
        "Starts a draft, or schedules it if it has a date; shows the warnings first.",
    ),
    "campaigns start Natal",
    "campaigns start cp_01hz --yes --watch",
    panel=RUNNING_PANEL,
)
def start(
    session: Session,
    campaign: CampaignArgument,
    watch_it: Annotated[
        bool, typer.Option("--watch", help=t("Acompanha até o fim.", "Follows it to the end."))
    ] = False,
    yes: YesOption = False,
) -> None:
    found = prepared(session.api, find(session.api, CAMPAIGN, campaign))
    sender = str(found.get("instance_name") or "-")
    started = start_after_checks(session.api, found, sender, ask=not yes and is_interactive())
    if watch_it:
        follow(session.api, str(started["id"]), as_json=session.as_json)
    elif session.as_json:
        print_json(started)


def start_after_checks(api: Api, campaign: Json, sender: str, *, ask: bool) -> Json:
    """Tells the warnings, asks where somebody can answer, starts, and says what comes next."""
    console = messages()
    checks = api.get(CAMPAIGN.path_of(campaign, "checks/"))
    if not all(check["ok"] for check in checks.get("checks", [])):
        # Refused, with all that is missing; there is nothing to warn of or to ask.
        return start_campaign(api, str(campaign["id"]))
    for warning in checks.get("warnings", []):
        say(t(f"Aviso: {warning['message']}", f"Warning: {warning['message']}"), console)
    total = counted(int(campaign["total_contacts"]), "contato contatos", "contact contacts")
    question = t(f"Enviar para {total} por {sender}?", f"Send to {total} from {sender}?")
    if ask and not confirmed(question):
        raise CliError(
            t(
                "Nada foi enviado; a campanha ficou como rascunho.",
                "Nothing was sent; the campaign stays a draft.",
            )
        )
    started = start_campaign(api, str(campaign["id"]))
    say(_announced(started), console)
    return started


def _announced(campaign: Json) -> str:
    watching = f"campaigns watch {campaign['id']}"
    if campaign["status"] == "scheduled":
        when = said_moment(campaign, "scheduled_at", utc_now()) or "-"
        return t(
            f"Campanha {campaign['name']} agendada para {when}. Para acompanhar: {watching}",
            f"Campaign {campaign['name']} is scheduled for {when}. To follow it: {watching}",
        )
    later = first_send_later(campaign, utc_now())
    begins = (
        t(f"A primeira mensagem sai {later}.", f"The first message leaves {later}.")
        if later
        else t("A primeira mensagem já vai sair.", "The first message leaves now.")
    )
    return t(
        f"Campanha {campaign['name']} iniciada. {begins} Para acompanhar: {watching}",
        f"Campaign {campaign['name']} started. {begins} To follow it: {watching}",
    )


@running.verb(
    "unschedule",
    t("Faz de uma campanha agendada um rascunho.", "Makes a scheduled campaign a draft again."),
    "campaigns unschedule Natal",
    panel=RUNNING_PANEL,
)
def unschedule(session: Session, campaign: CampaignArgument) -> None:
    _move(session, find(session.api, CAMPAIGN, campaign), "unschedule/", None)


@running.verb(
    "pause",
    t(
        "Pausa uma campanha: um segundo depois, nada mais sai.",
        "Pauses a campaign: one second later nothing leaves any more.",
    ),
    "campaigns pause Natal",
    "campaigns pause Natal --reason 'estoque acabou'",
    panel=RUNNING_PANEL,
)
def pause(session: Session, campaign: CampaignArgument, reason: ReasonOption = None) -> None:
    _move(session, find(session.api, CAMPAIGN, campaign), "pause/", reason)


@running.verb(
    "resume",
    t("Retoma uma campanha pausada.", "Resumes a paused campaign."),
    "campaigns resume Natal",
    panel=RUNNING_PANEL,
)
def resume(session: Session, campaign: CampaignArgument, reason: ReasonOption = None) -> None:
    _move(session, find(session.api, CAMPAIGN, campaign), "resume/", reason)


@running.verb(
    "cancel",
    t(
        "Cancela uma campanha para sempre: quem ainda não recebeu não recebe mais.",
        "Cancels a campaign for good: whoever has not got it yet will not.",
    ),
    "campaigns cancel Natal --yes",
    panel=RUNNING_PANEL,
)
def cancel(
    session: Session,
    campaign: CampaignArgument,
    reason: ReasonOption = None,
    yes: YesOption = False,
) -> None:
    found = find(session.api, CAMPAIGN, campaign)
    name = found["name"]
    be_sure(t(f"Cancelar {name} para sempre?", f"Cancel {name} for good?"), yes=yes)
    _move(session, found, "cancel/", reason)


def _move(session: Session, campaign: Json, call: str, reason: str | None) -> None:
    session.api.post(CAMPAIGN.path_of(campaign, call), given(reason=reason))
    now = session.api.get(CAMPAIGN.path_of(campaign))
    session.done(now, f"{now['name']}: {word(now['status'])}")


@running.verb(
    "watch",
    t(
        "Acompanha uma campanha até o fim; sair com Ctrl-C não a interrompe.",
        "Follows a campaign to its end; leaving with Ctrl-C does not stop it.",
    ),
    "campaigns watch Natal",
    panel=RUNNING_PANEL,
)
def watch(session: Session, campaign: CampaignArgument) -> None:
    found = find(session.api, CAMPAIGN, campaign)
    follow(session.api, str(found["id"]), as_json=session.as_json)


def follow(api: Api, campaign_id: str, *, as_json: bool) -> None:
    """Watches a campaign to its end; whoever leaves earlier is told how it stands."""
    with looking_on(campaign_id) as seen:
        campaign = watch_campaign(
            api,
            campaign_id,
            messages(),
            sleep=time.sleep,
            now=lambda: datetime.now(UTC),
            on_state=seen,
        )
    if as_json:
        print_json(campaign)
    else:
        print_outcome(api, campaign, output())


@contextmanager
def looking_on(campaign_id: str) -> Iterator[Callable[[Json], None]]:
    """Whoever stops looking, or loses the server, is told how the campaign stands.

    It goes on, unless it was last `seen` paused or scheduled.
    """
    state = ""

    def seen(campaign: Json) -> None:
        nonlocal state
        state = campaign["status"]

    try:
        yield seen
    except KeyboardInterrupt:
        raise CliError(_left_behind(campaign_id, state), exit_code=130) from None
    except ServerUnreachable as error:
        raise CliError(f"{error.message}\n{_left_behind(campaign_id, state)}") from error


def _left_behind(campaign_id: str, state: str) -> str:
    watch = t("Para acompanhar:", "To follow it:") + f" campaigns watch {campaign_id}"
    if state == "paused":
        return t(
            f"A campanha está pausada. {watch}; para retomar: campaigns resume {campaign_id}",
            f"The campaign is paused. {watch}; to resume it: campaigns resume {campaign_id}",
        )
    if state == "scheduled":
        return t(
            f"A campanha continua agendada. {watch}; para voltar a rascunho: campaigns unschedule "
            f"{campaign_id}",
            f"The campaign stays scheduled. {watch}; to make it a draft again: campaigns "
            f"unschedule {campaign_id}",
        )
    return t(
        f"A campanha continua no servidor. {watch}; para parar: campaigns pause {campaign_id}",
        f"The campaign goes on at the server. {watch}; to stop it: campaigns pause {campaign_id}",
    )
