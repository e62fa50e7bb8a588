"""`campaigns admin after-restore`: what has to be done once a table came back from a backup."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from campaigns.domain.instants import to_iso, to_ms
from campaigns.domain.restoring import Gap
from campaigns_cli.command_group import with_examples
from campaigns_cli.deployment import WHERE_BY_TABLE, deployment
from campaigns_cli.errors import CliError, UnusableInput
from campaigns_cli.language import t
from campaigns_cli.options import JsonOption, YesOption, be_sure, messages, print_json, say
from campaigns_cli.progress import progress
from campaigns_cli.tables import print_table
from campaigns_cli.typed_time import typed_moment
from campaigns_cli.wording import word

if TYPE_CHECKING:
    from campaigns.domain.model import Campaign
    from campaigns.services.after_restore import Dealt, Summary

RESTORE_HELP = with_examples(
    t(
        "Depois de voltar uma cópia de segurança da tabela: pausa o que está no ar, devolve a "
        "rascunho o que estava agendado e põe em dúvida quem pode ter recebido desde a cópia, para "
        "que ninguém receba duas vezes. Pode ser repetido.\n\n"
        "Antes, desligue o agendador e o despachante: na AWS, `aws events disable-rule` com a "
        "regra do agendador e `aws lambda update-event-source-mapping --no-enabled` com o mapping "
        "da fila de envios. Todos os passos, com os comandos: docs/deploy.md.",
        "After a backup of the table was restored: pauses what is live, puts what was scheduled "
        "back to draft, and holds in doubt whoever may have been sent to since the backup, so that "
        "nobody gets it twice. May be repeated.\n\n"
        "Before, switch off the schedule and the dispatcher: on AWS with `aws events disable-rule` "
        "for the scheduler's rule, and `aws lambda update-event-source-mapping --no-enabled` for "
        "that of the queue of jobs. All steps, with their commands: docs/deploy.md.",
    )
    + f"\n\n{WHERE_BY_TABLE}",
    "campaigns admin after-restore --restored-to 2026-11-24T13:00Z --dry-run",
    "campaigns admin after-restore --restored-to 2026-11-24T13:00Z --stopped-at 2026-11-24T13:20Z",
)


def after_restore(
    restored_to: Annotated[
        str,
        typer.Option(
            "--restored-to",
            metavar="TIME",
            help=t(
                "O instante da cópia, como dado à AWS (UTC sem fuso).",
                "The moment of the backup, as it was given to AWS (UTC without an offset).",
            ),
        ),
    ],
    stopped_at: Annotated[
        str | None,
        typer.Option(
            "--stopped-at",
            metavar="TIME",
            help=t(
                "Quando o último envio pode ter saído; sem isto, ficam em dúvida todos os que "
                "faltavam. Só se desde a cópia não mudou o ritmo de um número nem alguém foi "
                "removido de uma campanha.",
                "When the last message may have left; without it all who were left are in doubt. "
                "Only where no number's pace was changed and nobody was removed from a campaign "
                "since the backup.",
            ),
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help=t("Só mostra o que faria.", "Only shows what it would do.")),
    ] = False,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    gap = _gap(restored_to, stopped_at, datetime.now(UTC))
    if not dry_run:
        be_sure(
            t(
                "O agendador e o despachante estão desligados, e TABLE_NAME é a tabela restaurada?",
                "Are the schedule and the dispatcher switched off, and is TABLE_NAME the restored "
                "table?",
            ),
            yes=yes,
        )
    with deployment() as app, _repeatable(is_dry=dry_run):
        title = t("Destinatários vistos", "Recipients looked at")
        with progress(messages(), title, None, lambda done: f"{title}: {done}") as tell:
            summary = app.after_restore(gap, tell=tell, is_dry=dry_run)
    if as_json:
        print_json(_shown(summary, gap, is_dry=dry_run))
    else:
        _print(summary, is_dry=dry_run)


@contextmanager
def _repeatable(*, is_dry: bool) -> Iterator[None]:
    """Whoever cuts it short is told that nothing may be switched on before it was run again."""
    try:
        yield
    except KeyboardInterrupt:
        cut = t("Interrompido.", "Interrupted.")
        again = t(
            "Rode o mesmo comando de novo, até o fim, antes de ligar o agendador e o despachante.",
            "Run the same command again, to its end, before you switch the schedule and the "
            "dispatcher on.",
        )
        raise CliError(cut if is_dry else f"{cut} {again}", exit_code=130) from None


def _gap(restored_to: str, stopped_at: str | None, now: datetime) -> Gap:
    """Both in the past and in their order."""
    begins = _instant(restored_to, now)
    ends = None if stopped_at is None else _instant(stopped_at, now)
    if begins > to_ms(now) or (ends is not None and not begins <= ends <= to_ms(now)):
        raise UnusableInput(
            t(
                "Os instantes precisam estar no passado, e --stopped-at depois de --restored-to.",
                "Both moments must lie in the past, and --stopped-at after --restored-to.",
            )
        )
    return Gap(begins, ends)


def _instant(text: str, now: datetime) -> int:
    return to_ms(typed_moment(text, ZoneInfo("UTC"), now) or now)


def _print(summary: "Summary", *, is_dry: bool) -> None:
    if is_dry:
        say(t("Nada foi mudado; isto seria feito:", "Nothing was changed; this would be done:"))
    if summary.dealt:
        titles = [
            t("Campanha", "Campaign"),
            "ID",
            t("Empresa", "Tenant"),
            t("Estava", "It was"),
            t("Postas em dúvida", "Put in doubt"),
        ]
        print_table(titles, [_row(each) for each in summary.dealt])
    else:
        say(t("Nenhuma campanha no ar ou agendada.", "No campaign is live or scheduled."))
    say(_warnings(summary))
    if summary.drafts:
        print_table(
            [t("Rascunho", "Draft"), "ID", t("Empresa", "Tenant")],
            [[each.name, each.campaign_id, each.tenant_id] for each in summary.drafts],
        )


def _row(dealt: "Dealt") -> list[str]:
    campaign = dealt.campaign
    doubtful = t("já tratada", "done before") if dealt.was_done else str(dealt.doubtful)
    return [
        campaign.name,
        campaign.campaign_id,
        campaign.tenant_id,
        word(dealt.was.value),
        doubtful,
    ]


def _warnings(summary: "Summary") -> str:
    """What no command can bring back, and what comes next."""
    lines = [
        t(
            f"{summary.instances} números esperam um minuto e meio antes do próximo envio.",
            f"{summary.instances} numbers wait for a minute and a half before their next message.",
        ),
        t(
            "Perdeu-se o que aconteceu desde a cópia: descadastros, contatos, chaves, números e "
            "campanhas novos ou mudados, e a contagem do limite diário.",
            "What happened since the backup is lost: opt-outs, contacts, keys, numbers and "
            "campaigns that were new or changed, and the count of the daily limit.",
        ),
        t(
            "Antes de retomar: refaça os descadastros (veja as conversas no celular); não reenvie "
            "falhas nem não confirmadas, nem inclua de novo quem foi incluído, em campanhas em que "
            "isso já foi feito desde a cópia.",
            "Before resuming: repeat the opt-outs (see the conversations on the phone); do not "
            "retry failed or unconfirmed ones, nor add again whom you added, where that was done "
            "since the backup.",
        ),
        t(
            "Ligue o agendador e o despachante de novo: cada envio em dúvida é procurado no "
            "servidor. Num Evolution anterior ao 2.4, o que saiu depois da cópia não é achado, e "
            "fica sem confirmação: olhe as conversas e use `campaigns recipients resolve`. Retome "
            "as campanhas depois.",
            "Switch the schedule and the dispatcher on again: each message in doubt is looked for "
            "on the server. On an Evolution before 2.4 what left after the backup is not found, "
            "and ends unconfirmed: look at the chats and use `campaigns recipients resolve`. "
            "Resume the campaigns after that.",
        ),
    ]
    if summary.drafts:
        lines.append(
            t(
                "Estes rascunhos podem ter sido iniciados desde a cópia; confira no celular antes "
                "de iniciá-los:",
                "These drafts may have been started since the backup; look at the phone before "
                "you start them:",
            )
        )
    return "\n".join(lines)


def _shown(summary: "Summary", gap: Gap, *, is_dry: bool) -> dict[str, Any]:
    return {
        "restored_to": to_iso(gap.restored_to),
        "stopped_at": gap.stopped_at and to_iso(gap.stopped_at),
        "dry_run": is_dry,
        "campaigns": [
            _named(each.campaign)
            | {"was": each.was.value, "in_doubt": each.doubtful, "done_before": each.was_done}
            for each in summary.dealt
        ],
        "drafts": [_named(each) for each in summary.drafts],
        "instances": summary.instances,
    }


def _named(campaign: "Campaign") -> dict[str, Any]:
    return {
        "id": campaign.campaign_id,
        "name": campaign.name,
        "tenant_id": campaign.tenant_id,
    }
