"""`campaigns instances …`: the WhatsApp numbers."""

from typing import Annotated

import typer

from campaigns_cli.api import Json
from campaigns_cli.command_group import Group
from campaigns_cli.direct_message import WaitOption, queued
from campaigns_cli.errors import UnusableInput
from campaigns_cli.language import t
from campaigns_cli.options import DEFAULT_LIMIT, AllOption, LimitOption, YesOption, be_sure
from campaigns_cli.references import CONTACT, INSTANCE, InstanceArgument, find
from campaigns_cli.session import Columns, Session, given
from campaigns_cli.texts import typed_text
from campaigns_cli.wording import local_time, percent, phone_shown, word

_PACE = t("Ritmo", "Pace")

instances = Group(t("Os números de WhatsApp.", "The WhatsApp numbers."))


@instances.verb(
    "list",
    t("Lista os números de WhatsApp.", "Lists the WhatsApp numbers."),
    "campaigns instances list",
)
def list_instances(
    session: Session, limit: LimitOption = DEFAULT_LIMIT, everything: AllOption = False
) -> None:
    columns: Columns = {
        "ID": lambda one: one["id"],
        t("Nome", "Name"): lambda one: one["name"],
        t("Conexão", "Connection"): lambda one: word(one["connection_state"]),
        t("Telefone", "Phone"): lambda one: phone_shown(one.get("connected_phone")),
        t("Hoje", "Today"): _today,
        t("Campanha", "Campaign"): lambda one: (one.get("active_campaign") or {}).get("name"),
    }
    session.list(INSTANCE.path, columns, limit=limit, everything=everything)


def _today(instance: Json) -> str | None:
    sent, limit = instance.get("sent_today"), instance.get("daily_limit")
    return None if sent is None else f"{sent}/{limit or '∞'}"


@instances.verb(
    "show",
    t("Mostra um número de WhatsApp.", "Shows a WhatsApp number."),
    "campaigns instances show Loja",
)
def show(session: Session, instance: InstanceArgument) -> None:
    _show(session, find(session.api, INSTANCE, instance))


def _show(session: Session, instance: Json) -> None:
    active = instance.get("active_campaign") or {}
    session.details(
        instance,
        {
            "ID": instance["id"],
            t("Nome", "Name"): instance["name"],
            t("Conexão", "Connection"): word(instance["connection_state"]),
            t("Avisos de entrega", "Receipts"): word(instance.get("webhook_state")),
            t("Telefone", "Phone"): phone_shown(instance["connected_phone"]),
            t("Servidor", "Server"): instance["evolution_url"],
            t("Instância lá", "Instance there"): instance["evolution_instance"],
            t("Versão", "Version"): instance["server_version"],
            t("Entre mensagens", "Between messages"): (
                f"{instance['delay_min_seconds']}-{instance['delay_max_seconds']} s"
            ),
            t("Enviadas hoje", "Sent today"): _today(instance),
            t("Próximo envio a partir de", "Next message from"): local_time(
                instance["next_allowed_at"]
            ),
            t("Campanha", "Campaign"): active.get("name"),
        },
    )


@instances.verb(
    "update",
    t(
        "Muda um número de WhatsApp; o que não se diz fica (papel owner).",
        "Changes a WhatsApp number; what is not given stays (owner).",
    ),
    "campaigns instances update Loja --daily-limit 300",
    "campaigns instances update Loja --delay-min 30 --delay-max 90",
)
def update(
    session: Session,
    instance: InstanceArgument,
    name: Annotated[str | None, typer.Option(help=t("O nome.", "The name."))] = None,
    delay_min: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=3600,
            rich_help_panel=_PACE,
            help=t("Segundos entre duas mensagens, no mínimo.", "Seconds between two, at least."),
        ),
    ] = None,
    delay_max: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=3600,
            rich_help_panel=_PACE,
            help=t("Segundos entre duas mensagens, no máximo.", "Seconds between two, at most."),
        ),
    ] = None,
    daily_limit: Annotated[
        int | None,
        typer.Option(min=1, rich_help_panel=_PACE, help=t("Mensagens por dia.", "Messages a day.")),
    ] = None,
    no_daily_limit: Annotated[
        bool,
        typer.Option(
            "--no-daily-limit",
            rich_help_panel=_PACE,
            help=t(
                "Sem limite por dia; aumenta o risco de bloqueio.",
                "No daily limit; raises the risk of a ban.",
            ),
        ),
    ] = False,
    evolution_url: Annotated[
        str | None,
        typer.Option(help=t("Outro servidor Evolution.", "Another Evolution server.")),
    ] = None,
    evolution_instance: Annotated[
        str | None,
        typer.Option(help=t("Outra instância nele.", "Another instance on it.")),
    ] = None,
    evolution_key: Annotated[
        str | None,
        typer.Option(
            envvar="CAMPAIGNS_EVOLUTION_KEY",
            help=t(
                "A chave da instância no Evolution; na variável, não fica no histórico.",
                "The instance's key at Evolution; in the variable it stays out of the history.",
            ),
        ),
    ] = None,
) -> None:
    changes = given(
        name=name,
        delay_min_seconds=delay_min,
        delay_max_seconds=delay_max,
        daily_limit=daily_limit,
        evolution_url=evolution_url,
        evolution_instance=evolution_instance,
        api_key=evolution_key,
    )
    if no_daily_limit:
        if daily_limit is not None:
            raise UnusableInput(
                t(
                    "Use --daily-limit ou --no-daily-limit, um dos dois.",
                    "Use either --daily-limit or --no-daily-limit.",
                )
            )
        changes["daily_limit"] = None
    if not changes:
        raise UnusableInput(t("Diga o que mudar: veja --help.", "Say what to change: see --help."))
    found = find(session.api, INSTANCE, instance)
    _show(session, session.api.patch(INSTANCE.path_of(found), changes))


@instances.verb(
    "refresh",
    t(
        "Pergunta ao Evolution como está o número agora (papel owner).",
        "Asks Evolution how the number is now (owner).",
    ),
    "campaigns instances refresh Loja",
)
def refresh(session: Session, instance: InstanceArgument) -> None:
    found = find(session.api, INSTANCE, instance)
    _show(session, session.api.post(INSTANCE.path_of(found, "refresh/")))


@instances.verb(
    "availability",
    t(
        "Diz se o número pode levar uma campanha agora, e qual o ocupa.",
        "Says whether the number can take a campaign now, and which holds it.",
    ),
    "campaigns instances availability Loja",
)
def availability(session: Session, instance: InstanceArgument) -> None:
    found = find(session.api, INSTANCE, instance)
    state = session.api.get(INSTANCE.path_of(found, "availability/"))
    current = state.get("current_campaign")
    session.details(
        state,
        {
            t("Conectado", "Connected"): state["is_connected"],
            t("Livre para uma campanha", "Free for a campaign"): state["available"],
            t("Campanha", "Campaign"): current and f"{current['name']} ({current['id']})",
            t("Progresso", "Progress"): current and percent(current["progress"]),
        },
    )


@instances.verb(
    "disconnect",
    t(
        "Desconecta o WhatsApp; a campanha que estiver enviando pausa (papel owner).",
        "Disconnects WhatsApp; a campaign that is sending pauses (owner).",
    ),
    "campaigns instances disconnect Loja --yes",
)
def disconnect(session: Session, instance: InstanceArgument, yes: YesOption = False) -> None:
    found = find(session.api, INSTANCE, instance)
    name = found["name"]
    be_sure(t(f"Desconectar o WhatsApp {name}?", f"Disconnect {name}?"), yes=yes)
    changed = session.api.post(INSTANCE.path_of(found, "disconnect/"))
    session.done(changed, t(f"{name}: desconectado", f"{name}: disconnected"))


@instances.verb(
    "rotate-webhook-secret",
    t(
        "Troca o segredo com que o servidor Evolution avisa este sistema (papel owner).",
        "Changes the secret with which the Evolution server reports to this system (owner).",
    ),
    "campaigns instances rotate-webhook-secret Loja",
)
def rotate_webhook_secret(session: Session, instance: InstanceArgument) -> None:
    found = find(session.api, INSTANCE, instance)
    name = found["name"]
    changed = session.api.post(INSTANCE.path_of(found, "rotate-webhook-secret/"))
    session.done(
        changed,
        t(
            f"{name}: segredo trocado; o anterior ainda vale por 24 horas",
            f"{name}: secret changed; the one before is valid for 24 hours more",
        ),
    )


@instances.verb(
    "delete",
    t(
        "Apaga o cadastro de um número de WhatsApp (papel owner).",
        "Deletes the record of a WhatsApp number (owner).",
    ),
    "campaigns instances delete Loja --yes",
)
def delete(session: Session, instance: InstanceArgument, yes: YesOption = False) -> None:
    found = find(session.api, INSTANCE, instance)
    name = found["name"]
    be_sure(t(f"Apagar o WhatsApp {name}?", f"Delete {name}?"), yes=yes)
    session.api.delete(INSTANCE.path_of(found))
    session.done({"id": found["id"], "deleted": True}, t(f"{name}: apagado", f"{name}: deleted"))


@instances.verb(
    "test-message",
    t(
        "Envia um texto a um telefone, para ver se o número funciona.",
        "Sends a text to a phone, to see whether the number works.",
    ),
    "campaigns instances test-message Loja --phone '(11) 99000-2471' --message 'Olá!' --wait",
)
def send_test_message(
    session: Session,
    instance: InstanceArgument,
    phone: Annotated[str, typer.Option(help=t("Para que telefone.", "To which phone."))],
    message: Annotated[
        str,
        typer.Option(
            help=t(
                "O texto; @arquivo lê de um arquivo, - da entrada padrão.",
                "The text; @file reads it from a file, - from standard input.",
            )
        ),
    ],
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
    text = typed_text(message)
    found = find(session.api, INSTANCE, instance)
    reader = contact and find(session.api, CONTACT, contact)["id"]
    body = given(phone=phone, text=text, contact_id=reader)
    taken = session.api.post(INSTANCE.path_of(found, "test-message/"), body)
    queued(session, str(found["id"]), taken, phone, wait=wait)
