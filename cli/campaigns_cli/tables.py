"""Tables and records as a terminal shows them."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from campaigns_cli.language import language, number, t
from campaigns_cli.options import messages, say

# What is piped on is cut by nobody: a line stays a line.
_WIDTH_OF_A_PIPE = 1_000
# One column of so many may be left out before the rows become records.
_LEFT_OUT_AT_MOST = 3
# A blank after a cell, and the one that stands for the line between two.
_BETWEEN_COLUMNS = 2


def output() -> Console:
    """Where results go: as wide as the terminal, and where there is none as wide as they are."""
    return Console(width=None if sys.stdout.isatty() else _WIDTH_OF_A_PIPE)


def print_table(titles: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A line per row. What the terminal has no room for: the last columns, or a record per row.

    Sentences are folded between words; a word that would have to be broken is what has no room.
    """
    console = output()
    for left_out in range(len(titles) // _LEFT_OUT_AT_MOST + 1):
        kept = len(titles) - left_out
        columns = [_Column(titles[i], [row[i] for row in rows]) for i in range(kept)]
        if widths := _widths(columns, console.width):
            _print(console, _table(columns, widths))
            if left_out:
                _tell_of(titles[kept:])
            return
    for place, row in enumerate(rows):
        if place:
            console.print()
        _print(console, _record(dict(zip(titles, row, strict=True))))


def print_details(rows: Mapping[str, object]) -> None:
    """A line per value that there is, its title before it."""
    _print(output(), _record(rows))


@dataclass(frozen=True, slots=True)
class _Column:
    title: str
    cells: Sequence[object]

    def narrowest(self) -> int:
        """Room for the longest word."""
        texts = (self.title, *map(shown, self.cells))
        return max(cell_len(word) for text in texts for word in text.split() or [""])

    def widest(self) -> int:
        """Room for every line as it is."""
        texts = (self.title, *map(shown, self.cells))
        return max(cell_len(line) for text in texts for line in text.splitlines() or [""])


def _widths(columns: Sequence[_Column], window: int) -> list[int] | None:
    """How wide each column is; None where a word would be broken.

    Those that need the least to stay unfolded get it first.
    """
    widths = [column.narrowest() for column in columns]
    spare = window - sum(widths) - _BETWEEN_COLUMNS * len(columns)
    if spare < 0:
        return None
    needs = [column.widest() - width for column, width in zip(columns, widths, strict=True)]
    for place in sorted(range(len(columns)), key=needs.__getitem__):
        given = min(spare, needs[place])
        widths[place] += given
        spare -= given
    return widths


def _table(columns: Sequence[_Column], widths: Sequence[int]) -> Table:
    """Numbers stand to the right."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for column, width in zip(columns, widths, strict=True):
        numbers = [cell for cell in column.cells if cell is not None]
        numeric = bool(numbers) and all(_is_number(number) for number in numbers)
        table.add_column(
            column.title,
            justify="right" if numeric else "left",
            width=width,
            header_style="bold",
        )
    for row in zip(*(column.cells for column in columns), strict=True):
        table.add_row(*(Text(shown(cell)) for cell in row))
    return table


def _tell_of(titles: Sequence[str]) -> None:
    names = ", ".join(titles)
    say(
        t(
            f"Não coube na janela: {names}. Para ver tudo, alargue-a ou use --json.",
            f"No room in the window for: {names}. To see all, widen it or use --json.",
        ),
        messages(),
    )


def _record(rows: Mapping[str, object]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for title, value in rows.items():
        if value is not None and value != "":
            table.add_row(Text(title), Text(shown(value)))
    return table


def _print(console: Console, table: Table) -> None:
    """On a terminal as it is; whoever reads a pipe gets no blanks at the end of a line."""
    if console.is_terminal:
        console.print(table)
        return
    with console.capture() as captured:
        console.print(table)
    for line in captured.get().splitlines():
        console.out(line.rstrip(), highlight=False)


def shown(value: object) -> str:
    """A value in words: nothing is a hyphen, truth is yes or no, numbers have separators."""
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return t("sim", "yes") if value else t("não", "no")
    if isinstance(value, float):
        return f"{value:g}" if language() == "en" else f"{value:g}".replace(".", ",")
    return number(value) if isinstance(value, int) else str(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
