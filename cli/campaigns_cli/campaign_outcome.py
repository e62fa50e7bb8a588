"""What a campaign came to."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from campaigns_cli.api import Api, Json
from campaigns_cli.language import number, t
from campaigns_cli.watch_campaign import campaign_path
from campaigns_cli.wording import phone_shown, word

_MOST_SHOWN = 20


def print_outcome(api: Api, campaign: Json, console: Console) -> None:
    """The counts of a campaign that is over, and why its failed recipients failed."""
    table = Table(title=Text(str(campaign["name"])), show_header=False, title_justify="left")
    table.add_column()
    table.add_column(justify="right")
    rows = {
        "total_contacts": t("Destinatários", "Recipients"),
        "sent_messages": t("Enviadas", "Sent"),
        # They go on coming after the last message has left.
        "delivered_messages": t("Entregues até agora", "Delivered so far"),
        "read_messages": t("Lidas até agora", "Read so far"),
        "failed_messages": t("Falharam", "Failed"),
        "skipped_messages": t("Puladas", "Skipped"),
        "unconfirmed_messages": t("Sem confirmação", "Unconfirmed"),
    }
    for field, title in rows.items():
        table.add_row(title, number(int(campaign[field])))
    console.print(table)
    for status in ("failed", "unconfirmed"):
        if campaign[f"{status}_messages"]:
            _print_recipients(api, campaign, status, console)


def _print_recipients(api: Api, campaign: Json, status: str, console: Console) -> None:
    page = api.get(
        campaign_path(campaign["id"], "contacts/"),
        {"status": status, "limit": _MOST_SHOWN},
    )
    for recipient in page["results"]:
        contact = recipient["contact"]
        reason = recipient.get("error_message") or recipient.get("error_code") or word(status)
        line = f"  {contact['name']} {phone_shown(contact['phone'])}: {reason}"
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    if page.get("next"):
        console.print("  …")
