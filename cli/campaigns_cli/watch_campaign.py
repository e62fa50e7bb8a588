"""A campaign seen from outside while it runs."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress
from rich.text import Text

from campaigns_cli.api import Api, Json
from campaigns_cli.errors import CliError
from campaigns_cli.language import counted, number, t
from campaigns_cli.typed_name import as_typed
from campaigns_cli.wording import duration, moment

CAMPAIGNS = "/api/campaigns/campaigns/"
POLL_SECONDS = 2.0
OVER = frozenset({"completed", "cancelled"})
LATER_THAN_NOW_SECONDS = 60


def campaign_path(campaign_id: str, call: str = "") -> str:
    """The path of a campaign, or of one of its calls."""
    return f"{CAMPAIGNS}{quote(campaign_id, safe='')}/{call}"


def watch_campaign(
    api: Api,
    campaign_id: str,
    console: Console,
    *,
    sleep: Callable[[float], None],
    now: Callable[[], datetime],
    on_state: Callable[[Json], None] = lambda _: None,
) -> Json:
    """Follows a campaign to its end and returns it; it is only read, so leaving changes nothing.

    A draft is not followed: nothing would ever happen. `on_state` sees each campaign read.
    """
    campaign = api.get(campaign_path(campaign_id))
    if campaign["status"] == "draft":
        raise CliError(
            t(
                "Esta campanha ainda é um rascunho: inicie-a antes de acompanhar.",
                "This campaign is still a draft: start it before you watch it.",
            )
        )
    with _display(console, campaign) as show:
        while True:
            show(campaign, now())
            on_state(campaign)
            if campaign["status"] in OVER:
                return campaign
            sleep(POLL_SECONDS)
            campaign = api.get(campaign_path(campaign_id))


class _BarAbove(Progress):
    """The bar, and below it what happens: as long as it has to be, never cut."""

    def get_renderables(self) -> Iterable[RenderableType]:
        yield self.make_tasks_table(self.tasks)
        yield from (Text(task.description) for task in self.tasks)


@contextmanager
def _display(console: Console, campaign: Json) -> Iterator[Callable[[Json, datetime], None]]:
    """A bar on a terminal; elsewhere a line whenever what it says is new."""
    if not console.is_terminal:
        said = ""

        def show_line(campaign: Json, now: datetime) -> None:
            nonlocal said
            line = f"{settled(campaign)}/{campaign['total_contacts']} {status_line(campaign, now)}"
            if line != said:
                console.print(line, highlight=False, markup=False, soft_wrap=True)
                said = line

        yield show_line
        return
    with _BarAbove(BarColumn(), MofNCompleteColumn(), console=console) as progress:
        task = progress.add_task("", total=campaign["total_contacts"])

        def show_bar(campaign: Json, now: datetime) -> None:
            progress.update(
                task,
                completed=settled(campaign),
                total=campaign["total_contacts"],
                description=status_line(campaign, now),
            )

        yield show_bar


def settled(campaign: Json) -> int:
    """Recipients about whom nothing is left to do."""
    waiting = int(campaign["pending_messages"]) + int(campaign["in_flight_messages"])
    return max(0, int(campaign["total_contacts"]) - waiting)


def status_line(campaign: Json, now: datetime) -> str:
    """What happens now and why, with the counts that are not zero."""
    return as_typed(" · ".join([_activity(campaign, now), *_counts(campaign)]))


def _activity(campaign: Json, now: datetime) -> str:
    match campaign["status"]:
        case "active":
            return _pace(campaign, now)
        case "paused":
            return pause_explained(campaign)
        case "scheduled":
            when = said_moment(campaign, "scheduled_at", now) or "?"
            trouble = campaign.get("last_error")
            line = t(f"agendada para {when}", f"scheduled for {when}")
            return f"{line} ({trouble})" if trouble else line
        case "completed":
            return t("concluída", "completed")
        case "cancelled":
            return t("cancelada", "cancelled")
        case other:
            return str(other)


def _pace(campaign: Json, now: datetime) -> str:
    if later := first_send_later(campaign, now):
        return t(f"próximo envio {later}", f"next message {later}")
    if not campaign["pending_messages"] and campaign["in_flight_messages"]:
        return t("conferindo se as últimas saíram", "checking whether the last ones left")
    left = campaign.get("estimated_seconds")
    if left is None:
        return t("enviando", "sending")
    return t(f"enviando, termina em {duration(left)}", f"sending, {duration(left)} left")


def _counts(campaign: Json) -> list[str]:
    words = {
        "sent_messages": ("enviada enviadas", "sent sent"),
        "delivered_messages": ("entregue entregues", "delivered delivered"),
        "read_messages": ("lida lidas", "read read"),
        "responded_count": ("respondeu responderam", "responded responded"),
        "failed_messages": ("falhou falharam", "failed failed"),
        "skipped_messages": ("pulada puladas", "skipped skipped"),
    }
    counts = [
        counted(count, *each) for field, each in words.items() if (count := campaign.get(field))
    ]
    if unconfirmed := campaign.get("unconfirmed_messages"):
        counts.append(number(unconfirmed) + t(" sem confirmação", " unconfirmed"))
    # While others leave, one of them is nearly always on its way.
    sending = campaign["status"] == "active" and campaign["pending_messages"]
    if (checked := campaign.get("in_flight_messages")) and not sending:
        counts.append(number(checked) + t(" a verificar", " to be checked"))
    return counts


def pause_explained(campaign: Json) -> str:
    """Who paused it, and what lets it go on."""
    reason = campaign.get("auto_pause_reason")
    if not reason:
        return t("pausada", "paused")
    explanation = reason_explained(campaign)
    if _goes_on_by_itself(campaign):
        return t(
            f"pausada pelo sistema: {explanation}, e ela continua sozinha",
            f"paused by the system: {explanation}, and it goes on by itself",
        )
    resume = f"campaigns resume {campaign['id']}"
    return t(
        f"pausada pelo sistema: {explanation}; depois: {resume}",
        f"paused by the system: {explanation}; then: {resume}",
    )


def reason_explained(campaign: Json) -> str:
    """Why the system paused it, and what to do about that."""
    if campaign.get("last_error") == "other_phone_connected":
        return t(
            "outro número foi conectado, e ela não continua sozinha",
            "another number was connected, and it does not go on by itself",
        )
    reason = str(campaign["auto_pause_reason"])
    return _pause_reasons(campaign["id"]).get(reason, str(campaign.get("last_error") or reason))


def _goes_on_by_itself(campaign: Json) -> bool:
    return (
        campaign["auto_pause_reason"] == "instance_disconnected"
        and bool(campaign.get("resume_on_reconnect"))
        and campaign.get("last_error") != "other_phone_connected"
    )


def _pause_reasons(campaign_id: str) -> dict[str, str]:
    return {
        "instance_disconnected": t(
            "o WhatsApp desconectou; reconecte-o", "WhatsApp disconnected; connect it again"
        ),
        "instance_unauthorized": t(
            "o servidor Evolution recusou a chave; corrija-a na instância",
            "the Evolution server refused the key; correct it in the instance",
        ),
        "instance_not_found": t(
            "o servidor Evolution não conhece mais a instância; recrie-a lá",
            "the Evolution server no longer knows the instance; make it again there",
        ),
        "licence_required": t(
            "a licença do servidor Evolution não está ativa; ative-a",
            "the Evolution server's licence is not active; activate it",
        ),
        "address_not_allowed": t(
            "o endereço do servidor Evolution não é permitido; corrija-o na instância",
            "the Evolution server's address is not allowed; correct it in the instance",
        ),
        "many_failures": t(
            "muitos envios seguidos falharam; veja os motivos antes de retomar: "
            f"campaigns logs {campaign_id}",
            "many messages in a row failed; look at the reasons before you resume: "
            f"campaigns logs {campaign_id}",
        ),
        "messages_refused": t(
            "o WhatsApp recusou várias mensagens seguidas; deixe o número descansar um dia e "
            "revise o texto e a lista",
            "WhatsApp refused several messages in a row; let the number rest for a day, and go "
            "over the text and the list",
        ),
        "no_receipts": t(
            "quase nenhuma mensagem da última hora foi entregue; veja no celular se o número "
            "ainda envia",
            "hardly any message of the last hour was delivered; see on the phone whether the "
            "number still sends",
        ),
        "restored_from_backup": t(
            "os dados voltaram de uma cópia de segurança; veja quem ficou sem confirmação",
            "the data came back from a backup; see who is unconfirmed",
        ),
    }


def first_send_later(campaign: Json, now: datetime) -> str | None:
    """When the next message leaves, where that is not within a minute."""
    at = _time(campaign.get("next_scheduled_send"))
    if at is None or (at - now).total_seconds() <= LATER_THAN_NOW_SECONDS:
        return None
    return moment(at, zone_of_campaign(campaign), now)


def said_moment(campaign: Json, field: str, now: datetime) -> str | None:
    """A time of the campaign in its own zone."""
    at = _time(campaign.get(field))
    return None if at is None else moment(at, zone_of_campaign(campaign), now)


def _time(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value).astimezone(UTC)


def zone_of_campaign(campaign: Json) -> ZoneInfo:
    """By whose clock a campaign's times are told."""
    return ZoneInfo(campaign.get("timezone") or "America/Sao_Paulo")
