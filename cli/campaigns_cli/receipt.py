"""What a test came to: who, when, WhatsApp's own id, and how long it took."""

from datetime import datetime

from campaigns_cli.api import Json
from campaigns_cli.language import t
from campaigns_cli.options import say
from campaigns_cli.prove_instance import Failed, Proof
from campaigns_cli.tables import print_details
from campaigns_cli.wording import phone_shown


def receipt_of(proof: Proof, campaign: Json, recipient: Json, failed: Failed | None) -> Json:
    """The receipt as a program reads it; what did not come about is null."""
    started, sent = campaign.get("started_at"), recipient.get("sent_at")
    return {
        "ok": failed is None,
        "failed": failed,
        "status": recipient.get("status"),
        "error_code": recipient.get("error_code"),
        "instance": {key: proof.instance.get(key) for key in ("id", "name", "connected_phone")},
        "contact": recipient.get("contact"),
        "text": recipient.get("rendered_text"),
        "whatsapp_message_id": _whatsapp_id(recipient),
        "started_at": started,
        "sent_at": sent,
        "delivered_at": recipient.get("delivered_at"),
        "read_at": recipient.get("read_at"),
        "seconds": _seconds(started, sent),
        "campaign_id": campaign["id"],
    }


def print_receipt(receipt: Json) -> None:
    """The receipt of a message that left, as a person reads it."""
    sender, contact = receipt["instance"], receipt["contact"]
    took = f"{receipt['seconds']:.1f} s"
    say(t("Funcionou: a mensagem saiu.", "It works: the message left."))
    print_details(
        {
            t("De", "From"): _named(sender["name"], sender["connected_phone"]),
            t("Para", "To"): _named(contact["name"], contact["phone"]),
            t("Texto", "Text"): receipt["text"],
            t("Enviada", "Sent"): _clock(receipt["sent_at"]),
            t("Entregue", "Delivered"): _clock(receipt["delivered_at"]),
            t("Lida", "Read"): _clock(receipt["read_at"]),
            t("Demorou", "Took"): t(took.replace(".", ","), took),
            t("Id no WhatsApp", "WhatsApp id"): receipt["whatsapp_message_id"],
            t("Campanha", "Campaign"): receipt["campaign_id"],
        }
    )


def _whatsapp_id(recipient: Json) -> str | None:
    """The history tells it with the send."""
    for entry in recipient.get("history", []):
        if found := entry["metadata"].get("whatsapp_message_id"):
            return str(found)
    return None


def _seconds(started: str | None, sent: str | None) -> float | None:
    if started is None or sent is None:
        return None
    between = datetime.fromisoformat(sent) - datetime.fromisoformat(started)
    return round(between.total_seconds(), 1)


def _named(name: str | None, phone: str | None) -> str:
    return " · ".join(filter(None, (name, phone_shown(phone))))


def _clock(at: str | None) -> str | None:
    """A time in the zone of whoever sits here."""
    if at is None:
        return None
    local = datetime.fromisoformat(at).astimezone()
    return t(f"{local:%d/%m/%Y %H:%M:%S}", f"{local:%Y-%m-%d %H:%M:%S}")
