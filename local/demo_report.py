"""What the demo came to: its tables, its verdict, and the line for programs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from campaigns_cli.api import Json
from campaigns_cli.import_contacts import ImportReport
from campaigns_cli.language import t
from local.demo_measure import Measured

FIRST_SEND_WITHIN_SECONDS = 10.0
# One number is not on WhatsApp. What the killed dispatcher had sent is found at the server.
PLANNED_FAILED = 1
PLANNED_UNCONFIRMED = 0


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the demo, measured. `left_while_paused`: requests from 1 s after the pause on."""

    measured: Measured
    first_send_seconds: float | None
    left_while_paused: int | None
    missing: Sequence[str]


def problems(run: Run, delay_min_seconds: float) -> list[str]:
    """Every promise that the run broke and every planned fault that it did not show."""
    measured, first, gap = run.measured, run.first_send_seconds, run.measured.min_gap_seconds
    broken = {
        t("mensagens repetidas", "repeated messages"): measured.duplicates,
        t("destinatários perdidos", "lost recipients"): measured.lost,
        t("telefones alheios alcançados", "phones of others reached"): measured.strangers,
        t("mensagens durante a pausa", "messages during the pause"): run.left_while_paused or 0,
    }
    found = [f"{what}: {count}" for what, count in broken.items() if count]
    planned = {
        t("falhas", "failures"): (measured.failed, PLANNED_FAILED),
        t("sem confirmação", "unconfirmed"): (measured.unconfirmed, PLANNED_UNCONFIRMED),
        t("entregues", "delivered"): (measured.delivered, measured.sent),
    }
    found += [
        t(f"{what}: {count}, e não {wanted}", f"{what}: {count} and not {wanted}")
        for what, (count, wanted) in planned.items()
        if count != wanted
    ]
    if first is None or first > FIRST_SEND_WITHIN_SECONDS:
        found.append(t(f"primeiro envio: {first} s", f"first message: {first} s"))
    if gap is None or gap < delay_min_seconds:
        found.append(t(f"menor intervalo: {gap} s", f"smallest gap: {gap} s"))
    if run.missing:
        what = ", ".join(run.missing)
        found.append(t(f"Não aconteceu: {what}.", f"This did not happen: {what}."))
    return found


def print_tables(report: ImportReport, recipients: Sequence[Json]) -> None:
    """Who was refused and who was not sent to, each with the reason."""
    console = Console()
    refused = Table(t("Linha recusada", "Refused row"), t("Conteúdo", "Content"), _reason_title())
    for one in sorted(report.refused, key=lambda one: one.row.line):
        content = " · ".join(cell for cell in one.row.cells if cell.strip())
        refused.add_row(str(one.row.line), Text(content), Text(one.reason))
    console.print(refused)
    words = _status_words()
    unsettled = Table(t("Contato", "Contact"), t("Estado", "Status"), _reason_title())
    for recipient in recipients:
        if recipient["status"] in words:
            contact = recipient["contact"]
            reason = recipient.get("error_message") or recipient.get("error_code") or "-"
            name = Text(f"{contact['name']} {contact['phone']}")
            unsettled.add_row(name, words[recipient["status"]], Text(str(reason)))
    console.print(unsettled)


def print_result(report: ImportReport, run: Run, setup_seconds: float) -> None:
    """One JSON object on one line."""
    measured = run.measured
    result = {
        "rows": report.rows,
        "contacts": len(report.contact_ids),
        "refused": len(report.refused),
        "sent": measured.sent,
        "delivered": measured.delivered,
        "read": measured.read,
        "failed": measured.failed,
        "unconfirmed": measured.unconfirmed,
        "duplicates": measured.duplicates,
        "lost": measured.lost,
        "first_send_seconds": _rounded(run.first_send_seconds),
        "min_gap_seconds": _rounded(measured.min_gap_seconds),
        "setup_seconds": _rounded(setup_seconds),
    }
    print(json.dumps(result), flush=True)


def _status_words() -> Mapping[str, str]:
    """Of what was not sent, or not surely."""
    return {
        "failed": t("falhou", "failed"),
        "skipped": t("pulado", "skipped"),
        "unconfirmed": t("sem confirmação", "unconfirmed"),
    }


def _reason_title() -> str:
    return t("Motivo", "Reason")


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
