"""`campaigns send`"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from campaigns_cli.api import Api, Json
from campaigns_cli.campaign_commands import follow
from campaigns_cli.contact_file import ContactFile, read_contact_file
from campaigns_cli.contacts_commands import keep_refused, run_import, summary
from campaigns_cli.errors import CliError, ServerUnreachable, UnusableInput
from campaigns_cli.import_contacts import OnDuplicate
from campaigns_cli.language import number, t
from campaigns_cli.options import (
    JsonOption,
    KeyOption,
    UrlOption,
    confirmed,
    connect,
    is_interactive,
    messages,
    print_json,
    say,
)
from campaigns_cli.send_campaign import (
    MOST_RECIPIENTS,
    CampaignPlan,
    ScheduleType,
    check_messages,
    create_campaign,
    find_instance,
    start_campaign,
    wait_until_prepared,
)
from campaigns_cli.watch_campaign import campaign_path, first_send_later


def send(
    file: Annotated[
        Path,
        typer.Option("--file", metavar="FILE", help=t("A lista em CSV.", "The list in CSV.")),
    ],
    message: Annotated[
        list[str],
        typer.Option(
            "--message",
            help=t(
                "Um texto da mensagem; repita a opção para até 5 textos que se alternam.",
                "A wording of the message; repeat the option for up to 5 that take turns.",
            ),
        ),
    ],
    instance: Annotated[
        str | None,
        typer.Option(
            help=t(
                "Nome ou id do WhatsApp que envia; dispensável se só houver um.",
                "Name or id of the WhatsApp that sends; not needed if there is only one.",
            )
        ),
    ] = None,
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
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help=t("Não pergunta nada.", "Asks nothing."))
    ] = False,
    as_json: JsonOption = False,
    url: UrlOption = None,
    key: KeyOption = None,
) -> None:
    texts = check_messages(message)
    source = read_contact_file(file)
    _check_size(source, limit)
    console = messages()
    with connect(url, key) as api:
        sender = find_instance(api, instance)
        report = run_import(api, source, OnDuplicate.UPDATE)
        say(summary(report, keep_refused(source, report)), console)
        ids = list(report.contact_ids)[:limit]
        if not ids:
            raise CliError(
                t("Nenhum contato foi aceito; nada a enviar.", "No contact was accepted.")
            )
        plan = CampaignPlan(
            name or f"{file.stem} {datetime.now().astimezone():%d/%m/%Y}"[:200],
            str(sender["id"]),
            texts,
            schedule_type,
            ignore_quiet_hours,
        )
        with _may_be_repeated():
            campaign = wait_until_prepared(api, create_campaign(api, plan, ids), time.sleep)
            if campaign["status"] == "draft":
                ask = not yes and is_interactive()
                campaign = _started(api, campaign, str(sender["name"]), ask=ask)
            else:
                say(_already(campaign), console)
        if watch_it:
            follow(api, str(campaign["id"]), as_json=as_json)
        elif as_json:
            print_json(campaign)


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


def _started(api: Api, campaign: Json, sender: str, *, ask: bool) -> Json:
    console = messages()
    checks = api.get(campaign_path(campaign["id"], "checks/"))
    for warning in checks.get("warnings", []):
        say(t(f"Aviso: {warning['message']}", f"Warning: {warning['message']}"), console)
    total = number(int(campaign["total_contacts"]))
    question = t(
        f"Enviar para {total} contatos por {sender}?", f"Send to {total} contacts from {sender}?"
    )
    if ask and not confirmed(question):
        raise CliError(
            t(
                "Nada foi enviado; a campanha ficou como rascunho.",
                "Nothing was sent; the campaign stays a draft.",
            )
        )
    campaign = start_campaign(api, str(campaign["id"]))
    say(_announced(campaign), console)
    return campaign


def _announced(campaign: Json) -> str:
    later = first_send_later(campaign, datetime.now(UTC))
    watching = f"campaigns watch {campaign['id']}"
    begins = (
        t(f"A primeira mensagem sai {later}.", f"The first message leaves {later}.")
        if later
        else t("A primeira mensagem já vai sair.", "The first message leaves now.")
    )
    return t(
        f"Campanha {campaign['name']} iniciada. {begins} Para acompanhar: {watching}",
        f"Campaign {campaign['name']} started. {begins} To follow it: {watching}",
    )


def _already(campaign: Json) -> str:
    return t(
        f"Esta mesma campanha já foi iniciada hoje ({campaign['id']}, {campaign['status']}); não "
        "envio outra vez. Para enviar de novo, dê outro nome com --name.",
        f"This very campaign was started today already ({campaign['id']}, {campaign['status']}); "
        "it is not sent again. To send once more, give another name with --name.",
    )
