"""Refused rows go to a file beside the list, to be corrected and imported again."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from campaigns_cli.contact_columns import REFUSED_LINE_HEADER, REFUSED_REASON_HEADER, variable_key
from campaigns_cli.contact_file import ContactFile, Row

_CALCULATED = ("=", "+", "-", "@")


@dataclass(frozen=True, slots=True)
class Refused:
    """One row that did not become a contact, and why."""

    row: Row
    reason: str


def refused_path(source: Path) -> Path:
    """`contatos.csv` has its refused rows in `contatos.csv.rejected.csv`."""
    return source.with_name(f"{source.name}.rejected.csv")


def write_refused_file(source: ContactFile, refused: Iterable[Refused]) -> Path | None:
    """The same columns, the line and the reason; without refused rows an older file goes away.

    No cell begins with what a spreadsheet would calculate. A phone with its plus is such a cell:
    as a formula it loses the plus and, with a hyphen, its value. The importer takes the
    apostrophe off again.
    """
    path = refused_path(source.path)
    rows = list(refused)
    if not rows:
        path.unlink(missing_ok=True)
        return None
    ours = {variable_key(REFUSED_LINE_HEADER), variable_key(REFUSED_REASON_HEADER)}
    kept = [index for index, title in enumerate(source.header) if variable_key(title) not in ours]
    longest = max(len(source.header), *(len(entry.row.cells) for entry in rows))
    kept += range(len(source.header), longest)
    titles = [*source.header, *[""] * (longest - len(source.header))]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=source.separator)
        writer.writerow(
            [*(shielded(titles[i]) for i in kept), REFUSED_LINE_HEADER, REFUSED_REASON_HEADER]
        )
        for entry in rows:
            cells = [*entry.row.cells, *[""] * (longest - len(entry.row.cells))]
            writer.writerow(
                [*(shielded(cells[i]) for i in kept), entry.row.line, shielded(entry.reason)]
            )
    return path


def shielded(cell: str) -> str:
    """A cell that a spreadsheet shows as it is: an apostrophe before `=`, `+`, `-`, `@`."""
    return f"'{cell}" if cell.lstrip().startswith(_CALCULATED) else cell
