"""`campaigns admin logs`: what the functions say, on AWS and in the local stack."""

import os
import re
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Protocol

import typer
from rich.console import Console

from campaigns_cli.cloudwatch_logs import (
    CloudWatchLogs,
    aws_explained,
    configured_stack,
    log_group_of,
)
from campaigns_cli.command_group import with_examples
from campaigns_cli.errors import CliError, UnusableInput
from campaigns_cli.language import t
from campaigns_cli.local_logs import LocalLogs, log_folder
from campaigns_cli.log_entries import Entry, Level
from campaigns_cli.options import JsonOption, messages, say

LOCAL_POLL_SECONDS = 0.5
AWS_POLL_SECONDS = 3.0
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


class Function(StrEnum):
    """A function of the deployment."""

    API = "api"
    SCHEDULER = "scheduler"
    DISPATCHER = "dispatcher"


class Logs(Protocol):
    """Where entries come from."""

    def poll(self) -> list[Entry]:
        """What is new since the last time, in the order of time."""


LOGS_HELP = with_examples(
    t(
        "Mostra os registros de uma função, da pilha local ou da AWS."
        "\n\nDa AWS com --stack ou com TABLE_NAME definida (o nome vem então do samconfig.toml); "
        "senão, da pilha local mais próxima, mesmo parada.",
        "Shows the logs of a function, of the local stack or on AWS."
        "\n\nOn AWS with --stack or with TABLE_NAME set (the name is samconfig.toml's then); else "
        "of the nearest local stack, even if it is stopped.",
    ),
    "campaigns admin logs scheduler --follow",
    "campaigns admin logs dispatcher --stack alrea-campaigns --since 2h --level error",
    "campaigns admin logs dispatcher --campaign cp_01hz7q3v9k2m4n6p8r0s2t4v6x --json",
)


def logs(
    function: Annotated[
        Function,
        typer.Argument(
            metavar="api|scheduler|dispatcher", help=t("Qual função.", "Which function.")
        ),
    ],
    follow: Annotated[
        bool,
        typer.Option(
            "--follow",
            "-f",
            help=t("Continua mostrando o que chega; Ctrl-C sai.", "Goes on; Ctrl-C leaves."),
        ),
    ] = False,
    since: Annotated[
        str,
        typer.Option(
            metavar="10m|2h|1d",
            help=t("Desde quanto tempo atrás.", "From how long ago on."),
        ),
    ] = "10m",
    level: Annotated[
        Level | None,
        typer.Option(help=t("Deste nível para cima.", "From this level on.")),
    ] = None,
    campaign: Annotated[
        str | None,
        typer.Option(
            metavar="ID",
            help=t("Só o que fala desta campanha.", "Only what is about this campaign."),
        ),
    ] = None,
    stack: Annotated[
        str | None,
        typer.Option(
            envvar="CAMPAIGNS_STACK",
            metavar="NAME",
            help=t("O nome da instalação na AWS.", "The deployment's name on AWS."),
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    begin = datetime.now(UTC) - ago(since)
    chosen = stack_on_aws(stack, os.environ, Path.cwd())

    def wanted(entry: Entry) -> bool:
        return entry.matters(level) and (campaign is None or campaign in entry.raw)

    with aws_explained(chosen) if chosen else nullcontext():
        if chosen:
            source: Logs = _on_aws(function, chosen, begin, campaign)
        else:
            source = _local(function, begin, os.environ, Path.cwd())
        if not follow:
            if not _print(source.poll(), wanted, as_json=as_json):
                say(_nothing(since), messages())
            return
        try:
            while True:
                _print(source.poll(), wanted, as_json=as_json)
                time.sleep(AWS_POLL_SECONDS if chosen else LOCAL_POLL_SECONDS)
        except KeyboardInterrupt:
            raise CliError(
                t("Fim da leitura; nada mudou.", "No longer followed; nothing changed."),
                exit_code=130,
            ) from None


def ago(text: str) -> timedelta:
    """A span of time as `90s`, `10m`, `2h` or `1d`."""
    found = re.fullmatch(r"(\d{1,4})([smhd])", text.strip())
    if found is None:
        raise UnusableInput(
            t(
                f"--since é um tempo como 90s, 10m, 2h ou 1d, e não {text}.",
                f"--since is a time such as 90s, 10m, 2h or 1d, not {text}.",
            )
        )
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]])


def stack_on_aws(stack: str | None, environment: Mapping[str, str], folder: Path) -> str | None:
    """The deployment that is meant; None is the local stack."""
    if stack or not environment.get("TABLE_NAME"):
        return stack
    if configured := configured_stack(folder):
        return configured
    raise UnusableInput(
        t(
            "Não sei o nome da instalação na AWS: use --stack, ou rode na pasta do samconfig.toml.",
            "No name of the deployment on AWS: use --stack, or run in samconfig.toml's folder.",
        )
    )


def _on_aws(function: Function, stack: str, begin: datetime, term: str | None) -> Logs:
    # Late: no other command needs it, and it takes a while to load.
    import boto3
    from botocore.config import Config

    session = boto3.session.Session()
    patient = Config(retries={"mode": "standard", "max_attempts": 8})
    log_group = log_group_of(session.client("cloudformation", config=patient), stack, function)
    client = session.client("logs", config=patient)
    return CloudWatchLogs(client, log_group, begin, term=term, now=lambda: datetime.now(UTC))


def _local(function: Function, begin: datetime, environment: Mapping[str, str], here: Path) -> Logs:
    folder = log_folder(environment, here)
    if folder is None:
        raise UnusableInput(
            t(
                "Não achei os registros de uma pilha local: suba uma com `make run`, ou use "
                "--stack NOME para uma instalação na AWS.",
                "There are no logs of a local stack: start one with `make run`, or use --stack "
                "NAME for a deployment on AWS.",
            )
        )
    say(t(f"Pilha local: {folder}", f"Local stack: {folder}"), messages())
    return LocalLogs(folder, function, begin)


def _nothing(since: str) -> str:
    return t(
        f"Nada nos últimos {since}. Para voltar mais: --since 1d",
        f"Nothing in the last {since}. To look further back: --since 1d",
    )


def _print(entries: list[Entry], wanted: Callable[[Entry], bool], *, as_json: bool) -> int:
    """Prints the entries that are wanted and tells how many they were."""
    shown = [entry for entry in entries if wanted(entry)]
    console = Console()
    for entry in shown:
        if as_json:
            print(entry.to_json(), flush=True)
        else:
            console.print(entry.to_text(), soft_wrap=True)
    return len(shown)
