"""`campaigns holidays …`: the days on which campaigns may rest."""

from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Annotated

import typer

from campaigns_cli.command_group import Group
from campaigns_cli.errors import UnusableInput
from campaigns_cli.language import t
from campaigns_cli.options import YesOption, be_sure
from campaigns_cli.references import naming
from campaigns_cli.session import Columns, Session, given
from campaigns_cli.typed_time import typed_day
from campaigns_cli.wording import day_shown, word

HOLIDAYS = "/api/campaigns/holidays/"

holidays = Group(t("Feriados nacionais e próprios.", "National holidays and your own."))

DayArgument = Annotated[
    str,
    typer.Argument(
        metavar=t("DIA", "DAY"), help=t("Como 24/12/2026 ou 24/12.", "Such as 2026-12-24 or 24/12.")
    ),
]
ActiveOption = Annotated[
    bool | None,
    typer.Option(
        "--active/--inactive",
        help=t("Inativo: é um dia comum.", "Inactive: it is an ordinary day."),
    ),
]


@holidays.verb(
    "list",
    t("Lista os feriados de um ano.", "Lists a year's holidays."),
    "campaigns holidays list --year 2027",
)
def list_holidays(
    session: Session,
    year: Annotated[
        int | None,
        typer.Option(min=2000, max=2100, help=t("Este ano, sem ela.", "This year without it.")),
    ] = None,
) -> None:
    columns: Columns = {
        t("Dia", "Day"): lambda one: day_shown(one["date"]),
        t("Nome", "Name"): lambda one: one["name"],
        t("Origem", "Source"): lambda one: word(one["source"]),
        t("Ativo", "Active"): lambda one: one["is_active"],
    }
    # A year is always one page.
    session.entries(session.api.get(HOLIDAYS, given(year=year))["results"], columns)


@holidays.verb(
    "add",
    t(
        "Acrescenta um feriado próprio; num dia nacional, fica no lugar dele.",
        "Adds a holiday of your own; on a national one's day it takes its place.",
    ),
    "campaigns holidays add 24/12/2026 'Véspera de Natal'",
    "campaigns holidays add 20/11/2026 'Loja aberta' --inactive",
)
def add(
    session: Session,
    day: DayArgument,
    name: Annotated[str, typer.Argument(metavar="NAME", help=t("O nome.", "The name."))],
    active: ActiveOption = None,
) -> None:
    wanted = _day(day)
    added = session.api.post(HOLIDAYS, given(date=wanted.isoformat(), name=name, is_active=active))
    session.done(added, f"{day_shown(added['date'])}: {added['name']}")


@holidays.verb(
    "update",
    t("Muda um feriado próprio.", "Changes a holiday of your own."),
    "campaigns holidays update 24/12/2026 --name 'Fechados à tarde'",
)
def update(
    session: Session,
    day: DayArgument,
    name: Annotated[str | None, typer.Option(help=t("O nome.", "The name."))] = None,
    active: ActiveOption = None,
) -> None:
    changes = given(name=name, is_active=active)
    if not changes:
        raise UnusableInput(
            t(
                "Diga o que mudar: --name, --active ou --inactive.",
                "Give --name, --active or --inactive.",
            )
        )
    wanted = _day(day)
    with _naming(wanted):
        changed = session.api.patch(f"{HOLIDAYS}{wanted.isoformat()}/", changes)
    session.done(changed, f"{day_shown(changed['date'])}: {changed['name']}")


@holidays.verb(
    "delete",
    t(
        "Apaga um feriado próprio; se o dia é de um nacional, ele volta.",
        "Deletes a holiday of your own; a national one of that day shows again.",
    ),
    "campaigns holidays delete 24/12/2026 --yes",
)
def delete(session: Session, day: DayArgument, yes: YesOption = False) -> None:
    wanted = _day(day)
    shown = day_shown(wanted.isoformat())
    be_sure(t(f"Apagar o feriado de {shown}?", f"Delete the holiday of {shown}?"), yes=yes)
    with _naming(wanted):
        session.api.delete(f"{HOLIDAYS}{wanted.isoformat()}/")
    session.done(
        {"date": wanted.isoformat(), "deleted": True}, t(f"{shown}: apagado", f"{shown}: deleted")
    )


def _day(typed: str) -> date:
    return typed_day(typed, datetime.now().astimezone().date())


def _naming(day: date) -> AbstractContextManager[None]:
    shown = day_shown(day.isoformat())
    national = t("Para trabalhar num feriado nacional:", "To work on a national holiday:")
    return naming(
        t("um feriado próprio em", "a holiday of your own on"),
        shown,
        "campaigns holidays list",
        f"{national} campaigns holidays add {shown} {t('NOME', 'NAME')} --inactive",
    )
