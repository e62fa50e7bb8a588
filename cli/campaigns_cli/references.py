"""Things by the names that people use: an id, the beginning of an id, a name, a phone."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Annotated
from urllib.parse import quote

import typer

from campaigns.domain.phone import InvalidPhone, parse_phone
from campaigns_cli.api import Api, Json
from campaigns_cli.completion import (
    complete_campaign,
    complete_contact_group,
    complete_instance,
)
from campaigns_cli.errors import CliError, Problem, UnusableInput
from campaigns_cli.language import t
from campaigns_cli.wording import phone_shown

#: Among how many entries the beginning of an id, or a name that no filter finds, is looked for.
_LOOKED_THROUGH = 2_000
#: How many things an error names.
MOST_NAMED = 10
_FEWEST_SIGNS_OF_AN_ID = 2


@dataclass(frozen=True, slots=True)
class Kind:
    """What is looked for: `said` with its article, and the command that lists them."""

    path: str
    prefix: str
    said: str
    list_command: str
    has_search: bool = False
    readable: bool = True
    by_beginning: bool = True

    def path_of(self, thing: Json | str, call: str = "") -> str:
        """The path of one, or of one of its calls."""
        thing_id = thing if isinstance(thing, str) else str(thing["id"])
        return f"{self.path}{quote(thing_id, safe='')}/{call}"


CAMPAIGN = Kind(
    "/api/campaigns/campaigns/", "cp_", t("a campanha", "the campaign"), "campaigns list",
    has_search=True,
)  # fmt: skip
CONTACT = Kind(
    "/api/contacts/contacts/", "ct_", t("o contato", "the contact"), "campaigns contacts list",
    has_search=True, by_beginning=False,
)  # fmt: skip
GROUP = Kind("/api/contacts/groups/", "gr_", t("o grupo", "the group"), "campaigns groups list")
INSTANCE = Kind(
    "/api/instances/", "in_", t("o WhatsApp", "the WhatsApp number"), "campaigns instances list"
)
# Keys have no call that reads one, and ids without a prefix of their own.
KEY = Kind("/api/keys/", "", t("a chave", "the key"), "campaigns keys list", readable=False)

CampaignArgument = Annotated[
    str,
    typer.Argument(
        metavar=t("CAMPANHA", "CAMPAIGN"),
        autocompletion=complete_campaign,
        help=t("Nome, id ou começo do id.", "Name, id or beginning of the id."),
    ),
]
ContactArgument = Annotated[
    str,
    typer.Argument(
        metavar=t("CONTATO", "CONTACT"), help=t("Id, telefone ou nome.", "Id, phone or name.")
    ),
]
InstanceOption = Annotated[
    str | None,
    typer.Option(
        "--instance",
        autocompletion=complete_instance,
        help=t(
            "Nome ou id do WhatsApp que envia; dispensável se só houver um.",
            "Name or id of the WhatsApp that sends; not needed if there is only one.",
        ),
    ),
]
GroupArgument = Annotated[
    str,
    typer.Argument(
        metavar=t("GRUPO", "GROUP"),
        autocompletion=complete_contact_group,
        help=t("Nome, id ou começo do id.", "Name, id or beginning of the id."),
    ),
]
InstanceArgument = Annotated[
    str,
    typer.Argument(
        metavar="WHATSAPP",
        autocompletion=complete_instance,
        help=t("Nome, id ou começo do id.", "Name, id or beginning of the id."),
    ),
]


def find(api: Api, kind: Kind, wanted: str) -> Json:
    """The one thing that is meant; an error names what comes close."""
    if not wanted.strip():
        raise UnusableInput(
            t(
                f"Diga qual é {kind.said}. Veja o que há: {kind.list_command}",
                f"Say which is {kind.said}. See what there is: {kind.list_command}",
            )
        )
    if kind.readable and wanted.startswith(kind.prefix):
        try:
            return api.get(kind.path_of(wanted))
        except Problem as problem:
            if problem.status != 404:
                raise
        if not kind.by_beginning:
            raise CliError(_not_found(kind, wanted, [], []))
    return one_of(kind, wanted, _candidates(api, kind, wanted))


def one_of(kind: Kind, wanted: str, candidates: Iterable[Json]) -> Json:
    """The candidate with that id; else with that name; else whose id begins so."""
    name = wanted.casefold()
    close, named, begun, others = [], [], [], []
    for one in islice(candidates, _LOOKED_THROUGH):
        if one["id"] == wanted:
            return one
        if str(one["name"]).casefold() == name or _is_phone_of(one, wanted):
            named.append(one)
        elif _begins(str(one["id"]), wanted, kind):
            begun.append(one)
        elif name in str(one["name"]).casefold():
            close.append(one)
        else:
            others.append(one)
    found = named or begun
    if len(found) == 1:
        return found[0]
    if found:
        use = t("o id", "the id")
        if kind is CONTACT:
            use = t("o telefone ou o id", "the phone or the id")
        raise UnusableInput(
            t(
                f"“{wanted}” pode ser mais de um; use {use}: {names_of(found)}",
                f"“{wanted}” may be more than one; use {use}: {names_of(found)}",
            )
        )
    few = [] if kind.has_search or len(others) > MOST_NAMED else others
    raise CliError(_not_found(kind, wanted, close, few))


@contextmanager
def naming(what: str, wanted: str, list_command: str, *advice: str) -> Iterator[None]:
    """Says which thing is not there, where the API only says that something is not."""
    try:
        yield
    except Problem as problem:
        if problem.status != 404:
            raise
        missing = t(
            f"Não achei {what} {wanted}. Veja: {list_command}",
            f"{_capital(what)} {wanted} was not found. See: {list_command}",
        )
        raise CliError("\n".join([missing, *advice])) from problem


def _candidates(api: Api, kind: Kind, wanted: str) -> Iterator[Json]:
    by_id = wanted.startswith(kind.prefix) and kind.prefix
    searched = kind.has_search and not by_id
    return api.each(kind.path, {"search": wanted} if searched else None)


def _begins(thing_id: str, wanted: str, kind: Kind) -> bool:
    enough = len(kind.prefix) + _FEWEST_SIGNS_OF_AN_ID
    return len(wanted) >= enough and thing_id.startswith(wanted)


def _is_phone_of(one: Json, wanted: str) -> bool:
    if not one.get("phone"):
        return False
    try:
        return parse_phone(wanted).e164 == str(one["phone"])
    except InvalidPhone:
        return False


def _not_found(kind: Kind, wanted: str, close: list[Json], others: list[Json]) -> str:
    missing = t(
        f"Não achei {kind.said} “{wanted}”.", f"{_capital(kind.said)} “{wanted}” was not found."
    )
    if close:
        there = t("Há de parecido:", "Similar:") + f" {names_of(close)}"
    elif others:
        there = t("O que há:", "There is:") + f" {names_of(others)}"
    else:
        there = t("Veja o que há:", "See what there is:") + f" {kind.list_command}"
    return f"{missing} {there}"


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def names_of(things: Sequence[Json], *, more: bool = False) -> str:
    """Each by its name, the phone of a person, and its id."""
    names = [_with_id(one) for one in things[:MOST_NAMED]]
    return ", ".join(names) + (" …" if more or len(things) > MOST_NAMED else "")


def _with_id(thing: Json) -> str:
    phone = phone_shown(thing.get("phone"))
    name = f"{thing['name']}, {phone}" if phone else thing["name"]
    return f"{name} ({thing['id']})"
