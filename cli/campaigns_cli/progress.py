"""Long work shows how far it is and how long it takes still."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from campaigns_cli.options import say


@contextmanager
def progress(
    console: Console, title: str, total: int | None, line: Callable[[int], str]
) -> Iterator[Callable[[int], None]]:
    """A bar with the time left on a terminal; elsewhere a line each time. Takes what is done.

    Without a `total` the bar only moves.
    """
    if not console.is_terminal:
        yield lambda done: say(line(done), console)
        return
    how_far: tuple[ProgressColumn, ...] = (MofNCompleteColumn(), TimeRemainingColumn())
    if total is None:
        how_far = (TextColumn("{task.completed}"),)
    with Progress(TextColumn(title, markup=False), BarColumn(), *how_far, console=console) as bar:
        task = bar.add_task("", total=total)
        yield lambda done: bar.update(task, completed=done)
