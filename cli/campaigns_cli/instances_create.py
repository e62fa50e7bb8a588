"""`campaigns instances create`: a WhatsApp number gets a record here."""

from typing import Annotated

import typer
from rich.prompt import Prompt

from campaigns_cli.api import Json
from campaigns_cli.command_group import Group
from campaigns_cli.errors import UnusableInput
from campaigns_cli.instances_connect import link_phone
from campaigns_cli.language import t
from campaigns_cli.options import is_interactive, messages, say
from campaigns_cli.pairing_display import drawn_on, to_a_program
from campaigns_cli.references import INSTANCE
from campaigns_cli.session import Session, given

creating = Group()


@creating.verb(
    "create",
    t(
        "Cadastra um WhatsApp que já existe num servidor Evolution, ou cria um no da instalação."
        "\n\nA chave é pedida no terminal, ou lida de CAMPAIGNS_EVOLUTION_KEY: assim não fica no "
        "histórico.",
        "Registers a WhatsApp that exists on an Evolution server, or makes one on the "
        "deployment's."
        "\n\nThe key is asked for in the terminal, or read from CAMPAIGNS_EVOLUTION_KEY: so it "
        "stays out of the history.",
    ),
    "campaigns instances create Loja --on-server --connect",
    "campaigns instances create Loja --evolution-url https://evolution.exemplo.com.br "
    "--evolution-instance loja",
)
def create(
    session: Session,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help=t("Como chamá-lo aqui.", "What to call it here."))
    ],
    on_server: Annotated[
        bool,
        typer.Option(
            "--on-server",
            help=t(
                "Cria no servidor Evolution da própria instalação.",
                "Makes it on the deployment's own Evolution server.",
            ),
        ),
    ] = False,
    evolution_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help=t("Endereço do servidor Evolution.", "Address of the Evolution server."),
        ),
    ] = None,
    evolution_instance: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help=t(
                "O nome da instância naquele servidor; sem ele, o mesmo nome.",
                "The instance's name on that server; without it, the same name.",
            ),
        ),
    ] = None,
    evolution_key: Annotated[
        str | None,
        typer.Option(
            metavar="KEY",
            envvar="CAMPAIGNS_EVOLUTION_KEY",
            help=t(
                "A chave da instância no Evolution; sem ela, o comando pergunta.",
                "The instance's key at Evolution; without it the command asks.",
            ),
        ),
    ] = None,
    delay_min: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=3600,
            metavar="SECONDS",
            help=t("A menor pausa entre duas mensagens.", "The shortest pause between messages."),
        ),
    ] = None,
    delay_max: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=3600,
            metavar="SECONDS",
            help=t("A maior pausa entre duas mensagens.", "The longest pause between messages."),
        ),
    ] = None,
    daily_limit: Annotated[
        int | None,
        typer.Option(min=1, help=t("Quantas mensagens por dia.", "How many messages a day.")),
    ] = None,
    connect: Annotated[
        bool,
        typer.Option(
            "--connect",
            help=t("Em seguida, conecta pelo QR code.", "Then connects it by QR code."),
        ),
    ] = False,
) -> None:
    if on_server:
        if evolution_url:
            raise UnusableInput(
                t(
                    "Use --on-server ou --evolution-url, um dos dois: com --on-server, o servidor "
                    "é o da instalação.",
                    "Use either --on-server or --evolution-url: with --on-server the server is the "
                    "deployment's.",
                )
            )
        where: Json = given(create_on_server=True, evolution_instance=evolution_instance)
    else:
        where = {
            "evolution_url": evolution_url or _asked_url(),
            "evolution_instance": evolution_instance or name,
            "api_key": evolution_key or _asked_key(),
        }
    pace = given(delay_min_seconds=delay_min, delay_max_seconds=delay_max, daily_limit=daily_limit)
    instance = session.api.post(INSTANCE.path, {"name": name, **where, **pace})
    if connect and instance["connection_state"] != "open":
        say(_created(instance), messages())
        display = to_a_program(None) if session.as_json else drawn_on(messages(), None)
        link_phone(session, instance, display)
    else:
        session.done(instance, _created(instance), _what_next(instance))


def _asked_url() -> str:
    if not is_interactive():
        raise UnusableInput(
            t(
                "Diga onde ele está: --evolution-url e --evolution-instance para um que existe, ou "
                "--on-server para criar no servidor da instalação.",
                "Say where it is: --evolution-url and --evolution-instance for one that exists, or "
                "--on-server to make it on the deployment's server.",
            )
        )
    question = t("Endereço do servidor Evolution", "Address of the Evolution server")
    return Prompt.ask(question, console=messages())


def _asked_key() -> str:
    if not is_interactive():
        raise UnusableInput(
            t(
                "Falta a chave da instância no Evolution: defina CAMPAIGNS_EVOLUTION_KEY.",
                "The instance's key at Evolution is missing: set CAMPAIGNS_EVOLUTION_KEY.",
            )
        )
    question = t(
        "Chave da instância no Evolution (não aparece)", "The instance's key at Evolution (hidden)"
    )
    return Prompt.ask(question, console=messages(), password=True)


def _created(instance: Json) -> str:
    return t(
        f"WhatsApp cadastrado: {instance['name']} ({instance['id']}).",
        f"WhatsApp registered: {instance['name']} ({instance['id']}).",
    )


def _what_next(instance: Json) -> str:
    if instance["connection_state"] == "open":
        command = f"campaigns test-campaign --instance {instance['id']} --phone"
        return t(
            f"Já está conectado. Para provar: {command} SEU_NÚMERO",
            f"It is connected already. To prove it: {command} YOUR_NUMBER",
        )
    command = f"campaigns instances connect {instance['id']}"
    return t(f"Para conectar o celular: {command}", f"To connect the phone: {command}")
