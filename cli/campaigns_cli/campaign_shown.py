"""A whole campaign as a person reads it."""

from campaigns_cli.api import Json
from campaigns_cli.language import t
from campaigns_cli.options import say
from campaigns_cli.session import Session
from campaigns_cli.typed_name import as_typed
from campaigns_cli.watch_campaign import reason_explained, said_moment
from campaigns_cli.wording import duration, utc_now, word


def show_campaign(session: Session, campaign: Json) -> None:
    """A campaign with its counts; what is not there yet takes no line."""
    session.details(campaign, {**_about(campaign), **_counts(campaign)})
    if not session.as_json:
        for message in campaign.get("messages") or []:
            off = "" if message["is_active"] else t(" (desligado)", " (off)")
            say(f"\n{message['order']}.{off} {message['message_text']}")


def _about(campaign: Json) -> dict[str, object]:
    now = utc_now()
    instance = campaign.get("instance") or {}
    state = instance.get("connection_state")
    connection = f" ({word(state)})" if state else ""
    seconds = campaign.get("estimated_seconds")
    return {
        "ID": campaign["id"],
        t("Nome", "Name"): campaign["name"],
        t("Descrição", "Description"): campaign.get("description"),
        t("Estado", "Status"): word(campaign["status"]),
        t("Motivo", "Reason"): _reason(campaign),
        "WhatsApp": f"{campaign.get('instance_name') or '-'}{connection}",
        t("Horário", "Hours"): _hours(campaign),
        t("Fuso", "Time zone"): campaign.get("timezone"),
        t("Agendada para", "Scheduled for"): said_moment(campaign, "scheduled_at", now),
        t("Próximo envio", "Next message"): said_moment(campaign, "next_scheduled_send", now),
        (
            t("Termina em", "Time left")
            if campaign["status"] == "active"
            else t("Duração prevista", "Will take")
        ): None if seconds is None else duration(seconds),
        t("Criada", "Created"): said_moment(campaign, "created_at", now),
        t("Iniciada", "Started"): said_moment(campaign, "started_at", now),
        t("Concluída", "Completed"): said_moment(campaign, "completed_at", now),
        t("Cancelada", "Cancelled"): said_moment(campaign, "cancelled_at", now),
        t("Arquivada", "Archived"): said_moment(campaign, "archived_at", now),
    }


def _reason(campaign: Json) -> str | None:
    """Why it does not start, or go on, by itself."""
    trouble = campaign.get("last_error")
    paused_by_the_system = campaign["status"] == "paused" and campaign.get("auto_pause_reason")
    if paused_by_the_system or trouble == "other_phone_connected":
        return as_typed(reason_explained(campaign))
    return trouble


def _hours(campaign: Json) -> str:
    """When it may send, by its own hours, the days on which it rests, and the quiet hours."""
    kind = campaign.get("schedule_type")
    parts = [word(kind)]
    if kind == "custom_period":
        windows = [
            f"{campaign[start]}-{campaign[end]}"
            for start, end in (
                ("morning_start", "morning_end"),
                ("afternoon_start", "afternoon_end"),
            )
            if campaign.get(start)
        ]
        parts.append(t(" e ", " and ").join(windows))
        parts.append(
            t("sem fim de semana", "no weekends")
            if campaign.get("skip_weekends")
            else t("também no fim de semana", "weekends too")
        )
        parts.append(
            t("sem feriados", "no holidays")
            if campaign.get("skip_holidays")
            else t("também nos feriados", "holidays too")
        )
    if campaign.get("ignore_quiet_hours"):
        parts.append(t("também no horário de silêncio", "quiet hours too"))
    elif kind == "immediate":
        parts.append(t("menos no horário de silêncio", "except quiet hours"))
    return ", ".join(parts)


def _counts(campaign: Json) -> dict[str, object]:
    counts = {
        t("Destinatários", "Recipients"): campaign.get("total_contacts"),
        t("Pendentes", "Pending"): campaign.get("pending_messages"),
        t("Saindo ou a verificar", "Leaving or to be checked"): campaign.get("in_flight_messages"),
        t("Enviadas", "Sent"): campaign.get("sent_messages"),
        t("Entregues", "Delivered"): campaign.get("delivered_messages"),
        t("Lidas", "Read"): campaign.get("read_messages"),
        t("Responderam", "Responded"): campaign.get("responded_count"),
        t("Falharam", "Failed"): campaign.get("failed_messages"),
        t("Puladas", "Skipped"): campaign.get("skipped_messages"),
        t("Sem confirmação", "Unconfirmed"): campaign.get("unconfirmed_messages"),
    }
    total = t("Destinatários", "Recipients")
    return {title: count for title, count in counts.items() if count or title == total}
