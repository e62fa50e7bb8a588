"""`campaigns recipients …`: the people of one campaign."""

from contextlib import AbstractContextManager
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from campaigns_cli.api import Json
from campaigns_cli.audience import (
    SourceContactsOption,
    SourceGroupsOption,
    SourceTagsOption,
    sources_of,
)
from campaigns_cli.command_group import Group
from campaigns_cli.errors import UnusableInput
from campaigns_cli.language import t
from campaigns_cli.options import DEFAULT_LIMIT, AllOption, LimitOption, YesOption, be_sure, say
from campaigns_cli.prepare_recipients import prepared
from campaigns_cli.put_back import tell_how_to_go_on
from campaigns_cli.recipient_file import people, write_recipient_file
from campaigns_cli.references import CAMPAIGN, CampaignArgument, find, naming
from campaigns_cli.session import Columns, Session, given
from campaigns_cli.watch_campaign import zone_of_campaign
from campaigns_cli.wording import local_time, phone_shown, word

recipients = Group(t("As pessoas de uma campanha.", "The people of a campaign."))

RecipientArgument = Annotated[
    str,
    typer.Argument(
        metavar=t("DESTINATÁRIO", "RECIPIENT"),
        help=t("O id, como em `recipients list`.", "The id, as in `recipients list`."),
    ),
]


class RecipientStatus(StrEnum):
    """The states of one person in one campaign."""

    PENDING = "pending"
    SENDING = "sending"
    UNKNOWN = "unknown"
    UNCONFIRMED = "unconfirmed"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    RESPONDED = "responded"
    FAILED = "failed"
    SKIPPED = "skipped"


class Resolution(StrEnum):
    """What an operator says of somebody who is unconfirmed."""

    SENT = "sent"
    FAILED = "failed"
    RESEND = "resend"


@recipients.verb(
    "list",
    t(
        "Lista as pessoas de uma campanha, com o que houve com cada uma; --csv grava todas numa "
        "planilha.",
        "Lists the people of a campaign and what became of each; --csv writes all to a "
        "spreadsheet.",
    ),
    "campaigns recipients list Natal --status failed",
    "campaigns recipients list Natal --csv natal.csv",
)
def list_recipients(
    session: Session,
    campaign: CampaignArgument,
    status: Annotated[
        RecipientStatus | None, typer.Option(help=t("Só neste estado.", "Only in this state."))
    ] = None,
    csv: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help=t("Grava todas neste arquivo CSV.", "Writes all to this CSV file."),
        ),
    ] = None,
    limit: LimitOption = DEFAULT_LIMIT,
    everything: AllOption = False,
) -> None:
    found = find(session.api, CAMPAIGN, campaign)
    if csv is not None:
        if status is not None:
            raise UnusableInput(
                t(
                    "O arquivo leva todas as pessoas: use --csv sem --status.",
                    "The file holds everybody: use --csv without --status.",
                )
            )
        rows = write_recipient_file(session.api, found, csv)
        session.done(
            {"file": str(csv), "rows": rows},
            t(f"{people(rows)} em {csv}", f"{people(rows)} in {csv}"),
        )
        return
    zone = zone_of_campaign(found)
    columns: Columns = {
        "ID": lambda one: one["id"],
        t("Nome", "Name"): lambda one: one["contact"]["name"],
        t("Telefone", "Phone"): lambda one: phone_shown(one["contact"]["phone"]),
        t("Estado", "Status"): lambda one: word(one["status"]),
        t("Motivo", "Reason"): lambda one: one["error_message"],
        t("Quando", "When"): lambda one: local_time(one["sent_at"] or one["scheduled_at"], zone),
    }
    path = CAMPAIGN.path_of(found, "contacts/")
    session.list(
        path,
        columns,
        params=given(status=status and status.value),
        limit=limit,
        everything=everything,
    )


@recipients.verb(
    "show",
    t(
        "Mostra uma pessoa da campanha: o texto que recebeu e o que houve.",
        "Shows one person of a campaign: the text and what happened.",
    ),
    "campaigns recipients show Natal rc_6m2v5k3hq7wznp4jx8tbdyr2ce",
)
def show(session: Session, campaign: CampaignArgument, recipient: RecipientArgument) -> None:
    found = find(session.api, CAMPAIGN, campaign)
    with _naming(recipient, found):
        one = session.api.get(_path(found, recipient))
    zone = zone_of_campaign(found)
    session.details(
        one,
        {
            "ID": one["id"],
            t("Nome", "Name"): one["contact"]["name"],
            t("Telefone", "Phone"): phone_shown(one["contact"]["phone"]),
            t("Estado", "Status"): word(one["status"]),
            t("Motivo", "Reason"): one["error_message"],
            t("Tentativas", "Tries"): one["attempts"],
            t("Planejada", "Planned"): local_time(one["scheduled_at"], zone),
            t("Enviada", "Sent"): local_time(one["sent_at"], zone),
            t("Entregue", "Delivered"): local_time(one["delivered_at"], zone),
            t("Lida", "Read"): local_time(one["read_at"], zone),
            t("Respondida", "Responded"): local_time(one["responded_at"], zone),
            t("Texto", "Text"): one.get("rendered_text"),
        },
    )
    if not session.as_json:
        for entry in reversed(one.get("history") or []):
            say(f"{local_time(entry['created_at'], zone)}  {entry['message']}")


@recipients.verb(
    "add",
    t("Acrescenta pessoas a uma campanha.", "Adds people to a campaign."),
    "campaigns recipients add Natal --tag vip",
    "campaigns recipients add Natal --group Clientes --contact '(11) 99000-2471'",
)
def add(
    session: Session,
    campaign: CampaignArgument,
    contact: SourceContactsOption = None,
    group: SourceGroupsOption = None,
    tag: SourceTagsOption = None,
) -> None:
    sources = sources_of(session.api, contact, group, tag)
    if not sources:
        raise UnusableInput(
            t("Diga quem: --contact, --group ou --tag.", "Say who: --contact, --group or --tag.")
        )
    found = find(session.api, CAMPAIGN, campaign)
    before = found["total_contacts"]
    session.api.post(CAMPAIGN.path_of(found, "contacts/"), sources)
    now = prepared(session.api, session.api.get(CAMPAIGN.path_of(found)))
    added = now["total_contacts"] - before
    session.done(
        now,
        t(
            f"{now['name']}: {added} a mais, {now['total_contacts']} no total",
            f"{now['name']}: {added} more, {now['total_contacts']} in total",
        ),
    )


@recipients.verb(
    "remove",
    t(
        "Tira uma pessoa de uma campanha; quem já recebeu fica.",
        "Takes a person out of a campaign; who got the message stays.",
    ),
    "campaigns recipients remove Natal rc_6m2v5k3hq7wznp4jx8tbdyr2ce --yes",
)
def remove(
    session: Session,
    campaign: CampaignArgument,
    recipient: RecipientArgument,
    yes: YesOption = False,
) -> None:
    found = find(session.api, CAMPAIGN, campaign)
    name = found["name"]
    be_sure(t(f"Tirar {recipient} de {name}?", f"Take {recipient} out of {name}?"), yes=yes)
    with _naming(recipient, found):
        session.api.delete(_path(found, recipient))
    session.done(
        {"id": recipient, "removed": True},
        t(f"{recipient}: fora da campanha", f"{recipient}: out of the campaign"),
    )


@recipients.verb(
    "resolve",
    t(
        "Decide sobre quem ficou sem confirmação: olhe a conversa no celular e diga se a mensagem "
        "está lá (sent), se não está e não deve ir (failed), ou se deve ir de novo (resend).",
        "Decides about somebody unconfirmed: look at the chat on the phone and say that the "
        "message is there (sent), that it is not and shall not be (failed), or that it is to be "
        "sent again (resend).",
    ),
    "campaigns recipients resolve Natal rc_6m2v5k3hq7wznp4jx8tbdyr2ce sent",
    "campaigns recipients resolve Natal rc_6m2v5k3hq7wznp4jx8tbdyr2ce resend --yes",
)
def resolve(
    session: Session,
    campaign: CampaignArgument,
    recipient: RecipientArgument,
    outcome: Annotated[
        Resolution,
        typer.Argument(
            metavar="sent|failed|resend",
            help=t(
                "sent: está na conversa; failed: não está, e fica assim; resend: envia de novo.",
                "sent: it is in the chat; failed: it is not, and stays so; resend: send it again.",
            ),
        ),
    ],
    yes: YesOption = False,
) -> None:
    found = find(session.api, CAMPAIGN, campaign)
    decision: Json = {"outcome": outcome.value}
    with _naming(recipient, found):
        if outcome is Resolution.RESEND:
            name = session.api.get(_path(found, recipient))["contact"]["name"] or recipient
            be_sure(
                t(
                    f"Enviar de novo a {name}? Se a primeira chegou, a pessoa recebe duas vezes.",
                    f"Send to {name} again? If the first one arrived, the person gets it twice.",
                ),
                yes=yes,
            )
            decision["accept_duplicate_risk"] = True
        now = session.api.post(_path(found, recipient) + "resolve/", decision)
    session.done(now, f"{now['contact']['name'] or recipient}: {word(now['status'])}")
    if outcome is Resolution.RESEND:
        tell_how_to_go_on(session, session.api.get(CAMPAIGN.path_of(found)))


def _path(campaign: Json, recipient: str) -> str:
    return CAMPAIGN.path_of(campaign, f"contacts/{quote(recipient, safe='')}/")


def _naming(recipient: str, campaign: Json) -> AbstractContextManager[None]:
    listed = f"campaigns recipients list {campaign['id']}"
    return naming(t("o destinatário", "the recipient"), recipient, listed)
