"""`campaigns admin …`: what is done on AWS itself, before there is a key for the API."""

import os
from pathlib import Path
from typing import Annotated

import typer

from campaigns_cli.connection import read_stack
from campaigns_cli.errors import CliError, UnusableInput
from campaigns_cli.language import t
from campaigns_cli.options import JsonOption, print_json, say

admin = typer.Typer(
    no_args_is_help=True, help=t("Administração da instalação.", "Running the deployment.")
)
tenant = typer.Typer(
    no_args_is_help=True, help=t("As empresas da instalação.", "The deployment's tenants.")
)
admin.add_typer(tenant, name="tenant")


@tenant.callback()
def _group() -> None:
    """Keeps `create` a command of its own while it is the only one."""


@tenant.command(
    "create",
    help=t(
        "Cria uma empresa e a chave do dono, que só aparece desta vez."
        "\n\nUsa TABLE_NAME, KMS_KEY_ID e as credenciais da AWS; sem TABLE_NAME, a pilha local "
        "mais próxima.\n\nExemplo:\n\n  campaigns admin tenant create 'Padaria do João' --json",
        "Creates a tenant and its owner's key, which is shown this once."
        "\n\nUses TABLE_NAME, KMS_KEY_ID and the AWS credentials; without TABLE_NAME, the nearest "
        "local stack.\n\nExample:\n\n  campaigns admin tenant create 'Padaria do João' --json",
    ),
)
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help=t("Nome da empresa.", "Its name."))],
    as_json: JsonOption = False,
) -> None:
    name = name.strip()
    if not 1 <= len(name) <= 200:
        raise UnusableInput(
            t(
                "O nome precisa ter de 1 a 200 caracteres.",
                "The name must have 1 to 200 characters.",
            )
        )
    _use_local_stack_unless_deployed()
    # Late: this alone of all commands needs boto3, and the environment that was just set.
    from botocore.exceptions import BotoCoreError, ClientError

    from campaigns.bootstrap import bootstrap
    from campaigns.settings import Settings

    try:
        created = bootstrap(Settings.from_environment()).create_tenant(name=name)
    except (BotoCoreError, ClientError) as error:
        raise CliError(
            t(
                f"A AWS não atendeu: {error}. Confira credenciais, região e TABLE_NAME.",
                f"AWS did not serve: {error}. Check credentials, region and TABLE_NAME.",
            )
        ) from error
    if as_json:
        print_json({"tenant_id": created.tenant_id, "owner_key": created.owner_key})
        return
    say(
        t(
            f"Empresa criada: {created.tenant_id}\nChave do dono: {created.owner_key}\n"
            "Guarde a chave agora: ela não aparece de novo.",
            f"Tenant created: {created.tenant_id}\nOwner key: {created.owner_key}\n"
            "Keep the key now: it is not shown again.",
        )
    )


def _use_local_stack_unless_deployed() -> None:
    if os.environ.get("TABLE_NAME"):
        return
    stack = read_stack(os.environ, Path.cwd())
    if stack is None or "environment" not in stack:
        raise UnusableInput(
            t(
                "Não sei onde está a instalação: defina TABLE_NAME e KMS_KEY_ID (e as "
                "credenciais da AWS), ou suba a pilha local com `make run`.",
                "No deployment given: set TABLE_NAME and KMS_KEY_ID (and the AWS credentials), or "
                "start the local stack with `make run`.",
            )
        )
    # The user's own AWS set-up, a profile for one, would go before the stack's.
    for variable in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[variable]
    os.environ.update({name: str(value) for name, value in stack["environment"].items()})
