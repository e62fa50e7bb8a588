"""`campaigns contacts import`"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from campaigns_cli.api import Api
from campaigns_cli.command_group import Group
from campaigns_cli.contact_file import ContactFile, read_contact_file
from campaigns_cli.errors import CliError, ServerUnreachable
from campaigns_cli.file_errors import why
from campaigns_cli.import_contacts import ImportReport, OnDuplicate, import_contacts
from campaigns_cli.language import counted, number, t
from campaigns_cli.options import messages, say
from campaigns_cli.progress import progress
from campaigns_cli.refused_file import refused_path, write_refused_file
from campaigns_cli.session import Session

importing = Group()


@importing.verb(
    "import",
    t(
        "Importa uma lista em CSV (vírgula, ponto e vírgula ou tabulação; UTF-8 ou Windows-1252)."
        "\n\nColunas conhecidas: Nome, Telefone, Celular, WhatsApp, Quem indicou, Tags, Email, "
        "Observações. As outras viram variáveis da mensagem: Cidade é {{cidade}}."
        "\n\nLinhas recusadas vão para ARQUIVO.rejected.csv com o motivo.",
        "Imports a list in CSV (comma, semicolon or tab; UTF-8 or Windows-1252)."
        "\n\nKnown columns: Nome, Telefone, Celular, WhatsApp, Quem indicou, Tags, Email, "
        "Observações. Others become variables of the message: Cidade is {{cidade}}."
        "\n\nRefused rows go to FILE.rejected.csv with the reason.",
    ),
    "campaigns contacts import contatos.csv",
    "campaigns contacts import clientes.csv --on-duplicate skip --json",
)
def import_command(
    session: Session,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help=t("A lista em CSV.", "The list in CSV."))
    ],
    on_duplicate: Annotated[
        OnDuplicate,
        typer.Option(
            help=t(
                "O que fazer com quem já está na lista.", "What to do with who is known already."
            )
        ),
    ] = OnDuplicate.UPDATE,
) -> None:
    source = read_contact_file(file)
    report = run_import(session.api, source, on_duplicate)
    rejected = keep_refused(source, report)
    path = None if rejected is None else str(rejected)
    session.done({**report.to_json(), "rejected_file": path}, summary(report, rejected))


def run_import(api: Api, source: ContactFile, on_duplicate: OnDuplicate) -> ImportReport:
    """Imports with a progress bar. Cut short, it says how far it came and how to go on."""
    console = messages()
    for header, key in source.renamed.items():
        say(_renamed(header, key), console)
    report = ImportReport(len(source.rows))
    try:
        with _progress(console, report.rows) as show:
            for report in import_contacts(api, source, on_duplicate):
                show(report.rows_done)
    except KeyboardInterrupt:
        cut = t("Interrompido.", "Interrupted.")
        raise CliError(f"{cut} {how_far(report)}", exit_code=130) from None
    except ServerUnreachable as error:
        raise CliError(f"{error.message}\n{how_far(report)}") from error
    except CliError as error:
        if not report.rows_done:
            raise
        raise CliError(f"{error.message}\n{how_far(report)}") from error
    return report


def how_far(report: ImportReport) -> str:
    """What was done of a cut import, and why it may simply be repeated."""
    done, rows = number(report.rows_done), number(report.rows)
    return t(
        f"{done} de {rows} linhas foram processadas. Rode o mesmo comando de novo para continuar: "
        "ninguém entra duas vezes.",
        f"{done} of {rows} rows were processed. Run the same command again to continue: nobody is "
        "added twice.",
    )


def keep_refused(source: ContactFile, report: ImportReport) -> Path | None:
    """Writes the refused rows beside the list; the import itself stands whatever happens here."""
    try:
        return write_refused_file(source, sorted(report.refused, key=lambda one: one.row.line))
    except OSError as error:
        for one in report.refused:
            say(t(f"Linha {one.row.line}: {one.reason}", f"Line {one.row.line}: {one.reason}"))
        path = refused_path(source.path)
        raise CliError(
            t(
                f"Os contatos foram importados, mas não consegui gravar {path} ({why(error)}).",
                f"The contacts were imported, but {path} could not be written ({why(error)}).",
            )
        ) from error


def summary(report: ImportReport, rejected: Path | None) -> str:
    """The counts of an import that came to its end."""
    results = {name: number(count) for name, count in report.results.items()}
    rows, contacts_count = number(report.rows), number(len(report.contact_ids))
    lines = [
        t(f"Linhas no arquivo: {rows}", f"Rows in the file: {rows}"),
        t(
            f"Contatos: {contacts_count} (linhas novas: {results['created']}, atualizadas: "
            f"{results['updated']}, mantidas: {results['skipped']})",
            f"Contacts: {contacts_count} (rows new: {results['created']}, updated: "
            f"{results['updated']}, kept: {results['skipped']})",
        ),
    ]
    refused = number(len(report.refused))
    if rejected is None:
        lines.append(t(f"Linhas recusadas: {refused}", f"Refused rows: {refused}"))
    else:
        lines.append(
            t(
                f"Linhas recusadas: {refused}, com os motivos em {rejected}",
                f"Refused rows: {refused}, with the reasons in {rejected}",
            )
        )
    return "\n".join(lines)


def _renamed(header: str, key: str) -> str:
    variable = f"{{{{{key}}}}}"
    return t(
        f"A coluna “{header}” virou {variable}, porque o nome dela já tem outro significado.",
        f"The column “{header}” became {variable}, because its own name means something else.",
    )


def _progress(console: Console, rows: int) -> AbstractContextManager[Callable[[int], None]]:
    def line(done: int) -> str:
        all_rows = counted(rows, "linha linhas", "row rows")
        return t(f"{number(done)} de {all_rows}", f"{number(done)} of {all_rows}")

    return progress(console, t("Importando", "Importing"), rows, line)
