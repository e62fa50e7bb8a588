"""What a tenant may be set to. Every fault is told at once, each by its field."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from campaigns.domain.contact import fold_text
from campaigns.domain.errors import FieldError
from campaigns.domain.instants import known_zone
from campaigns.domain.model import Tenant
from campaigns.domain.plain_text import has_controls, is_blank
from campaigns.domain.sending_window import InvalidSendingWindow, QuietHours, SendingWindowProblem

NAME_LIMIT: Final = 200
LOCALES: Final = ("pt-BR", "en")
DEFAULT_ZONE: Final = "America/Sao_Paulo"
DEFAULT_LOCALE: Final = LOCALES[0]
DEFAULT_QUIET_HOURS: Final = ("21:00", "08:00")
DEFAULT_KEYWORDS: Final = ("SAIR", "PARAR", "STOP", "CANCELAR")
KEYWORDS_LIMIT: Final = 50
KEYWORD_LIMIT: Final = 60
#: What its owner may change.
SETTINGS: Final = (
    "name",
    "timezone",
    "locale",
    "opt_out_keywords",
    "quiet_hours_start",
    "quiet_hours_end",
)


def check_tenant(tenant: Tenant) -> list[FieldError]:
    """What is wrong with its settings; nothing is."""
    errors = check_name(tenant.name)
    if known_zone(tenant.timezone) is None:
        errors.append(FieldError("timezone", "unknown_timezone", "unknown_timezone"))
    if tenant.locale not in LOCALES:
        errors.append(FieldError("locale", "unknown_locale", "unknown_locale"))
    return errors + _check_quiet_hours(tenant) + _check_keywords(tenant.opt_out_keywords)


def check_name(name: str) -> list[FieldError]:
    """A name of 1 to 200 characters that is seen and stays on its line."""
    if is_blank(name):
        return [FieldError("name", "required", "required")]
    if has_controls(name, lines=False):
        return [FieldError("name", "invalid_text", "invalid_text")]
    if len(name) > NAME_LIMIT:
        return [FieldError("name", "too_long", "too_long", {"limit": NAME_LIMIT})]
    return []


def _check_quiet_hours(tenant: Tenant) -> list[FieldError]:
    """``HH:MM`` each, ``24:00`` as an end; equal ends are allowed and mean never quiet."""
    errors = []
    for name, start, end in (
        ("quiet_hours_start", tenant.quiet_hours_start, "24:00"),
        ("quiet_hours_end", "00:00", tenant.quiet_hours_end),
    ):
        try:
            QuietHours.parse(start, end)
        except InvalidSendingWindow as problem:
            if problem.code is SendingWindowProblem.INVALID_TIME:
                errors.append(FieldError(name, problem.code.value, problem.code.value))
    return errors


def _check_keywords(keywords: Sequence[str]) -> list[FieldError]:
    """One to fifty words or phrases; a spelling with other case or accents is the same one."""
    if not keywords:
        return [FieldError("opt_out_keywords", "too_few", "too_few", {"limit": 1})]
    if len(keywords) > KEYWORDS_LIMIT:
        return [FieldError("opt_out_keywords", "too_many", "too_many", {"limit": KEYWORDS_LIMIT})]
    seen: Counter[str] = Counter()
    errors = []
    for place, keyword in enumerate(keywords):
        field, folded = f"opt_out_keywords.{place}", fold_text(keyword)
        seen[folded] += 1
        if is_blank(keyword):
            errors.append(FieldError(field, "required", "required"))
        elif has_controls(keyword, lines=False):
            errors.append(FieldError(field, "invalid_text", "invalid_text"))
        elif len(keyword) > KEYWORD_LIMIT:
            errors.append(FieldError(field, "too_long", "too_long", {"limit": KEYWORD_LIMIT}))
        elif seen[folded] > 1:
            errors.append(FieldError(field, "repeated", "repeated"))
    return errors
