"""One call of a command: the API that it talks to, and the form of its answer."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from campaigns_cli.api import Api, Json
from campaigns_cli.language import number, t
from campaigns_cli.options import messages, print_json, say
from campaigns_cli.tables import print_details, print_table

type Columns = Mapping[str, Callable[[Json], object]]


@dataclass(frozen=True, slots=True)
class Session:
    """`--json` gives the API's own words, one value on stdout; else a person reads it."""

    api: Api
    as_json: bool = False

    def list(
        self,
        path: str,
        columns: Columns,
        *,
        params: Mapping[str, str | int] | None = None,
        limit: int,
        everything: bool,
    ) -> None:
        """The first `limit` entries of a list or all; stderr tells of more."""
        results, more = self.api.listed(path, params, at_most=None if everything else limit)
        self.entries(results, columns)
        if more:
            count = number(len(results))
            first = t(f"Só os primeiros {count}", f"Only the first {count}")
            if len(results) == 1:
                first = t("Só o primeiro", "Only the first")
            self.notice(
                first
                + t(
                    "; há mais com --all ou um --limit maior.",
                    "; there are more with --all or a larger --limit.",
                )
            )

    def entries(self, results: Sequence[Json], columns: Columns) -> None:
        """Entries that are all there."""
        if self.as_json:
            print_json(results)
        elif results:
            print_table(
                list(columns), [[cell(one) for cell in columns.values()] for one in results]
            )
        else:
            say(t("Não há nada para mostrar.", "There is nothing to show."))

    def details(self, thing: Json, rows: Mapping[str, object]) -> None:
        """One thing, with a title for each row; rows without a value are left out."""
        if self.as_json:
            print_json(thing)
        else:
            print_details(rows)

    def done(self, value: Any, *lines: str) -> None:
        """What a command came to."""
        if self.as_json:
            print_json(value)
        else:
            say("\n".join(lines))

    def notice(self, text: str) -> None:
        """For a person, whatever the form of the answer."""
        say(text, messages())


def given(**fields: object) -> Json:
    """The fields that the user gave a value for; lists count when they hold something."""
    return {name: value for name, value in fields.items() if value is not None and value != []}


def joined(values: Iterable[object]) -> str:
    """Several values in one cell."""
    return ", ".join(str(value) for value in values)
