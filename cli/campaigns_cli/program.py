"""The command line `campaigns`: its commands, and how each run of it ends."""

import os
import sys
from importlib.metadata import version
from typing import Annotated

import typer
from typer.exceptions import TyperException
from typer.main import get_command

from campaigns_cli.account_commands import ACCOUNT_PANEL, account, keys, tenant
from campaigns_cli.admin_commands import admin
from campaigns_cli.campaign_commands import CAMPAIGNS_PANEL, campaigns
from campaigns_cli.campaign_draft import drafting
from campaigns_cli.campaign_logs import telling
from campaigns_cli.campaign_running import running
from campaigns_cli.command_group import with_examples
from campaigns_cli.contact_commands import contacts
from campaigns_cli.errors import CliError
from campaigns_cli.group_commands import groups
from campaigns_cli.holiday_commands import holidays
from campaigns_cli.instance_commands import instances
from campaigns_cli.instances_connect import connecting
from campaigns_cli.instances_create import creating
from campaigns_cli.language import t
from campaigns_cli.message_commands import wordings
from campaigns_cli.opt_out_commands import opt_outs
from campaigns_cli.options import messages, print_what_can_be_printed, say
from campaigns_cli.put_back import putting_back
from campaigns_cli.recipient_commands import recipients
from campaigns_cli.send_command import sending
from campaigns_cli.test_campaign import testing
from campaigns_cli.usage import speak_users_language, usage_error

app = typer.Typer(
    name="campaigns",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help=with_examples(
        t("Campanhas de WhatsApp pela linha de comando.", "WhatsApp campaigns from a terminal."),
        "campaigns send --file contatos.csv --message 'Oi {{primeiro_nome}}!' --watch",
    ),
)
# Groups without a name are commands of the program itself.
for commands in (sending, testing, running, putting_back, telling, drafting, campaigns, account):
    app.add_typer(commands)
for commands in (creating, connecting):
    instances.add_typer(commands)


def _add(name: str, group: typer.Typer, panel: str) -> None:
    app.add_typer(group, name=name, rich_help_panel=panel)


_LISTS = t("Cadastros", "Lists")
_add("contacts", contacts, _LISTS)
_add("groups", groups, _LISTS)
_add("opt-outs", opt_outs, _LISTS)
_add("instances", instances, _LISTS)
_add("holidays", holidays, _LISTS)
_add("messages", wordings, CAMPAIGNS_PANEL)
_add("recipients", recipients, CAMPAIGNS_PANEL)
_add("tenant", tenant, ACCOUNT_PANEL)
_add("keys", keys, ACCOUNT_PANEL)
_add("admin", admin, t("Instalação", "Deployment"))


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


def run() -> None:
    """Ends every error in a sentence on stderr and an exit code; CAMPAIGNS_DEBUG shows the rest."""
    print_what_can_be_printed()
    program = get_command(app)
    speak_users_language(program)
    try:
        sys.exit(program(standalone_mode=False) or 0)
    except CliError as error:
        say(error.message, messages())
        sys.exit(error.exit_code)
    except TyperException as error:
        # A group without a command has shown its help already.
        if type(error).__name__ != "NoArgsIsHelpError":
            say(usage_error(error), messages())
        sys.exit(error.exit_code)
    except typer.Abort:
        say(t("Interrompido.", "Interrupted."), messages())
        sys.exit(130)
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
