"""`campaigns instances connect`: a phone is linked from the terminal."""

import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated

import typer

from campaigns_cli.api import Json
from campaigns_cli.command_group import Group
from campaigns_cli.completion import complete_instance
from campaigns_cli.connect_instance import connect_instance
from campaigns_cli.errors import CliError, ServerUnreachable
from campaigns_cli.language import t
from campaigns_cli.options import messages, print_json, say
from campaigns_cli.pairing_display import Show, drawn_on, in_text, to_a_program
from campaigns_cli.send_campaign import find_instance
from campaigns_cli.session import Session
from campaigns_cli.wording import phone_shown

TIMEOUT_SECONDS = 180.0

connecting = Group()


@connecting.verb(
    "connect",
    t(
        "Liga um celular: mostra o QR code no terminal e espera até ele ser lido."
        "\n\nNo celular: WhatsApp, Aparelhos conectados, Conectar um aparelho. Com --phone aparece "
        "um código para digitar no lugar do QR code."
        "\n\nCom --json sai uma linha por acontecimento: `code` a cada código novo, `connected` "
        "no fim.",
        "Connects a phone: shows the QR code in the terminal and waits until it is scanned."
        "\n\nOn the phone: WhatsApp, Linked devices, Link a device. With --phone there is a code "
        "to type in the QR code's place."
        "\n\nWith --json there is a line per event: `code` for each new code, `connected` at the "
        "end.",
    ),
    "campaigns instances connect Loja",
    "campaigns instances connect Loja --phone '(11) 99000-2471'",
)
def connect(
    session: Session,
    instance: Annotated[
        str | None,
        typer.Argument(
            metavar="WHATSAPP",
            autocompletion=complete_instance,
            help=t(
                "Nome ou id; dispensável se só houver um.",
                "Name or id; not needed if there is only one.",
            ),
        ),
    ] = None,
    phone: Annotated[
        str | None,
        typer.Option(
            metavar="PHONE",
            help=t(
                "O número do celular a conectar: dá um código para digitar nele.",
                "The number of the phone to connect: gives a code to type on it.",
            ),
        ),
    ] = None,
    no_qr: Annotated[
        bool,
        typer.Option(
            "--no-qr",
            help=t("Escreve o código em texto, sem desenhar.", "Prints the code, draws nothing."),
        ),
    ] = False,
    image: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.png",
            dir_okay=False,
            help=t("Grava o QR code também em PNG.", "Writes the QR code to a PNG too."),
        ),
    ] = None,
    timeout: Annotated[
        float,
        typer.Option(
            min=1,
            metavar="SECONDS",
            help=t("Quanto esperar pela leitura.", "How long to wait for the scan."),
        ),
    ] = TIMEOUT_SECONDS,
) -> None:
    chosen = find_instance(session.api, instance)
    display = _display(session, as_text=no_qr, image=image)
    link_phone(session, chosen, display, phone=phone, seconds=timeout)


def link_phone(
    session: Session,
    instance: Json,
    display: AbstractContextManager[Show],
    *,
    phone: str | None = None,
    seconds: float = TIMEOUT_SECONDS,
) -> None:
    """Shows the instance's codes until one was scanned, and says what is connected then."""
    try:
        with display as show:
            connected = connect_instance(
                session.api,
                instance,
                phone=phone,
                seconds=seconds,
                sleep=time.sleep,
                clock=time.monotonic,
                on_pairing=show,
            )
    except KeyboardInterrupt:
        raise CliError(_left(instance), exit_code=130) from None
    except ServerUnreachable as error:
        raise CliError(f"{error.message}\n{_again(instance)}") from error
    if session.as_json:
        print_json({"event": "connected", "instance": connected})
    else:
        say(_connected(connected))


def _display(
    session: Session, *, as_text: bool = False, image: Path | None = None
) -> AbstractContextManager[Show]:
    if session.as_json:
        return to_a_program(image)
    return in_text(messages(), image) if as_text else drawn_on(messages(), image)


def _left(instance: Json) -> str:
    return t(
        f"Interrompido: {instance['name']} continua como estava, e o código mostrado vence "
        f"sozinho. {_again(instance)}",
        f"Interrupted: {instance['name']} stays as it was, and the code shown runs out by itself. "
        f"{_again(instance)}",
    )


def _again(instance: Json) -> str:
    command = f"campaigns instances connect {instance['id']}"
    return t(f"Para tentar de novo: {command}", f"To try again: {command}")


def _connected(instance: Json) -> str:
    phone = instance.get("connected_phone")
    number = t(f" como {phone_shown(phone)}", f" as {phone_shown(phone)}") if phone else ""
    test = f"campaigns test-campaign --instance {instance['id']} --phone"
    return t(
        f"{instance['name']} está conectado{number}. Para provar: {test} SEU_NÚMERO",
        f"{instance['name']} is connected{number}. To prove it: {test} YOUR_NUMBER",
    )
