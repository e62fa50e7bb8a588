"""The functions' rights as `docs/permissions.md` shows them. Run as a module, it writes them."""

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Final

from tests.permissions.judge import VARIANTS, Roles, deployed, short
from tests.permissions.operators import PAGE
from tests.permissions.roles import FUNCTIONS

BEGIN: Final = "<!-- from template.yaml: .venv/bin/python -m tests.permissions.page -->"
END: Final = "<!-- end -->"
_HEAD: Final = ("| statement | actions | on | called by |", "|---|---|---|---|")


def tables(variants: Collection[Roles] | None = None) -> str:
    """A table for each function, with the rights that it has in any variant.

    A restored table stands where the stack's own does: it is not shown twice.
    """
    chosen = deployed() if variants is None else variants
    shown = [
        roles
        for roles, parameters in zip(chosen, VARIANTS, strict=True)
        if "RestoredTableName" not in parameters
    ]
    lines = [line for function in FUNCTIONS for line in _table(function, shown)]
    return "\n".join(lines).strip() + "\n"


def written(page: str) -> str:
    """What the page has between its marks."""
    return page.partition(BEGIN)[2].partition(END)[0].strip() + "\n"


def _table(function: str, variants: Iterable[Roles]) -> list[str]:
    rows: dict[tuple[str, str, str], dict[str, None]] = {}
    for roles in variants:
        for right in roles[function].rights:
            own = [each.by for each in roles[function].own_calls if right.covers(*each.place)]
            row = (right.sid, short(right.resource), own[0] if own else "the function")
            rows.setdefault(row, {})[f"`{right.action}`"] = None
    body = [
        f"| {sid} | {', '.join(actions)} | `{resource}` | {by} |"
        for (sid, resource, by), actions in rows.items()
    ]
    return [f"### {function}", "", *_HEAD, *body, ""]


def write(page: Path = PAGE) -> None:
    """Puts the present tables between the page's marks."""
    before, _, rest = page.read_text("utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    page.write_text(f"{before}{BEGIN}\n\n{tables()}\n{END}{after}", "utf-8")


if __name__ == "__main__":
    write()
