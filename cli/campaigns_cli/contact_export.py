"""`campaigns contacts export`: a list that `contacts import` reads back."""

import csv
import io
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, TextIO

import typer

from campaigns_cli.api import Json
from campaigns_cli.command_group import Group
from campaigns_cli.contact_filter import (
    ActivityOption,
    GroupFilter,
    OptedOutFilter,
    SearchFilter,
    TagFilter,
    contact_filter,
)
from campaigns_cli.errors import CliError
from campaigns_cli.file_errors import why
from campaigns_cli.language import counted, language, t
from campaigns_cli.options import messages
from campaigns_cli.progress import progress
from campaigns_cli.references import CONTACT
from campaigns_cli.refused_file import shielded
from campaigns_cli.session import Session
from campaigns_cli.wording import phone_shown

_SHOWN_EVERY = 200

exporting = Group()


@exporting.verb(
    "export",
    t(
        "Grava os contatos num CSV que o Excel abre e que `contacts import` lê de volta.",
        "Writes the contacts to a CSV that Excel opens and `contacts import` reads back.",
    ),
    "campaigns contacts export contatos.csv",
    "campaigns contacts export vip.csv --tag vip",
)
def export(
    session: Session,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help=t("O arquivo; - é a saída padrão.", "The file; - is stdout.")
        ),
    ],
    search: SearchFilter = None,
    tag: TagFilter = None,
    group: GroupFilter = None,
    opted_out: OptedOutFilter = None,
    state: ActivityOption = None,
) -> None:
    wanted = contact_filter(session.api, search, tag, group, opted_out, state)
    contacts = []
    with progress(messages(), t("Lendo", "Reading"), None, _line) as show:
        for contact in session.api.each(CONTACT.path, wanted):
            contacts.append(contact)
            if len(contacts) % _SHOWN_EVERY == 0:
                show(len(contacts))
        show(len(contacts))
    if str(file) == "-":
        if isinstance(sys.stdout, io.TextIOWrapper):
            # As in a file: nothing of it is lost to what a terminal does not know.
            sys.stdout.reconfigure(encoding="utf-8", newline="")
        write_contacts(sys.stdout, contacts)
        return
    try:
        with file.open("w", encoding="utf-8-sig", newline="") as target:
            write_contacts(target, contacts)
    except OSError as error:
        raise CliError(
            t(
                f"Não consegui gravar {file} ({why(error)}).",
                f"{file} could not be written ({why(error)}).",
            )
        ) from error
    count = _line(len(contacts))
    session.done(
        {"file": str(file), "contacts": len(contacts)},
        t(f"{count} em {file}", f"{count} in {file}"),
    )


def _line(count: int) -> str:
    return counted(count, "contato contatos", "contact contacts")


def write_contacts(target: TextIO, contacts: Sequence[Json]) -> None:
    """A line a contact, a column a variable; no cell begins with what a spreadsheet calculates."""
    names = sorted({name for one in contacts for name in one.get("custom_vars") or {}})
    writer = csv.writer(target, delimiter="," if language() == "en" else ";")
    writer.writerow([*_TITLES, *names])
    for one in contacts:
        variables = one.get("custom_vars") or {}
        cells: Iterable[object] = [
            one["name"],
            phone_shown(one["phone"]),
            one.get("email"),
            one.get("quem_indicou"),
            ", ".join(one.get("tags") or []),
            one.get("notes"),
            *(variables.get(name) for name in names),
        ]
        writer.writerow([shielded(str(cell or "")) for cell in cells])


# As the importer knows them, in either language.
_TITLES = ("Nome", "Telefone", "Email", "Quem indicou", "Tags", "Observações")
