"""Which contacts a list is of: one filter at a time, as the API has it."""

from enum import StrEnum
from typing import Annotated

import typer

from campaigns_cli.api import Api, Json
from campaigns_cli.errors import UnusableInput
from campaigns_cli.language import t
from campaigns_cli.references import GROUP, find
from campaigns_cli.session import given


class Activity(StrEnum):
    """Whether a contact joins campaigns."""

    ACTIVE = "active"
    INACTIVE = "inactive"


SearchFilter = Annotated[
    str | None,
    typer.Option(
        "--search", help=t("Começo do nome ou do telefone.", "Beginning of the name or the phone.")
    ),
]
TagFilter = Annotated[str | None, typer.Option("--tag", help=t("Com esta tag.", "With this tag."))]
GroupFilter = Annotated[
    str | None, typer.Option("--group", help=t("Deste grupo.", "Of this group."))
]
OptedOutFilter = Annotated[
    bool | None,
    typer.Option(
        "--opted-out/--not-opted-out",
        help=t("Só quem pediu para sair, ou só os outros.", "Only who opted out, or the rest."),
    ),
]
ActivityOption = Annotated[
    Activity | None,
    typer.Option("--state", help=t("Só ativos, ou só inativos.", "Only active, or inactive ones.")),
]


def contact_filter(
    api: Api,
    search: str | None,
    tag: str | None,
    group: str | None,
    opted_out: bool | None,
    state: Activity | None,
) -> Json:
    """The query of a list of contacts."""
    wanted = given(
        search=search,
        tag=tag,
        group=group and find(api, GROUP, group)["id"],
        opted_out=None if opted_out is None else str(opted_out).lower(),
        is_active=None if state is None else str(state is Activity.ACTIVE).lower(),
    )
    if len(wanted) > 1:
        raise UnusableInput(
            t("Use um filtro por vez: o servidor aceita um.", "Use one filter at a time.")
        )
    return wanted
