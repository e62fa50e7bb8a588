"""`campaigns contacts list`, `show`, `create`, `update`, `delete`, `opt-out`, `opt-in`, `tags`."""

from collections.abc import Sequence
from typing import Annotated

import typer

from campaigns_cli.api import Json
from campaigns_cli.command_group import Group
from campaigns_cli.contact_export import exporting
from campaigns_cli.contact_filter import (
    ActivityOption,
    GroupFilter,
    OptedOutFilter,
    SearchFilter,
    TagFilter,
    contact_filter,
)
from campaigns_cli.contact_import import importing
from campaigns_cli.contact_options import (
    ActiveOption,
    ConsentAtOption,
    ConsentChannelOption,
    ConsentTextOption,
    EmailOption,
    NotesOption,
    QuemIndicouOption,
    ReasonOption,
    TagsOption,
    VarsOption,
    consent_of,
    variables_of,
)
from campaigns_cli.errors import UnusableInput
from campaigns_cli.language import t
from campaigns_cli.options import DEFAULT_LIMIT, AllOption, LimitOption, YesOption, be_sure
from campaigns_cli.references import CONTACT, ContactArgument, find
from campaigns_cli.session import Columns, Session, given, joined
from campaigns_cli.texts import typed_text
from campaigns_cli.wording import day_shown, local_time, phone_shown, word

contacts = Group(t("A lista de contatos.", "The list of contacts."))
contacts.add_typer(importing)
contacts.add_typer(exporting)


def contact_columns() -> Columns:
    """The columns of every list of contacts."""
    return {
        "ID": lambda one: one["id"],
        t("Nome", "Name"): lambda one: one["name"],
        t("Telefone", "Phone"): lambda one: phone_shown(one["phone"]),
        t("Estado", "State"): _state,
        "Tags": lambda one: joined(one.get("tags") or []),
    }


def _state(contact: Json) -> str | None:
    if contact.get("opted_out_at"):
        return t("pediu para sair", "opted out")
    return None if contact.get("is_active", True) else t("inativo", "inactive")


@contacts.verb(
    "list",
    t("Lista os contatos por nome; um filtro por vez.", "Lists contacts by name; one filter only."),
    "campaigns contacts list --search maria",
    "campaigns contacts list --tag vip --all --json",
)
def list_contacts(
    session: Session,
    search: SearchFilter = None,
    tag: TagFilter = None,
    group: GroupFilter = None,
    opted_out: OptedOutFilter = None,
    state: ActivityOption = None,
    limit: LimitOption = DEFAULT_LIMIT,
    everything: AllOption = False,
) -> None:
    wanted = contact_filter(session.api, search, tag, group, opted_out, state)
    session.list(CONTACT.path, contact_columns(), params=wanted, limit=limit, everything=everything)


@contacts.verb(
    "show",
    t("Mostra um contato inteiro.", "Shows a whole contact."),
    "campaigns contacts show '(11) 99000-2471'",
    "campaigns contacts show 'Maria Souza' --json",
)
def show(session: Session, contact: ContactArgument) -> None:
    _show(session, find(session.api, CONTACT, contact))


def _show(session: Session, contact: Json) -> None:
    variables = contact.get("custom_vars") or {}
    consent = contact.get("consent") or {}
    session.details(
        contact,
        {
            "ID": contact["id"],
            t("Nome", "Name"): contact["name"],
            t("Telefone", "Phone"): phone_shown(contact["phone"]),
            t("E-mail", "E-mail"): contact.get("email"),
            t("Quem indicou", "Recommended by"): contact.get("quem_indicou"),
            "Tags": joined(contact.get("tags") or []),
            t("Variáveis", "Variables"): joined(f"{k}={v}" for k, v in variables.items()),
            t("Observações", "Notes"): contact.get("notes"),
            t("Estado", "State"): _state(contact),
            t("Saiu em", "Opted out on"): local_time(contact.get("opted_out_at")),
            t("Saiu por", "Opted out by"): _how_she_left(contact.get("opt_out_source")),
            t("Consentimento", "Consent"): joined(_consent(consent)),
            t("Origem", "Source"): word(contact.get("source")),
            t("Grupos", "Groups"): contact.get("groups_count"),
            t("Última mensagem", "Last messaged"): local_time(contact.get("last_messaged_at")),
            t("Última resposta", "Last replied"): local_time(contact.get("last_replied_at")),
            t("Criado", "Created"): local_time(contact.get("created_at")),
        },
    )


def _how_she_left(source: str | None) -> str | None:
    words = {
        "reply": t("resposta dela", "her own answer"),
        "operator": t("registro de vocês", "an entry of yours"),
    }
    return words.get(source, source) if source else None


def _consent(consent: Json) -> list[str]:
    at = consent.get("given_at")
    return [
        part
        for part in (at and day_shown(at[:10]), consent.get("channel"), consent.get("text"))
        if part
    ]


@contacts.verb(
    "create",
    t("Cria um contato.", "Creates a contact."),
    "campaigns contacts create 'Maria Souza' '(11) 99000-2471' --tag vip --var cidade=Osasco",
)
def create(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="NAME", help=t("O nome.", "The name."))],
    phone: Annotated[str, typer.Argument(metavar="PHONE", help=t("O telefone.", "The phone."))],
    tag: TagsOption = None,
    var: VarsOption = None,
    email: EmailOption = None,
    quem_indicou: QuemIndicouOption = None,
    notes: NotesOption = None,
    active: ActiveOption = None,
    consent_at: ConsentAtOption = None,
    consent_channel: ConsentChannelOption = None,
    consent_text: ConsentTextOption = None,
) -> None:
    contact = session.api.post(
        CONTACT.path,
        given(
            name=name,
            phone=phone,
            tags=tag,
            custom_vars=variables_of(var) or None,
            email=email,
            quem_indicou=quem_indicou,
            notes=notes and typed_text(notes),
            is_active=active,
            consent=consent_of(consent_at, consent_channel, consent_text),
        ),
    )
    session.done(contact, t(f"Contato criado: {contact['id']}", f"Contact: {contact['id']}"))


@contacts.verb(
    "update",
    t(
        "Muda um contato; o que não se diz fica. As tags e variáveis ditas se juntam às que há.",
        "Changes a contact; what is not given stays. Given tags and variables join those there.",
    ),
    "campaigns contacts update 'Maria Souza' --tag vip --remove-tag nova",
    "campaigns contacts update ct_6m2v --name 'Maria A. Souza' --inactive",
)
def update(
    session: Session,
    contact: ContactArgument,
    name: Annotated[str | None, typer.Option(help=t("O nome.", "The name."))] = None,
    phone: Annotated[
        str | None,
        typer.Option(
            help=t("Outra grafia do mesmo telefone.", "Another spelling of the same phone.")
        ),
    ] = None,
    tag: TagsOption = None,
    remove_tag: Annotated[
        list[str] | None, typer.Option(help=t("Tira uma tag.", "Takes a tag away."))
    ] = None,
    var: VarsOption = None,
    remove_var: Annotated[
        list[str] | None, typer.Option(help=t("Tira uma variável.", "Takes a variable away."))
    ] = None,
    email: EmailOption = None,
    quem_indicou: QuemIndicouOption = None,
    notes: NotesOption = None,
    active: ActiveOption = None,
    consent_at: ConsentAtOption = None,
    consent_channel: ConsentChannelOption = None,
    consent_text: ConsentTextOption = None,
) -> None:
    plain = given(
        name=name,
        phone=phone,
        email=email,
        quem_indicou=quem_indicou,
        notes=None if notes is None else typed_text(notes),
        is_active=active,
        consent=consent_of(consent_at, consent_channel, consent_text),
    )
    variables = variables_of(var)

    def changes(now: Json) -> Json:
        body = dict(plain)
        if tag or remove_tag:
            body["tags"] = _changed_tags(now.get("tags") or [], tag or [], remove_tag or [])
        if variables or remove_var:
            all_variables = {**(now.get("custom_vars") or {}), **variables}
            gone = set(remove_var or [])
            body["custom_vars"] = {k: v for k, v in all_variables.items() if k not in gone}
        return body

    if not (plain or tag or remove_tag or variables or remove_var):
        raise UnusableInput(t("Diga o que mudar: veja --help.", "Say what to change: see --help."))
    found = find(session.api, CONTACT, contact)
    changed = session.api.edit(CONTACT.path_of(found), changes)
    session.done(changed, t(f"{changed['name']}: atualizado", f"{changed['name']}: updated"))


def _changed_tags(now: Sequence[str], more: Sequence[str], less: Sequence[str]) -> list[str]:
    gone = {tag.casefold() for tag in less}
    return [tag for tag in dict.fromkeys([*now, *more]) if tag.casefold() not in gone]


@contacts.verb(
    "delete",
    t(
        "Apaga os dados de um contato; se ele pediu para sair, isso continua valendo.",
        "Deletes a contact's data; an opt-out goes on to hold.",
    ),
    "campaigns contacts delete 'Maria Souza' --yes",
)
def delete(session: Session, contact: ContactArgument, yes: YesOption = False) -> None:
    found = find(session.api, CONTACT, contact)
    name = found["name"]
    be_sure(t(f"Apagar os dados de {name}?", f"Delete the data of {name}?"), yes=yes)
    session.api.delete(CONTACT.path_of(found))
    session.done({"id": found["id"], "deleted": True}, t(f"{name}: apagado", f"{name}: deleted"))


@contacts.verb(
    "opt-out",
    t(
        "Registra que a pessoa não quer mais receber, de campanha nenhuma.",
        "Notes that a person wants no more messages, of any campaign.",
    ),
    "campaigns contacts opt-out '(11) 99000-2471' --reason 'pediu no balcão'",
)
def opt_out(session: Session, contact: ContactArgument, reason: ReasonOption = None) -> None:
    found = find(session.api, CONTACT, contact)
    changed = session.api.post(CONTACT.path_of(found, "opt-out/"), given(reason=reason))
    name = found["name"]
    session.done(changed, t(f"{name} não recebe mais nada.", f"{name} gets no more messages."))


@contacts.verb(
    "opt-in",
    t("Registra que a pessoa quer voltar a receber.", "Notes that a person wants messages again."),
    "campaigns contacts opt-in 'Maria Souza' --reason 'pediu para voltar'",
)
def opt_in(session: Session, contact: ContactArgument, reason: ReasonOption = None) -> None:
    found = find(session.api, CONTACT, contact)
    changed = session.api.post(CONTACT.path_of(found, "opt-in/"), given(reason=reason))
    name = found["name"]
    session.done(changed, t(f"{name} volta a receber.", f"{name} gets messages again."))


@contacts.verb(
    "tags",
    t("Lista as tags e quantos contatos têm cada uma.", "Lists the tags with their counts."),
    "campaigns contacts tags",
)
def tags(
    session: Session, limit: LimitOption = DEFAULT_LIMIT, everything: AllOption = False
) -> None:
    columns: Columns = {
        "Tag": lambda one: one["tag"],
        t("Contatos", "Contacts"): lambda one: one["contacts_count"],
    }
    session.list(f"{CONTACT.path}tags/", columns, limit=limit, everything=everything)
