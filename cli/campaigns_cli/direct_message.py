"""A message to one phone, outside of campaigns: what became of it."""

import time
from typing import Annotated

import typer

from campaigns_cli.api import Api, Json
from campaigns_cli.errors import CliError
from campaigns_cli.language import t
from campaigns_cli.options import messages
from campaigns_cli.references import INSTANCE
from campaigns_cli.session import Session
from campaigns_cli.wording import local_time, phone_shown, word

POLL_SECONDS = 2.0
_ON_ITS_WAY = frozenset({"queued", "sending"})

WaitOption = Annotated[
    bool,
    typer.Option(
        "--wait", help=t("Espera até saber se foi.", "Waits until it is known to be sent.")
    ),
]


def queued(session: Session, instance_id: str, taken: Json, phone: str, *, wait: bool) -> None:
    """Says what became of a test message, or how to ask later; one that failed ends in 1."""
    path = INSTANCE.path_of(instance_id, f"test-messages/{taken['id']}/")
    if not wait:
        begins = local_time(taken.get("not_before")) or "-"
        session.done(
            taken,
            t(
                f"Na fila; sai a partir de {begins}. Com --wait, o comando espera o resultado.",
                f"Queued; it leaves from {begins} on. With --wait the command waits for it.",
            ),
        )
        return
    message = _settled(session.api, path)
    said = word(message["status"])
    if message["status"] == "failed":
        reason = message.get("error_message") or message.get("error_code") or said
        raise CliError(t(f"Não foi enviada: {reason}", f"It was not sent: {reason}"))
    if message["status"] == "unconfirmed":
        raise CliError(
            t(
                "Pode ter sido enviada, mas falta a prova: confira no telefone.",
                "It may have been sent, but proof is missing: look at the phone.",
            )
        )
    shown = phone_shown(message.get("phone")) or phone
    session.done(message, f"{shown}: {said}")


def _settled(api: Api, path: str) -> Json:
    """The message once it is known what became of it."""
    try:
        with messages().status(t("Esperando o envio…", "Waiting for it to be sent…")):
            message = api.get(path)
            while message["status"] in _ON_ITS_WAY:
                time.sleep(POLL_SECONDS)
                message = api.get(path)
            return message
    except KeyboardInterrupt:
        raise CliError(
            t(
                "Interrompido; a mensagem continua na fila e sai quando chegar a vez dela.",
                "Interrupted; the message stays in the queue and leaves when its turn comes.",
            ),
            exit_code=130,
        ) from None
