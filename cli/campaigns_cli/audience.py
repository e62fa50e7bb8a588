"""Whom a campaign is for: contacts, groups and tags, as options and as the API takes them."""

from collections.abc import Sequence
from typing import Annotated

import typer

from campaigns_cli.api import Api, Json
from campaigns_cli.language import t
from campaigns_cli.references import CONTACT, GROUP, find
from campaigns_cli.session import given

_PANEL = t("Para quem", "For whom")

SourceContactsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--contact",
        rich_help_panel=_PANEL,
        help=t(
            "Um contato: id, telefone ou nome; repita para mais.",
            "A contact: id, phone or name; repeat it for more.",
        ),
    ),
]
SourceGroupsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--group",
        rich_help_panel=_PANEL,
        help=t("Um grupo, por nome ou id; repita.", "A group, by name or id; repeat it."),
    ),
]
SourceTagsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--tag",
        rich_help_panel=_PANEL,
        help=t(
            "Uma tag; repita, vale quem tem qualquer uma.",
            "A tag; repeat it, any of them counts.",
        ),
    ),
]


def sources_of(
    api: Api,
    contacts: Sequence[str] | None,
    groups: Sequence[str] | None,
    tags: Sequence[str] | None,
) -> Json:
    """The sources of recipients, with names made ids; empty where none was given."""
    return given(
        contact_ids=[str(find(api, CONTACT, one)["id"]) for one in contacts or []],
        group_ids=[str(find(api, GROUP, one)["id"]) for one in groups or []],
        tags=list(tags or []),
    )
