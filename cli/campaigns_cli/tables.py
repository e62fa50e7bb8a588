"""Tables and records as a terminal shows them."""

import sys
from collections.abc import Mapping, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from campaigns_cli.language import language, number, t

# What is piped on is cut by nobody: a line stays a line.
_WIDTH_OF_A_PIPE = 1_000


def output() -> Console:
    """Where results go: as wide as the terminal, and where there is none as wide as they are."""
    return Console(width=None if sys.stdout.isatty() else _WIDTH_OF_A_PIPE)


def print_table(titles: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A line per row; numbers stand to the right, and what does not fit is folded."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for index, title in enumerate(titles):
        numeric = all(_is_number(row[index]) for row in rows)
        table.add_column(
            title,
            justify="right" if numeric else "left",
            overflow="fold",
            # An id is there to be copied.
            no_wrap=title == "ID",
            header_style="bold",
        )
    for row in rows:
        table.add_row(*(Text(shown(cell)) for cell in row))
    output().print(table)


def print_details(rows: Mapping[str, object]) -> None:
    """A line per value that there is, its title before it."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for title, value in rows.items():
        if value is not None and value != "":
            table.add_row(Text(title), Text(shown(value)))
    output().print(table)


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
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))
