"""`campaigns test-campaign`: the one line that proves that a set-up works."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console

from campaigns_cli.api import Api, Json
from campaigns_cli.campaign_commands import RUNNING_PANEL
from campaigns_cli.command_group import Group
from campaigns_cli.completion import complete_instance
from campaigns_cli.errors import CliError
from campaigns_cli.example_texts import TEST_MESSAGE
from campaigns_cli.language import language, t
from campaigns_cli.options import messages, print_json, say
from campaigns_cli.prove_instance import (
    Failed,
    Proof,
    ProofFailed,
    Until,
    Watch,
    contact_with,
    create_test,
    end_test,
    ready_instance,
    recipient_of,
    run_test,
)
from campaigns_cli.receipt import print_receipt, receipt_of
from campaigns_cli.references import CAMPAIGN
from campaigns_cli.send_campaign import find_instance
from campaigns_cli.session import Session

TIMEOUT_SECONDS = 180.0

testing = Group()


class TextLanguage(StrEnum):
    """The languages of the text that is sent unless another is given."""

    PT_BR = "pt-BR"
    EN = "en"


@testing.verb(
    "test-campaign",
    t(
        "Envia uma mensagem a um celular, por tudo que uma campanha percorre, e mostra o "
        "comprovante."
        "\n\nCria o contato e uma campanha de um destinatário só, fora do horário de silêncio, e "
        "no fim a guarda no arquivo. Pode repetir: cada teste é uma campanha nova."
        "\n\nSaída: 0 enviada; 3 o número não tem WhatsApp; 4 WhatsApp desconectado; 5 o servidor "
        "Evolution recusa a chave ou não responde; 6 não deu tempo; 7 sem confirmação; 8 a pessoa "
        "pediu para sair; 9 outra campanha ocupa o WhatsApp; 1 outro erro.",
        "Sends one message to a phone, through all that a campaign goes through, and shows the "
        "receipt."
        "\n\nCreates the contact and a campaign of one recipient, whatever the quiet hours, and "
        "archives it at the end. Repeat it freely: each test is a new campaign."
        "\n\nExit: 0 sent; 3 the number is not on WhatsApp; 4 WhatsApp is not connected; 5 the "
        "Evolution server refuses the key or does not answer; 6 out of time; 7 unconfirmed; 8 the "
        "person opted out; 9 another campaign holds the WhatsApp; 1 another error.",
    ),
    "campaigns test-campaign --instance Loja --phone '(11) 99000-2471'",
    "campaigns test-campaign --phone '(11) 99000-2471' --until read --timeout 300 --json",
    panel=RUNNING_PANEL,
)
def send_test(
    session: Session,
    phone: Annotated[
        str,
        typer.Option(
            metavar="PHONE",
            help=t("Para quem: o seu próprio celular.", "To whom: a phone of your own."),
        ),
    ],
    instance: Annotated[
        str | None,
        typer.Option(
            metavar="WHATSAPP",
            autocompletion=complete_instance,
            help=t(
                "Quem envia, por nome ou id; dispensável se só houver um.",
                "Who sends, by name or id; not needed if there is only one.",
            ),
        ),
    ] = None,
    text: Annotated[
        str | None, typer.Option(help=t("Outro texto para enviar.", "Another text to send."))
    ] = None,
    text_language: Annotated[
        TextLanguage | None,
        typer.Option(
            "--language",
            help=t(
                "O idioma do texto padrão; sem isso, o do terminal.",
                "The standard text's language; without it, the terminal's.",
            ),
        ),
    ] = None,
    until: Annotated[
        Until,
        typer.Option(
            help=t(
                "Esperar até onde: enviada, entregue ou lida.",
                "How far to wait: sent, delivered or read.",
            )
        ),
    ] = Until.SENT,
    timeout: Annotated[
        float,
        typer.Option(
            min=1,
            metavar="SECONDS",
            help=t("Quanto esperar.", "How long to wait."),
        ),
    ] = TIMEOUT_SECONDS,
) -> None:
    sender = ready_instance(session.api, find_instance(session.api, instance))
    words = text or TEST_MESSAGE[text_language or language()]
    proof = Proof(sender, phone, words, until, timeout)
    contact = contact_with(session.api, phone)
    draft = create_test(session.api, proof, str(contact["id"]), datetime.now(UTC))
    with _display(messages()) as on_state:
        receipt = _receipt_of(session, proof, draft, Watch(time.sleep, time.monotonic, on_state))
    if session.as_json:
        print_json(receipt)
    else:
        print_receipt(receipt)


def _receipt_of(session: Session, proof: Proof, draft: Json, watch: Watch) -> Json:
    """The receipt; whatever ends the test, nothing of it is sent afterwards."""
    api, campaign_id = session.api, str(draft["id"])
    try:
        recipient = run_test(api, proof, draft, watch)
    except KeyboardInterrupt:
        gone = _ended(api, campaign_id)
        stopped = t("Interrompido.", "Interrupted.")
        raise CliError(f"{stopped} {gone}", exit_code=130) from None
    except ProofFailed as error:
        if session.as_json:
            print_json(_receipt_of_failure(api, proof, draft, error.failed))
        raise ProofFailed(error.failed, f"{error.message}\n{_ended(api, campaign_id)}") from error
    except CliError as error:
        raise CliError(f"{error.message}\n{_ended(api, campaign_id)}") from error
    campaign = api.get(CAMPAIGN.path_of(campaign_id))
    _ended(api, campaign_id)
    return receipt_of(proof, campaign, recipient, None)


def _receipt_of_failure(api: Api, proof: Proof, draft: Json, failed: Failed) -> Json:
    """As far as it can be read; a test that was not started may have no recipient."""
    try:
        campaign = api.get(CAMPAIGN.path_of(draft))
        return receipt_of(proof, campaign, recipient_of(api, str(draft["id"])), failed)
    except (CliError, LookupError):
        return receipt_of(proof, draft, {}, failed)


def _ended(api: Api, campaign_id: str) -> str:
    """Ends the test and says so; where that fails, says what goes on and how to stop it."""
    try:
        end_test(api, campaign_id)
    except CliError:
        return t(
            f"O teste continua no servidor; para parar: campaigns cancel {campaign_id}",
            f"The test goes on at the server; to stop it: campaigns cancel {campaign_id}",
        )
    return t("O teste foi encerrado: nada mais sai.", "The test was ended: nothing more is sent.")


@contextmanager
def _display(console: Console) -> Iterator[Callable[[Json], None]]:
    """What the test waits for: on a terminal with the seconds, elsewhere a line when it changes."""
    began, said = time.monotonic(), ""
    with console.status(t("Preparando o teste…", "Preparing the test…")) as status:

        def show(recipient: Json) -> None:
            nonlocal said
            stage = _stage(recipient)
            if console.is_terminal:
                status.update(f"{stage} {time.monotonic() - began:.0f} s")
            elif stage != said:
                say(stage, console)
                said = stage

        yield show


def _stage(recipient: Json) -> str:
    match recipient["status"]:
        case "pending":
            return t("Na fila, esperando a vez…", "In the queue, waiting for its turn…")
        case "sending" | "unknown":
            return t("O servidor Evolution está enviando…", "The Evolution server is sending…")
        case "sent":
            return t("Enviada; esperando a entrega…", "Sent; waiting for the delivery…")
        case "delivered":
            return t("Entregue; esperando a leitura…", "Delivered; waiting to be read…")
        case other:
            return str(other)
