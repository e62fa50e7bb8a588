"""`campaigns admin dead-letters …`: jobs that came too often, and what becomes of them."""

from typing import Annotated

import typer

from campaigns.services.dead_letters import DeadLetters
from campaigns.services.ports_dead_letters import DeadLetterQueue
from campaigns_cli.command_group import with_examples
from campaigns_cli.dead_letter_queue import dead_letter_queue
from campaigns_cli.dead_letter_words import (
    print_letters,
    shown_letter,
    tell_handled,
    tell_left_out,
    telling,
)
from campaigns_cli.errors import UnusableInput
from campaigns_cli.language import t
from campaigns_cli.options import JsonOption, YesOption, be_sure, print_json, say
from campaigns_cli.stack_outputs import StackOption

_WHERE = t(
    "Na AWS com --stack, com --queue-url ou com TABLE_NAME definida (o nome vem então do "
    "samconfig.toml); senão, na pilha local mais próxima.",
    "On AWS with --stack, with --queue-url or with TABLE_NAME set (the name is samconfig.toml's "
    "then); else in the nearest local stack.",
)
_EXAMPLE = "0f6f4f5e-3c1b-4a5e-9d57-3b0c1e2f4a6d"

dead_letters = typer.Typer(
    no_args_is_help=True,
    help=t(
        "Envios que falharam dez vezes e saíram da fila.",
        "Jobs that failed ten times and left the queue.",
    ),
)

QueueUrlOption = Annotated[
    str | None,
    typer.Option(
        "--queue-url",
        metavar="URL",
        help=t(
            "A URL da fila de envios (saída JobsQueueUrl).",
            "The URL of the queue of jobs (output JobsQueueUrl).",
        ),
    ),
]
IdsArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="[ID]...", help=t("Ids, como list mostra.", "Ids, as list shows them.")),
]
EveryOption = Annotated[bool, typer.Option("--all", help=t("Todas.", "All of them."))]


@dead_letters.command(
    "list",
    help=with_examples(
        t(
            "Mostra as mensagens mortas e as deixa onde estão.",
            "Shows the dead letters and leaves them where they are.",
        )
        + f"\n\n{_WHERE}",
        "campaigns admin dead-letters list --stack alrea-campaigns",
        "campaigns admin dead-letters list --json",
    ),
)
def list_letters(
    queue_url: QueueUrlOption = None, stack: StackOption = None, as_json: JsonOption = False
) -> None:
    with dead_letter_queue(queue_url, stack) as queue:
        listed = DeadLetters(queue).look(telling())
    if as_json:
        print_json([shown_letter(letter) for letter in listed.letters])
    elif listed.letters:
        print_letters(listed.letters)
    elif not listed.behind and not listed.hidden:
        say(t("Não há mensagens mortas.", "There are no dead letters."))
    tell_left_out(listed)


@dead_letters.command(
    "redrive",
    help=with_examples(
        t(
            "Devolve mensagens mortas à fila de envios."
            "\n\nÉ seguro: um envio que já não vale, porque a pessoa já recebeu ou a campanha "
            "acabou, some sem enviar nada. As ilegíveis ficam, a não ser que sejam nomeadas.",
            "Sends dead letters back to the queue of jobs."
            "\n\nIt is safe: a job that is no longer valid, since its person has the message or "
            "its campaign is over, ends without sending anything. Unreadable ones stay, unless "
            "they are named.",
        )
        + f"\n\n{_WHERE}",
        "campaigns admin dead-letters redrive --all --stack alrea-campaigns",
        f"campaigns admin dead-letters redrive {_EXAMPLE}",
    ),
)
def redrive(
    ids: IdsArgument = None,
    every: EveryOption = False,
    queue_url: QueueUrlOption = None,
    stack: StackOption = None,
    as_json: JsonOption = False,
) -> None:
    chosen = _chosen(ids, every=every)
    with dead_letter_queue(queue_url, stack) as queue:
        handled = DeadLetters(queue).redrive(chosen, telling())
    tell_handled(
        handled,
        "redriven",
        lambda count: t(f"Devolvidas à fila: {count}", f"Sent back to the queue: {count}"),
        as_json=as_json,
    )


@dead_letters.command(
    "discard",
    help=with_examples(
        t(
            "Apaga mensagens mortas, para sempre."
            "\n\nQuem ainda espera numa campanha é planejado de novo; uma mensagem de teste, não.",
            "Deletes dead letters, for good."
            "\n\nWhoever still waits in a campaign is planned again; a test message is not.",
        )
        + f"\n\n{_WHERE}",
        f"campaigns admin dead-letters discard {_EXAMPLE}",
        "campaigns admin dead-letters discard --all --yes --stack alrea-campaigns",
    ),
)
def discard(
    ids: IdsArgument = None,
    every: EveryOption = False,
    yes: YesOption = False,
    queue_url: QueueUrlOption = None,
    stack: StackOption = None,
    as_json: JsonOption = False,
) -> None:
    chosen = _chosen(ids, every=every)
    with dead_letter_queue(queue_url, stack) as queue:
        count = _count_all(queue) if chosen is None else len(chosen)
        question = t(
            f"Apagar para sempre as mensagens mortas ({count})?",
            f"Delete the dead letters for good ({count})?",
        )
        if count:
            be_sure(question, yes=yes)
        handled = DeadLetters(queue).discard(chosen, telling())
    tell_handled(
        handled,
        "discarded",
        lambda count: t(f"Apagadas: {count}", f"Deleted: {count}"),
        as_json=as_json,
    )


def _count_all(queue: DeadLetterQueue) -> int:
    """What the queue says is about right; that there is nothing to ask about is looked at."""
    return queue.waiting() or len(DeadLetters(queue).look(telling()).letters)


def _chosen(ids: list[str] | None, *, every: bool) -> frozenset[str] | None:
    """The ids that are meant; None for all."""
    if bool(ids) == every:
        raise UnusableInput(t("Diga quais: ids, ou --all.", "Say which ones: ids, or --all."))
    return frozenset(ids) if ids else None
