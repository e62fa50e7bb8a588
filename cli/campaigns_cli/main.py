"""The command line `campaigns`."""

import os
import sys
from importlib.metadata import version
from typing import Annotated

import typer

from campaigns_cli.admin_commands import admin
from campaigns_cli.campaign_commands import cancel, instances, list_campaigns, pause, resume, watch
from campaigns_cli.contacts_commands import contacts
from campaigns_cli.errors import CliError
from campaigns_cli.language import t
from campaigns_cli.options import messages, say
from campaigns_cli.send_command import send

app = typer.Typer(
    name="campaigns",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help=t(
        "Campanhas de WhatsApp pela linha de comando."
        "\n\nExemplo:\n\n  campaigns send --file contatos.csv --message 'Oi {{primeiro_nome}}!' "
        "--watch",
        "WhatsApp campaigns from the command line."
        "\n\nExample:\n\n  campaigns send --file contatos.csv --message 'Oi {{primeiro_nome}}!' "
        "--watch",
    ),
)
app.add_typer(contacts, name="contacts")
app.add_typer(instances, name="instances")
app.add_typer(admin, name="admin")
app.command(
    help=t(
        "Importa a lista, cria a campanha e a inicia."
        "\n\nRepetir o comando no mesmo dia não envia de novo: continua a mesma campanha."
        "\n\nExemplos:\n\n  campaigns send --file contatos.csv --message 'Oi {{primeiro_nome}}!' "
        "--instance Loja --watch"
        "\n\n  campaigns send --file vip.csv --message 'Oi {{nome|tudo bem}}' --message "
        "'{{saudacao}}, {{nome}}' --schedule-type business_days --limit 50",
        "Imports the list, creates the campaign and starts it."
        "\n\nRepeating the command on the same day does not send again: it goes on with the same "
        "campaign."
        "\n\nExamples:\n\n  campaigns send --file contatos.csv --message 'Oi {{primeiro_nome}}!' "
        "--instance Loja --watch"
        "\n\n  campaigns send --file vip.csv --message 'Oi {{nome|tudo bem}}' --message "
        "'{{saudacao}}, {{nome}}' --schedule-type business_days --limit 50",
    )
)(send)
app.command(
    help=t(
        "Acompanha uma campanha até o fim; sair com Ctrl-C não a interrompe.",
        "Follows a campaign to its end; leaving with Ctrl-C does not stop it.",
    )
)(watch)
app.command("list", help=t("Lista as campanhas.", "Lists the campaigns."))(list_campaigns)
app.command(help=t("Pausa uma campanha.", "Pauses a campaign."))(pause)
app.command(help=t("Retoma uma campanha pausada.", "Resumes a paused campaign."))(resume)
app.command(help=t("Cancela uma campanha para sempre.", "Cancels a campaign for good."))(cancel)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"campaigns {version('alrea-campaigns')}")
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_show_version,
            is_eager=True,
            help=t("Mostra a versão.", "Shows the version."),
        ),
    ] = False,
) -> None:
    """Options of the program itself."""


def main() -> None:
    """Ends every error in a sentence on stderr and an exit code; CAMPAIGNS_DEBUG shows the rest."""
    try:
        app()
    except CliError as error:
        say(error.message, messages())
        sys.exit(error.exit_code)
    except Exception as error:
        if os.environ.get("CAMPAIGNS_DEBUG"):
            raise
        kind = type(error).__name__
        say(
            t(
                f"Erro inesperado ({kind}). Rode de novo com CAMPAIGNS_DEBUG=1 e envie a saída.",
                f"Unexpected error ({kind}). Run again with CAMPAIGNS_DEBUG=1 and send the output.",
            ),
            messages(),
        )
        sys.exit(1)


if __name__ == "__main__":
    main()
