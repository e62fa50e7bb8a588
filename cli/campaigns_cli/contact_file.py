"""A contact list as people export it: which files can be one, and their rows as contacts."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from campaigns_cli.contact_columns import Columns, recognise_columns
from campaigns_cli.errors import UnusableInput
from campaigns_cli.file_errors import why
from campaigns_cli.language import number, t

LARGEST_FILE_BYTES = 20 * 1024 * 1024
MOST_ROWS = 100_000
_SEPARATORS = (",", ";", "\t")
_CONTROL_CHARACTERS = re.compile("[\x00-\x08\x0e-\x1f]")
# A quote that the writer of a refused file put before what a spreadsheet would calculate.
_SHIELDED = re.compile(r"'\s*[=+\-@]")
_SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


@dataclass(frozen=True, slots=True)
class Row:
    """One row: `line` is where it starts in the file (from 1), `cells` as they stand there.

    `contact` is the body of the API; where it is None, `problem` says why it can be none.
    """

    line: int
    cells: tuple[str, ...]
    contact: dict[str, Any] | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ContactFile:
    """A file that can be a contact list. `renamed`: header to the variable it became."""

    path: Path
    separator: str
    header: tuple[str, ...]
    rows: tuple[Row, ...]
    renamed: dict[str, str]


def read_contact_file(path: Path) -> ContactFile:
    """Comma, semicolon or tab; UTF-8 or Windows-1252; quoted cells; a header with a phone column.

    Raises UnusableInput, with one sentence, for a file that cannot be a contact list.
    """
    text = _decode(path, _read_bytes(path))
    separator = _separator(text)
    records = _records(path, text, separator)
    header_record = next(records, None)
    if header_record is None:
        raise _unusable(path, "está vazio", "is empty")
    header = tuple(title.strip() for title in header_record[1])
    body = _limited(path, records)
    columns = recognise_columns(header, [cells for _, cells in body])
    if not columns.phones:
        raise _unusable(
            path,
            "não tem coluna de telefone: a primeira linha precisa dos títulos, por exemplo "
            "Nome;Telefone",
            "has no phone column: the first line must hold the titles, for example Nome;Telefone",
        )
    if not body:
        raise _unusable(
            path, "só tem o cabeçalho, nenhum contato", "holds the header only, no contact"
        )
    rows = tuple(_row(line, cells, header, columns) for line, cells in body)
    return ContactFile(path, separator, header, rows, columns.renamed)


def _read_bytes(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise _unusable(path, "é uma pasta, não um arquivo", "is a folder, not a file")
        if path.stat().st_size > LARGEST_FILE_BYTES:
            raise _unusable(
                path, "passa de 20 MB: divida-o em partes", "is over 20 MB: split it into parts"
            )
        content = path.read_bytes()
    except FileNotFoundError:
        raise _unusable(path, "não existe", "does not exist") from None
    except OSError as error:
        reason = why(error)
        raise _unusable(
            path, f"não pôde ser lido ({reason})", f"could not be read ({reason})"
        ) from None
    if content.startswith(_SPREADSHEETS):
        raise _unusable(
            path,
            "é uma planilha do Excel: abra-a e salve como CSV",
            "is an Excel workbook: open it and save it as CSV",
        )
    return content


def _decode(path: Path, content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = content.decode("cp1252")
        except UnicodeDecodeError:
            text = "\0"
    if _CONTROL_CHARACTERS.search(text):
        raise _unusable(
            path,
            "não é um arquivo de texto em UTF-8 ou Windows-1252: salve a lista como CSV",
            "is not a text file in UTF-8 or Windows-1252: save the list as CSV",
        )
    return text


def _separator(text: str) -> str:
    """The separator that cuts the first line into the most cells."""
    first = next((line for line in io.StringIO(text, newline="") if line.strip()), "")
    return max(_SEPARATORS, key=lambda sign: len(next(csv.reader([first], delimiter=sign), [])))


def _records(path: Path, text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Line number (from 1) and cells of each record that is not blank."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error:
        raise _unusable(
            path,
            f"tem um erro na linha {number(line)}: confira se há aspas sem fechar",
            f"has an error in line {number(line)}: look for a quote that is never closed",
        ) from None


def _limited(path: Path, records: Iterator[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
    body: list[tuple[int, list[str]]] = []
    for record in records:
        if len(body) == MOST_ROWS:
            raise _unusable(
                path,
                f"tem mais de {number(MOST_ROWS)} linhas: divida-o em partes",
                f"has more than {number(MOST_ROWS)} rows: split it into parts",
            )
        body.append(record)
    return body


def _row(line: int, cells: Sequence[str], header: Sequence[str], columns: Columns) -> Row:
    kept = tuple(cells)
    values = [_unshielded(cell.strip()) for cell in cells]
    if any(values[len(header) :]):
        return Row(
            line,
            kept,
            None,
            t(
                "A linha tem mais células que o cabeçalho; confira os separadores e as aspas.",
                "The row has more cells than the header; check the separators and the quotes.",
            ),
        )
    values += [""] * (len(header) - len(values))
    contact = _contact(values, columns)
    if "\n" in contact.get("name", "") or "\n" in contact.get("phone", ""):
        return Row(
            line,
            kept,
            None,
            t(
                "Há uma quebra de linha no nome ou no telefone; confira se há aspas sem fechar.",
                "The name or the phone holds a line break; look for a quote that is never closed.",
            ),
        )
    return Row(line, kept, contact)


def _contact(values: Sequence[str], columns: Columns) -> dict[str, Any]:
    """The body of one contact; an empty cell gives nothing, so that it clears nothing."""
    contact: dict[str, Any] = {
        field: values[index] for field, index in columns.fields.items() if values[index]
    }
    if phone := next((values[index] for index in columns.phones if values[index]), ""):
        contact["phone"] = phone
    if tags := contact.get("tags"):
        contact["tags"] = [tag for part in re.split("[;,|]", tags) if (tag := part.strip())]
    variables = {key: values[index] for key, index in columns.variables.items() if values[index]}
    if variables:
        contact["custom_vars"] = variables
    return contact


def _unshielded(cell: str) -> str:
    """Undoes what `refused_file.shielded` did, so that a corrected file can be imported."""
    return cell[1:].lstrip() if _SHIELDED.match(cell) else cell


def _unusable(path: Path, portuguese: str, english: str) -> UnusableInput:
    return UnusableInput(t(f"O arquivo {path} {portuguese}.", f"The file {path} {english}."))
