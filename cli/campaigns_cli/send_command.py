"""`campaigns send`"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from campaigns_cli.api import Api, Json
from campaigns_cli.campaign_commands import RUNNING_PANEL
from campaigns_cli.campaign_running import follow, start_after_checks
from campaigns_cli.command_group import Group
from campaigns_cli.contact_file import ContactFile, read_contact_file
from campaigns_cli.contact_import import keep_refused, run_import, summary
from campaigns_cli.errors import CliError, Problem, ServerUnreachable, UnusableInput
from campaigns_cli.import_contacts import OnDuplicate
from campaigns_cli.language import number, t
from campaigns_cli.options import YesOption, is_interactive, messages, print_json, say
from campaigns_cli.prepare_recipients import preparing
from campaigns_cli.references import CAMPAIGN, InstanceOption
from campaigns_cli.send_campaign import (
    MOST_RECIPIENTS,
    CampaignPlan,
    ScheduleType,
    check_messages,
    create_campaign,
    find_instance,
    wait_until_prepared,
)
from campaigns_cli.session import Session
from campaigns_cli.texts import MessageOption, typed_texts
from campaigns_cli.wording import word

sending = Group()


@sending.verb(
    "send",
    t(
        "Importa a lista, cria a campanha e a inicia."
        "\n\nRepetir o comando no mesmo dia não envia de novo: continua a mesma campanha.",
        "Imports the list, creates the campaign and starts it."
        "\n\nRepeating the command on the same day does not send again: it goes on with the same "
        "campaign.",
    ),
    "campaigns send --file contatos.csv --message 'Oi {{primeiro_nome}}!' --instance Loja --watch",
    "campaigns send --file vip.csv --message 'Oi {{nome|tudo bem}}' --message "
    "'{{saudacao}}, {{nome}}' --schedule-type business_days --limit 50",
    "campaigns send --file contatos.csv --message @convite.txt",
    panel=RUNNING_PANEL,
)
def send(
    session: Session,
    file: Annotated[
        Path,
        typer.Option("--file", metavar="FILE", help=t("A lista em CSV.", "The list in CSV.")),
    ],
    message: MessageOption,
    instance: InstanceOption = None,
    name: Annotated[
        str | None,
        typer.Option(
            help=t(
                "Nome da campanha; sem ele, o do arquivo e o dia.",
                "The campaign's name; without it, the file's and the day.",
            )
        ),
    ] = None,
    schedule_type: Annotated[
        ScheduleType,
        typer.Option(
            help=t(
                "immediate; business_days (segunda a sexta, 9h às 18h, sem feriados); "
                "business_hours (9h às 18h).",
                "immediate; business_days (Monday to Friday, 9-18, no holidays); "
                "business_hours (9-18).",
            )
        ),
    ] = ScheduleType.IMMEDIATE,
    ignore_quiet_hours: Annotated[
        bool,
        typer.Option(
            "--ignore-quiet-hours",
            help=t("Envia também no horário de silêncio.", "Sends during quiet hours too."),
        ),
    ] = False,
    limit: Annotated[
        int | None,
        typer.Option(
            min=1,
            help=t("Só os primeiros N contatos aceitos.", "Only the first N accepted contacts."),
        ),
    ] = None,
    watch_it: Annotated[
        bool,
        typer.Option("--watch", help=t("Acompanha até o fim.", "Follows it to the end.")),
    ] = False,
    yes: YesOption = False,
) -> None:
    texts = check_messages(typed_texts(message))
    source = read_contact_file(file)
    _check_size(source, limit)
    api = session.api
    sender = find_instance(api, instance)
    report = run_import(api, source, OnDuplicate.UPDATE)
    say(summary(report, keep_refused(source, report)), messages())
    ids = list(report.contact_ids)[:limit]
    if not ids:
        raise CliError(t("Nenhum contato foi aceito; nada a enviar.", "No contact was accepted."))
    plan = CampaignPlan(
        name or f"{file.stem} {datetime.now().astimezone():%d/%m/%Y}"[:200],
        str(sender["id"]),
        texts,
        schedule_type,
        ignore_quiet_hours,
    )
    with _may_be_repeated():
        with preparing():
            campaign = wait_until_prepared(api, create_campaign(api, plan, ids), time.sleep)
        campaign = _started_once(
            api, campaign, str(sender["name"]), ask=not yes and is_interactive()
        )
    if watch_it:
        follow(api, str(campaign["id"]), as_json=session.as_json)
    elif session.as_json:
        print_json(campaign)


def _started_once(api: Api, campaign: Json, sender: str, *, ask: bool) -> Json:
    """Starts it, unless another run of the same command did, or is doing so."""
    if campaign["status"] == "draft":
        try:
            return start_after_checks(api, campaign, sender, ask=ask)
        except Problem as problem:
            campaign = api.get(CAMPAIGN.path_of(campaign))
            if problem.code != "invalid_state" or campaign["status"] == "draft":
                raise
    say(_already(campaign), messages())
    return campaign


def _check_size(source: ContactFile, limit: int | None) -> None:
    if min(len(source.rows), limit or len(source.rows)) > MOST_RECIPIENTS:
        most = number(MOST_RECIPIENTS)
        raise UnusableInput(
            t(
                f"Uma campanha leva até {most} contatos: divida o arquivo ou use --limit.",
                f"A campaign takes up to {most} contacts: split the file or use --limit.",
            )
        )


@contextmanager
def _may_be_repeated() -> Iterator[None]:
    """Cut short in here, the same command goes on where it was: it meets the same campaign."""
    again = t(
        "Rode o mesmo comando de novo para continuar: ninguém recebe duas vezes.",
        "Run the same command again to continue: nobody is messaged twice.",
    )
    try:
        yield
    except KeyboardInterrupt:
        cut = t("Interrompido.", "Interrupted.")
        raise CliError(f"{cut} {again}", exit_code=130) from None
    except ServerUnreachable as error:
        raise CliError(f"{error.message}\n{again}") from error


def _already(campaign: Json) -> str:
    state = word(campaign["status"])
    return t(
        f"Esta mesma campanha já foi iniciada hoje ({campaign['id']}, {state}); não "
        "envio outra vez. Para enviar de novo, dê outro nome com --name.",
        f"This very campaign was started today already ({campaign['id']}, {state}); "
        "it is not sent again. To send once more, give another name with --name.",
    )
