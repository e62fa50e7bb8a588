"""`campaigns messages …`: the wordings of a campaign."""

from typing import Annotated

import typer

from campaigns_cli.api import Api, Json
from campaigns_cli.command_group import Group
from campaigns_cli.direct_message import WaitOption, queued
from campaigns_cli.errors import CliError, UnusableInput
from campaigns_cli.language import t
from campaigns_cli.options import YesOption, be_sure, say
from campaigns_cli.references import CAMPAIGN, CONTACT, CampaignArgument, find
from campaigns_cli.session import Columns, Session, given, joined
from campaigns_cli.texts import typed_text
from campaigns_cli.typed_time import typed_moment
from campaigns_cli.wording import percent, phone_shown, utc_now
from campaigns_cli.zones import zone_of

PREVIEW = "/api/campaigns/messages/preview/"

wordings = Group(t("Os textos de uma campanha, de 1 a 5.", "The wordings of a campaign, 1 to 5."))

WordingArgument = Annotated[
    str,
    typer.Argument(
        metavar=t("TEXTO", "TEXT"),
        help=t("A posição, de 1 a 5, ou o id.", "Its place, 1 to 5, or its id."),
    ),
]
TextOption = Annotated[
    str | None,
    typer.Option(
        "--message",
        help=t(
            "O texto; @arquivo lê de um arquivo, - da entrada padrão.",
            "The text; @file reads it from a file, - from standard input.",
        ),
    ),
]
OrderOption = Annotated[int | None, typer.Option(min=1, max=5, help=t("A posição.", "Its place."))]
ActiveOption = Annotated[
    bool | None,
    typer.Option(
        "--active/--inactive",
        help=t("Um texto inativo não é enviado.", "An inactive wording is not sent."),
    ),
]


@wordings.verb(
    "list",
    t("Lista os textos de uma campanha.", "Lists a campaign's wordings."),
    "campaigns messages list Natal",
)
def list_messages(session: Session, campaign: CampaignArgument) -> None:
    found = find(session.api, CAMPAIGN, campaign)
    columns: Columns = {
        t("Posição", "Place"): lambda one: one["order"],
        t("Texto", "Text"): lambda one: one["message_text"],
        t("Ativo", "Active"): lambda one: one["is_active"],
        t("Enviado", "Sent"): lambda one: one["times_sent"],
        t("Respostas", "Responses"): lambda one: percent(one["response_rate"]),
        "ID": lambda one: one["id"],
    }
    session.entries(_wordings(session.api, found), columns)


@wordings.verb(
    "add",
    t("Acrescenta um texto a um rascunho.", "Adds a wording to a draft."),
    "campaigns messages add Natal --message '{{saudacao}}, {{primeiro_nome}}!'",
    "campaigns messages add Natal --message @convite.txt",
)
def add(
    session: Session,
    campaign: CampaignArgument,
    message: TextOption = None,
    order: OrderOption = None,
    active: ActiveOption = None,
) -> None:
    text = _needed(message)
    found = find(session.api, CAMPAIGN, campaign)
    added = session.api.post(_path(found), given(message_text=text, order=order, is_active=active))
    session.done(
        added, t(f"Texto {added['order']} acrescentado", f"Wording {added['order']} added")
    )


@wordings.verb(
    "update",
    t("Muda um texto de um rascunho.", "Changes a wording of a draft."),
    "campaigns messages update Natal 1 --message 'Oi, {{primeiro_nome}}!'",
    "campaigns messages update Natal 2 --inactive",
)
def update(
    session: Session,
    campaign: CampaignArgument,
    wording: WordingArgument,
    message: TextOption = None,
    order: OrderOption = None,
    active: ActiveOption = None,
) -> None:
    text = None if message is None else typed_text(message)
    changes = given(message_text=text, order=order, is_active=active)
    if not changes:
        raise UnusableInput(t("Diga o que mudar: veja --help.", "Say what to change: see --help."))
    found = find(session.api, CAMPAIGN, campaign)
    one = _wording(session.api, found, wording)
    changed = session.api.patch(_path(found, one), changes)
    session.done(
        changed, t(f"Texto {changed['order']} mudado", f"Wording {changed['order']} changed")
    )


@wordings.verb(
    "delete",
    t("Apaga um texto de um rascunho.", "Deletes a wording of a draft."),
    "campaigns messages delete Natal 2 --yes",
)
def delete(
    session: Session,
    campaign: CampaignArgument,
    wording: WordingArgument,
    yes: YesOption = False,
) -> None:
    found = find(session.api, CAMPAIGN, campaign)
    one = _wording(session.api, found, wording)
    order = one["order"]
    be_sure(t(f"Apagar o texto {order}?", f"Delete wording {order}?"), yes=yes)
    session.api.delete(_path(found, one))
    session.done(
        {"id": one["id"], "deleted": True}, t(f"Texto {order} apagado", f"Wording {order} deleted")
    )


@wordings.verb(
    "preview",
    t(
        "Mostra um texto como três pessoas o leriam: um da campanha, ou um novo com --message.",
        "Shows a text as three people would read it: one of the campaign, or a new one with "
        "--message.",
    ),
    "campaigns messages preview Natal 1",
    "campaigns messages preview Natal --message 'Oi {{primeiro_nome}}' --at 'sexta 19h'",
    "campaigns messages preview --message @convite.txt",
)
def preview(
    session: Session,
    campaign: Annotated[
        str | None,
        typer.Argument(
            metavar=t("CAMPANHA", "CAMPAIGN"),
            help=t("Nome ou id; sem ela, contatos quaisquer.", "Name or id; else any contacts."),
        ),
    ] = None,
    wording: Annotated[
        str | None,
        typer.Argument(
            metavar=t("TEXTO", "TEXT"),
            help=t("A posição, de 1 a 5, ou o id.", "Its place, 1 to 5, or its id."),
        ),
    ] = None,
    message: TextOption = None,
    at: Annotated[
        str | None,
        typer.Option(
            help=t(
                "Quando se leria, como amanhã 9h: muda a saudação e o dia.",
                "When it would be read, such as tomorrow 9:00: greeting and weekday change.",
            )
        ),
    ] = None,
) -> None:
    if (wording is None) == (message is None):
        raise UnusableInput(
            t(
                "Diga a posição de um texto da campanha, ou dê um com --message.",
                "Give the place of one of the campaign's wordings, or a text with --message.",
            )
        )
    found = None if campaign is None else find(session.api, CAMPAIGN, campaign)
    moment = at and typed_moment(at, zone_of(session.api, found), utc_now())
    when = given(at=moment.isoformat() if moment else None)
    if found is not None and wording is not None:
        one = _wording(session.api, found, wording)
        result = session.api.get(_path(found, one, "preview/"), when)
    else:
        body = given(message_text=_needed(message), campaign_id=found and found["id"], **when)
        result = session.api.post(PREVIEW, body)
    _show_preview(session, result)


def _show_preview(session: Session, result: Json) -> None:
    session.done(
        result,
        *(
            f"{one['contact_name']} {phone_shown(one['contact_phone'])}\n"
            f"  {one['rendered_message']}\n"
            for one in result["previews"]
        ),
    )
    if result["unknown_variables"] and not session.as_json:
        names = joined(result["unknown_variables"])
        say(t(f"Ninguém tem valor para: {names}", f"Nobody has a value for: {names}"))


@wordings.verb(
    "test",
    t(
        "Envia um texto a um telefone, para ver como chega.",
        "Sends a wording to a phone, to see how it arrives.",
    ),
    "campaigns messages test Natal 1 --phone '(11) 99000-2471' --wait",
    "campaigns messages test Natal 1 --phone '(11) 99000-2471' --contact 'Maria Souza'",
)
def send_test(
    session: Session,
    campaign: CampaignArgument,
    wording: WordingArgument,
    phone: Annotated[str, typer.Option(help=t("Para que telefone.", "To which phone."))],
    contact: Annotated[
        str | None,
        typer.Option(
            help=t(
                "O texto como este contato o leria: id, telefone ou nome.",
                "The text as this contact would read it: id, phone or name.",
            )
        ),
    ] = None,
    wait: WaitOption = False,
) -> None:
    found = find(session.api, CAMPAIGN, campaign)
    one = _wording(session.api, found, wording)
    reader = contact and find(session.api, CONTACT, contact)["id"]
    taken = session.api.post(_path(found, one, "test/"), given(phone=phone, contact_id=reader))
    instance = found.get("instance") or {}
    queued(session, str(instance.get("id", "")), taken, phone, wait=wait)


def _needed(message: str | None) -> str:
    if message is None:
        raise UnusableInput(t("Dê o texto com --message.", "Give the text with --message."))
    return typed_text(message)


def _wordings(api: Api, campaign: Json) -> list[Json]:
    return list(api.get(_path(campaign))["results"])


def _wording(api: Api, campaign: Json, wanted: str) -> Json:
    """One of a campaign's wordings, by its place or its id."""
    there = _wordings(api, campaign)
    for one in there:
        if wanted in {str(one["order"]), one["id"]}:
            return one
    places = joined(one["order"] for one in there) or "-"
    raise CliError(
        t(
            f"A campanha {campaign['name']} não tem o texto {wanted}. Tem: {places}",
            f"The campaign {campaign['name']} has no wording {wanted}. It has: {places}",
        )
    )


def _path(campaign: Json, wording: Json | None = None, call: str = "") -> str:
    part = f"{wording['id']}/" if wording else ""
    return CAMPAIGN.path_of(campaign, f"messages/{part}{call}")
