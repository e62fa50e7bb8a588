"""`campaigns groups …`: groups of contacts."""

import sys
from collections.abc import Iterator, Sequence
from itertools import batched
from pathlib import Path
from typing import Annotated

import typer

from campaigns_cli.command_group import Group
from campaigns_cli.contact_commands import contact_columns
from campaigns_cli.errors import UnusableInput
from campaigns_cli.file_errors import why
from campaigns_cli.language import counted, number, t
from campaigns_cli.options import DEFAULT_LIMIT, AllOption, LimitOption, YesOption, be_sure
from campaigns_cli.references import CONTACT, GROUP, GroupArgument, find
from campaigns_cli.session import Columns, Session, given
from campaigns_cli.wording import local_time

#: What one call of the API takes.
IDS_PER_CALL = 1_000

groups = Group(t("Grupos de contatos.", "Groups of contacts."))

ContactsArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar=t("CONTATO", "CONTACT"),
        help=t("Ids, telefones ou nomes.", "Ids, phones or names."),
    ),
]
FromFileOption = Annotated[
    Path | None,
    typer.Option(
        "--from-file",
        metavar="FILE",
        help=t(
            "Um contato por linha (id, telefone ou nome); - é a entrada padrão.",
            "A contact a line (id, phone or name); - is standard input.",
        ),
    ),
]
DescriptionOption = Annotated[
    str | None, typer.Option(help=t("Para que serve.", "What it is for."))
]


@groups.verb("list", t("Lista os grupos.", "Lists the groups."), "campaigns groups list")
def list_groups(
    session: Session, limit: LimitOption = DEFAULT_LIMIT, everything: AllOption = False
) -> None:
    columns: Columns = {
        "ID": lambda one: one["id"],
        t("Nome", "Name"): lambda one: one["name"],
        t("Contatos", "Contacts"): lambda one: one["contacts_count"],
        t("Descrição", "Description"): lambda one: one.get("description"),
    }
    session.list(GROUP.path, columns, limit=limit, everything=everything)


@groups.verb(
    "create",
    t("Cria um grupo.", "Creates a group."),
    "campaigns groups create VIP --description 'compram todo mês'",
)
def create(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="NAME", help=t("O nome.", "The name."))],
    description: DescriptionOption = None,
) -> None:
    group = session.api.post(GROUP.path, given(name=name, description=description))
    session.done(group, t(f"Grupo criado: {group['id']}", f"Group created: {group['id']}"))


@groups.verb("show", t("Mostra um grupo.", "Shows a group."), "campaigns groups show VIP")
def show(session: Session, group: GroupArgument) -> None:
    found = find(session.api, GROUP, group)
    session.details(
        found,
        {
            "ID": found["id"],
            t("Nome", "Name"): found["name"],
            t("Descrição", "Description"): found.get("description"),
            t("Contatos", "Contacts"): found["contacts_count"],
            t("Criado", "Created"): local_time(found.get("created_at")),
        },
    )


@groups.verb(
    "update",
    t("Muda o nome ou a descrição de um grupo.", "Changes a group's name or description."),
    "campaigns groups update VIP --name 'Clientes VIP'",
)
def update(
    session: Session,
    group: GroupArgument,
    name: Annotated[str | None, typer.Option(help=t("O nome.", "The name."))] = None,
    description: DescriptionOption = None,
) -> None:
    changes = given(name=name, description=description)
    if not changes:
        raise UnusableInput(
            t("Diga o que mudar: --name ou --description.", "Give --name or --description.")
        )
    found = find(session.api, GROUP, group)
    changed = session.api.patch(GROUP.path_of(found), changes)
    session.done(changed, t(f"{changed['name']}: atualizado", f"{changed['name']}: updated"))


@groups.verb(
    "delete",
    t("Apaga um grupo; os contatos ficam.", "Deletes a group; its contacts stay."),
    "campaigns groups delete VIP --yes",
)
def delete(session: Session, group: GroupArgument, yes: YesOption = False) -> None:
    found = find(session.api, GROUP, group)
    name = found["name"]
    be_sure(t(f"Apagar o grupo {name}?", f"Delete the group {name}?"), yes=yes)
    session.api.delete(GROUP.path_of(found))
    session.done({"id": found["id"], "deleted": True}, t(f"{name}: apagado", f"{name}: deleted"))


@groups.verb(
    "add",
    t("Põe contatos num grupo.", "Puts contacts into a group."),
    "campaigns groups add VIP 'Maria Souza' '(11) 99000-2471'",
    "campaigns groups add VIP --from-file telefones.txt",
)
def add(
    session: Session,
    group: GroupArgument,
    contact: ContactsArgument = None,
    from_file: FromFileOption = None,
) -> None:
    _change(session, group, "add_contacts/", contact, from_file)


@groups.verb(
    "remove",
    t("Tira contatos de um grupo.", "Takes contacts out of a group."),
    "campaigns groups remove VIP 'Maria Souza'",
)
def remove(
    session: Session,
    group: GroupArgument,
    contact: ContactsArgument = None,
    from_file: FromFileOption = None,
) -> None:
    _change(session, group, "remove_contacts/", contact, from_file)


def _change(
    session: Session,
    group: str,
    call: str,
    contacts: Sequence[str] | None,
    from_file: Path | None,
) -> None:
    wanted = list(dict.fromkeys([*(contacts or []), *_lines(from_file)]))
    if not wanted:
        raise UnusableInput(
            t("Diga quais contatos, ou use --from-file.", "Say which contacts, or use --from-file.")
        )
    found = find(session.api, GROUP, group)
    ids = [_contact_id(session, one) for one in wanted]
    changed, unknown, total = 0, list[str](), found["contacts_count"]
    for part in batched(ids, IDS_PER_CALL, strict=False):
        answer = session.api.post(GROUP.path_of(found, call), {"contact_ids": list(part)})
        changed += answer["changed"]
        unknown += answer["unknown"]
        total = answer["total_contacts"]
    lines = [
        t(
            f"{found['name']}: {counted(changed, 'mudou mudaram', 'changed changed')}, "
            f"{number(total)} no grupo",
            f"{found['name']}: {counted(changed, 'mudou mudaram', 'changed changed')}, "
            f"{number(total)} in the group",
        )
    ]
    lines += [t(f"Não existe: {one}", f"Unknown: {one}") for one in unknown]
    session.done({"changed": changed, "unknown": unknown, "total_contacts": total}, *lines)


def _contact_id(session: Session, wanted: str) -> str:
    """An id goes as it is: the API tells the unknown ones itself."""
    if wanted.startswith(CONTACT.prefix):
        return wanted
    return str(find(session.api, CONTACT, wanted)["id"])


def _lines(path: Path | None) -> Iterator[str]:
    if path is None:
        return
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = t("não é um texto em UTF-8", "not a text in UTF-8")
        if isinstance(error, OSError):
            reason = why(error)
        raise UnusableInput(
            t(f"Não consegui ler {path} ({reason}).", f"{path} could not be read ({reason}).")
        ) from error
    yield from (line.strip() for line in text.splitlines() if line.strip())


@groups.verb(
    "contacts",
    t("Lista os contatos de um grupo.", "Lists a group's contacts."),
    "campaigns groups contacts VIP --all",
)
def contacts(
    session: Session,
    group: GroupArgument,
    limit: LimitOption = DEFAULT_LIMIT,
    everything: AllOption = False,
) -> None:
    found = find(session.api, GROUP, group)
    path = GROUP.path_of(found, "contacts/")
    session.list(path, contact_columns(), limit=limit, everything=everything)
