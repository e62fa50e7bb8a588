"""Times, durations, phones and states as people say them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from campaigns.domain.phone import national
from campaigns_cli.language import t
from campaigns_cli.tables import shown

_DAYS = (
    ("segunda-feira", "Monday"),
    ("terça-feira", "Tuesday"),
    ("quarta-feira", "Wednesday"),
    ("quinta-feira", "Thursday"),
    ("sexta-feira", "Friday"),
    ("sábado", "Saturday"),
    ("domingo", "Sunday"),
)


def moment(at: datetime, zone: ZoneInfo, now: datetime) -> str:
    """An aware time in the campaign's zone: today and tomorrow by name, else weekday and date."""
    local = at.astimezone(zone)
    today = now.astimezone(zone).date()
    clock = f"{local:%H:%M}"
    if local.date() == today:
        return t(f"hoje às {clock}", f"today at {clock}")
    if local.date() == today + timedelta(days=1):
        return t(f"amanhã às {clock}", f"tomorrow at {clock}")
    portuguese, english = _DAYS[local.weekday()]
    return t(
        f"{portuguese}, {local:%d/%m/%Y}, às {clock}", f"{english}, {local:%Y-%m-%d}, at {clock}"
    )


def local_time(at: str | None, zone: ZoneInfo | None = None) -> str | None:
    """A time of the API by the clock of `zone`, else of this computer, to the minute."""
    if at is None:
        return None
    local = datetime.fromisoformat(at).astimezone(zone)
    return t(f"{local:%d/%m/%Y %H:%M}", f"{local:%Y-%m-%d %H:%M}")


def day_shown(day: str) -> str:
    """A day of the API as people write it."""
    found = date.fromisoformat(day)
    return t(f"{found:%d/%m/%Y}", f"{found:%Y-%m-%d}")


def phone_shown(e164: str | None) -> str | None:
    """A phone as people write it: a Brazilian one with its area code, any other with its plus."""
    return None if e164 is None else national(e164)


def percent(rate: float | None) -> str | None:
    """A rate of the API, which is in percent already."""
    return None if rate is None else f"{shown(float(rate))}%"


def word(code: object) -> str:
    """A state or a kind in the user's language; what is new here is shown as it is."""
    return _WORDS.get(str(code), str(code))


_WORDS = {
    # Campaigns.
    "draft": t("rascunho", "draft"),
    "scheduled": t("agendada", "scheduled"),
    "active": t("ativa", "active"),
    "paused": t("pausada", "paused"),
    "completed": t("concluída", "completed"),
    "cancelled": t("cancelada", "cancelled"),
    # When they may send.
    "immediate": t("a qualquer hora", "at any time"),
    "business_days": t("dias úteis, 9h às 18h", "business days, 9-18"),
    "business_hours": t("9h às 18h", "9-18"),
    "custom_period": t("horário próprio", "own hours"),
    # Recipients and test messages.
    "queued": t("na fila", "queued"),
    "pending": t("pendente", "pending"),
    "sending": t("enviando", "sending"),
    "unknown": t("a verificar", "to be checked"),
    "unconfirmed": t("sem confirmação", "unconfirmed"),
    "sent": t("enviada", "sent"),
    "delivered": t("entregue", "delivered"),
    "read": t("lida", "read"),
    "responded": t("respondida", "responded"),
    "failed": t("falhou", "failed"),
    "skipped": t("pulada", "skipped"),
    # WhatsApp numbers.
    "open": t("conectado", "connected"),
    "connecting": t("conectando", "connecting"),
    "close": t("desconectado", "disconnected"),
    "set": t("ligados", "on"),
    "unset": t("desligados; atualize com refresh", "off; refresh it"),
    # Keys.
    "viewer": t("viewer (lê)", "viewer (reads)"),
    "operator": t("operator (envia)", "operator (sends)"),
    "owner": t("owner (administra)", "owner (administers)"),
    # Holidays, contacts.
    "national": t("nacional", "national"),
    "tenant": t("próprio", "own"),
    "manual": t("à mão", "by hand"),
    "import": t("importação", "import"),
    "inbound": t("escreveu para nós", "wrote to us"),
}


def duration(seconds: float) -> str:
    """Roughly, in the two largest units that say something."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return t("menos de 1 min", "less than 1 min")
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"


def utc_now() -> datetime:
    """The computer's clock, for what is said of a time."""
    return datetime.now(UTC)
