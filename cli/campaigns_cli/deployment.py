"""A deployment's table, reached with the user's own AWS credentials or on the local stack."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from campaigns.domain.errors import (
    ConcurrentUpdate,
    Conflict,
    FieldError,
    NotFound,
    ValidationFailed,
)
from campaigns_cli.cloudwatch_logs import aws_explained
from campaigns_cli.command_group import interruptible
from campaigns_cli.connection import read_stack
from campaigns_cli.errors import CliError, UnusableInput
from campaigns_cli.language import t
from campaigns_cli.stack_outputs import output_of

if TYPE_CHECKING:
    from campaigns.bootstrap import App

#: Shown in the help of each command that works on a stack's table.
WHERE = t(
    "Na AWS com --stack, ou com TABLE_NAME definida, e as credenciais da AWS; senão, na pilha "
    "local mais próxima.",
    "On AWS with --stack, or with TABLE_NAME set, and the AWS credentials; else in the nearest "
    "local stack.",
)
#: Shown where the table is none that a stack knows.
WHERE_BY_TABLE = t(
    "Usa TABLE_NAME e as credenciais da AWS; sem TABLE_NAME, a pilha local mais próxima.",
    "Uses TABLE_NAME and the AWS credentials; without TABLE_NAME, the nearest local stack.",
)
#: The stack's output that names its table.
_OUTPUT = "TableName"


@contextmanager
def deployment(stack: str | None = None) -> Iterator["App"]:
    """The services over the stack's table, or TABLE_NAME's; what goes wrong ends in a sentence.

    Where both are given and are not the same table, neither is guessed to be the one that is meant.
    """
    if stack:
        _use_stack(stack)
    is_local = not os.environ.get("TABLE_NAME")
    if is_local:
        use_local_stack()
    # Late: no other command needs boto3, and the environment that was just set.
    from campaigns.bootstrap import bootstrap
    from campaigns.settings import Settings

    # The table is all that these commands touch.
    settings = Settings(os.environ["TABLE_NAME"], "", "", "")
    with interruptible(), _explained(settings.table_name, is_local=is_local):
        yield bootstrap(settings)


def _use_stack(stack: str) -> None:
    """TABLE_NAME is the table of that stack from now on."""
    # Late: no other command needs it, and it takes a while to load.
    import boto3

    with interruptible(), aws_explained(stack), _looking_up(stack):
        table = output_of(boto3.session.Session().client("cloudformation"), stack, _OUTPUT)
    if table is None:
        raise UnusableInput(
            t(
                f"A pilha {stack} não diz qual é sua tabela (saída {_OUTPUT}): confira o nome em "
                "--stack.",
                f"The stack {stack} does not tell its table (output {_OUTPUT}): check the name in "
                "--stack.",
            )
        )
    named = os.environ.setdefault("TABLE_NAME", table)
    if named != table:
        raise UnusableInput(
            t(
                f"A tabela da pilha {stack} é {table}, e TABLE_NAME diz {named}: deixe uma das "
                "duas de fora (unset TABLE_NAME, ou unset CAMPAIGNS_STACK).",
                f"The table of the stack {stack} is {table}, and TABLE_NAME says {named}: leave "
                "one of them out (unset TABLE_NAME, or unset CAMPAIGNS_STACK).",
            )
        )


@contextmanager
def _looking_up(stack: str) -> Iterator[None]:
    """The one right that it takes to find a stack's table is named where it is missing."""
    from botocore.exceptions import ClientError

    try:
        yield
    except ClientError as error:
        refusal = error.response.get("Error", {})
        if "AccessDenied" not in refusal.get("Code", ""):
            raise
        message = refusal.get("Message", "")
        raise CliError(
            t(
                f"Suas credenciais não podem ver a pilha {stack}: elas precisam de "
                f"cloudformation:DescribeStacks; sem isso, use TABLE_NAME. ({message})",
                f"Your credentials may not see the stack {stack}: they need "
                f"cloudformation:DescribeStacks; without it, use TABLE_NAME. ({message})",
            )
        ) from error


def use_local_stack() -> dict[str, Any]:
    """AWS is the nearest local stack's from now on; what that stack says of itself."""
    stack = read_stack(os.environ, Path.cwd())
    if stack is None or "environment" not in stack:
        raise UnusableInput(
            t(
                "Não sei onde está a instalação: use --stack NOME (ou TABLE_NAME, veja a saída "
                "TableName da pilha na AWS) e as credenciais da AWS, ou suba a pilha local com "
                "`make run`.",
                "No deployment given: use --stack NAME (or TABLE_NAME, see the output TableName of "
                "the stack on AWS) and the AWS credentials, or start the local stack with "
                "`make run`.",
            )
        )
    # The user's own AWS set-up, a profile for one, would go before the stack's.
    for variable in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[variable]
    os.environ.update({name: str(value) for name, value in stack["environment"].items()})
    return stack


@contextmanager
def _explained(table: str, *, is_local: bool) -> Iterator[None]:
    """What the table, AWS or the rules refuse, as sentences that say what to do."""
    from botocore.exceptions import ClientError, EndpointConnectionError

    with aws_explained(table):
        try:
            yield
        except ValidationFailed as error:
            raise UnusableInput("\n".join(map(_fault, error.errors))) from error
        except NotFound as error:
            raise CliError(_not_found()) from error
        except Conflict as error:
            # The only one that working on tenants and keys can end in.
            raise CliError(_last_owner_key()) from error
        except ConcurrentUpdate as error:
            raise CliError(_busy()) from error
        except EndpointConnectionError as error:
            if is_local:
                raise CliError(_stack_is_down()) from error
            raise
        except ClientError as error:
            refusal = error.response.get("Error", {})
            sentence = _refused(refusal.get("Code", ""), refusal.get("Message", ""), table)
            if sentence:
                raise CliError(sentence) from error
            raise


def _refused(code: str, message: str, table: str) -> str | None:
    """What to do about an answer of the table; None where it is one of AWS at large."""
    region = os.environ.get("AWS_DEFAULT_REGION", t("a do perfil", "the profile's"))
    if code == "ResourceNotFoundException":
        return t(
            f"Não há tabela {table} nesta conta e região ({region}): confira TABLE_NAME, "
            "AWS_PROFILE e AWS_DEFAULT_REGION.",
            f"There is no table {table} in this account and region ({region}): check TABLE_NAME, "
            "AWS_PROFILE and AWS_DEFAULT_REGION.",
        )
    if "AccessDenied" in code:
        return t(
            f"Suas credenciais não podem usar a tabela {table}: elas precisam ler e escrever nela "
            f"e ler seus índices. ({message})",
            f"Your credentials may not use the table {table}: they need to read and write it and "
            f"to read its indexes. ({message})",
        )
    return None


def _stack_is_down() -> str:
    return t(
        "A pilha local não responde: suba-a com `make run`, ou defina TABLE_NAME para uma "
        "instalação na AWS.",
        "The local stack does not answer: start it with `make run`, or set TABLE_NAME for a "
        "deployment on AWS.",
    )


def _not_found() -> str:
    return t(
        "Não encontrado. Veja os ids: campaigns admin tenant list; campaigns admin key list "
        "--tenant ID",
        "Not found. See the ids: campaigns admin tenant list; campaigns admin key list --tenant ID",
    )


def _last_owner_key() -> str:
    return t(
        "A última chave de dono fica. Crie outra antes: campaigns admin key create NOME --role "
        "owner --tenant ID",
        "The last owner key stays. Create another first: campaigns admin key create NAME --role "
        "owner --tenant ID",
    )


def _busy() -> str:
    return t(
        "Outra mudança chegou ao mesmo tempo e nada foi mudado: tente de novo.",
        "Another change came at the same time and nothing was changed: try again.",
    )


def _fault(fault: FieldError) -> str:
    """A wrong field in words."""
    limit = fault.params.get("limit", "")
    sentences = {
        "required": t("não pode ficar em branco", "cannot be blank"),
        "invalid_text": t("tem caracteres inválidos", "holds characters that are not valid"),
        "too_long": t(f"tem mais de {limit} caracteres", f"has more than {limit} characters"),
        "too_few": t("precisa de ao menos um valor", "needs one value or more"),
        "too_many": t(f"tem mais de {limit} valores", f"has more than {limit} values"),
        "repeated": t("está repetido", "is repeated"),
        "unknown_timezone": t(
            "não é um fuso, como America/Sao_Paulo", "is no time zone, such as America/Sao_Paulo"
        ),
        "invalid_time": t("não é uma hora, como 21:00", "is no time of day, such as 21:00"),
    }
    return f"{fault.field}: {sentences.get(fault.code, fault.code)}"
