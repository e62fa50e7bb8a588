"""What the commands on dead letters say: how far they are, what was done and what was left."""

from collections.abc import Callable
from typing import Any

from campaigns.domain.instants import to_iso
from campaigns.domain.job import DirectJob
from campaigns.services.dead_letters import Handled, Listed
from campaigns.services.ports_dead_letters import DeadLetter
from campaigns_cli.errors import CliError
from campaigns_cli.language import t
from campaigns_cli.options import messages, print_json, say
from campaigns_cli.tables import print_table
from campaigns_cli.wording import local_time

#: A line about how far it is comes each time so many were taken.
_TOLD_EACH = 500


def telling() -> Callable[[int], None]:
    """Says now and then how many were taken."""
    told = 0

    def tell(taken: int) -> None:
        nonlocal told
        if taken - told >= _TOLD_EACH:
            told = taken
            say(t(f"{taken} lidas…", f"{taken} read…"), messages())

    return tell


def tell_handled(
    handled: Handled, what: str, sentence: Callable[[int], str], *, as_json: bool
) -> None:
    """The result on stdout; what was not done as an error that says what to do."""
    if as_json:
        print_json(
            {
                what: handled.done,
                "unreadable": handled.unreadable,
                "failed": handled.failed,
                "behind": handled.behind,
                "unknown": list(handled.unknown),
            }
        )
    else:
        say(sentence(handled.done))
    if handled.unreadable:
        say(_unreadable(handled.unreadable), messages())
    tell_left_out(handled)
    if left := _not_done(handled):
        raise CliError(left)


def tell_left_out(seen: Listed | Handled) -> None:
    """How many letters nobody could look at."""
    if seen.behind:
        say(_behind(seen.behind), messages())
    if seen.hidden:
        say(_hidden(seen.hidden), messages())


def _not_done(handled: Handled) -> str:
    sentences = []
    if handled.unknown:
        names = ", ".join(handled.unknown)
        sentences.append(
            t(
                f"Não encontradas: {names}. Veja os ids: campaigns admin dead-letters list",
                f"Not found: {names}. See the ids: campaigns admin dead-letters list",
            )
        )
    if handled.failed:
        sentences.append(
            t(
                f"A fila não aceitou {handled.failed}: rode o comando de novo.",
                f"The queue did not take {handled.failed}: run the command again.",
            )
        )
    return "\n".join(sentences)


def _unreadable(count: int) -> str:
    return t(
        f"Ilegíveis, deixadas onde estão: {count}. Para apagá-las: campaigns admin dead-letters "
        "discard ID",
        f"Unreadable, left where they are: {count}. To delete them: campaigns admin dead-letters "
        "discard ID",
    )


def _behind(count: int) -> str:
    return t(
        f"Cerca de {count} ficaram de fora, atrás destas: devolva ou apague estas antes.",
        f"About {count} were left out, behind these: redrive or discard these first.",
    )


def _hidden(count: int) -> str:
    return t(
        f"Cerca de {count} estão com outro comando, ou com um que foi cortado: tente de novo em "
        "cinco minutos.",
        f"About {count} are held by another command, or by one that was cut off: try again in "
        "five minutes.",
    )


def print_letters(letters: tuple[DeadLetter, ...]) -> None:
    titles = [
        "ID",
        t("Tipo", "Kind"),
        t("Desde", "Since"),
        t("Entregas", "Receives"),
        t("Envio previsto", "Slot"),
        t("Campanha", "Campaign"),
        t("Destinatário ou mensagem", "Recipient or message"),
    ]
    kinds = {
        "campaign": t("campanha", "campaign"),
        "direct": t("mensagem de teste", "test message"),
        None: t("ilegível", "unreadable"),
    }
    rows = [
        [
            shown["id"],
            kinds[shown["kind"]],
            local_time(shown["since"]),
            shown["receives"],
            local_time(shown["slot_at"]),
            shown["campaign_id"],
            shown["recipient_id"] or shown["direct_message_id"],
        ]
        for shown in map(shown_letter, letters)
    ]
    print_table(titles, rows)


def shown_letter(letter: DeadLetter) -> dict[str, Any]:
    """Ids and times; a body that cannot be read is not shown, since anything may stand in it."""
    job = letter.job
    shown: dict[str, Any] = {
        "id": letter.message_id,
        "kind": None if job is None else "direct" if isinstance(job, DirectJob) else "campaign",
        "since": to_iso(letter.since),
        "receives": letter.receives,
        "slot_at": None,
        "tenant_id": None,
        "instance_id": None,
        "campaign_id": None,
        "recipient_id": None,
        "sequence": None,
        "plan_number": None,
        "direct_message_id": None,
    }
    if job is None:
        return shown
    known = {name: getattr(job, name) for name in shown if hasattr(job, name)}
    return shown | known | {"slot_at": to_iso(job.slot_at)}
