"""`campaigns opt-outs list`, `resolve`: who wants out, where WhatsApp did not say who it is."""

from typing import Annotated
from urllib.parse import quote

import typer

from campaigns_cli.command_group import Group
from campaigns_cli.errors import UnusableInput
from campaigns_cli.language import t
from campaigns_cli.options import DEFAULT_LIMIT, AllOption, LimitOption
from campaigns_cli.references import CONTACT, find, naming
from campaigns_cli.session import Columns, Session
from campaigns_cli.wording import local_time

OPT_OUTS = "/api/opt-outs/review/"

opt_outs = Group(
    t(
        "Pedidos para sair de quem o WhatsApp não disse quem é.",
        "Opt-outs of people of whom WhatsApp did not say who they are.",
    )
)


@opt_outs.verb(
    "list",
    t("Lista os pedidos que esperam por você.", "Lists the opt-outs that wait for you."),
    "campaigns opt-outs list",
)
def list_opt_outs(
    session: Session, limit: LimitOption = DEFAULT_LIMIT, everything: AllOption = False
) -> None:
    columns: Columns = {
        t("Quando", "When"): lambda one: local_time(one["received_at"]),
        t("Nome no WhatsApp", "Name on WhatsApp"): lambda one: one["push_name"],
        t("Escreveu", "Wrote"): lambda one: one["text"],
        t("Para", "To"): lambda one: one["instance"]["name"],
        "Id": lambda one: one["id"],
    }
    session.list(OPT_OUTS, columns, limit=limit, everything=everything)


@opt_outs.verb(
    "resolve",
    t(
        "Diz de que contato é um pedido, que então não recebe mais nada; ou o descarta.",
        "Says whose an opt-out is, who then gets no more messages; or dismisses it.",
    ),
    "campaigns opt-outs resolve or_6m2v5k3hq7wznp4jx6tbdyr2cea7kq4m2x --contact 'Maria Souza'",
    "campaigns opt-outs resolve or_6m2v5k3hq7wznp4jx6tbdyr2cea7kq4m2x --dismiss",
)
def resolve(
    session: Session,
    opt_out: Annotated[
        str,
        typer.Argument(
            metavar="ID", help=t("Como `opt-outs list` mostra.", "As `opt-outs list` shows it.")
        ),
    ],
    contact: Annotated[
        str | None,
        typer.Option(help=t("De quem é: id, telefone ou nome.", "Whose it is: id, phone or name.")),
    ] = None,
    dismiss: Annotated[
        bool,
        typer.Option("--dismiss", help=t("Não tira ninguém.", "Opts nobody out.")),
    ] = False,
) -> None:
    if dismiss is (contact is not None):
        raise UnusableInput(
            t("Diga de quem é com --contact, ou --dismiss.", "Give --contact or --dismiss.")
        )
    found = None if contact is None else find(session.api, CONTACT, contact)
    body = {"dismiss": True} if found is None else {"contact_id": found["id"]}
    with naming(t("um pedido", "an opt-out"), opt_out, "campaigns opt-outs list"):
        resolved = session.api.post(f"{OPT_OUTS}{quote(opt_out, safe='')}/resolve/", body)
    name = found["name"] if found else ""
    said = {
        "opted_out": t(f"{name} não recebe mais nada.", f"{name} gets no more messages."),
        "superseded": t(
            f"{name} voltou depois desse pedido e continua recebendo.",
            f"{name} has come back since and goes on getting messages.",
        ),
        "dismissed": t("Descartado.", "Dismissed."),
    }
    outcome = str(resolved["outcome"])
    session.done(resolved, said.get(outcome, outcome))
