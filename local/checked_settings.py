"""The functions' settings that the user gave, judged before anything starts."""

import math
from collections.abc import Callable, Mapping

from campaigns.domain.gates import time_for_one_send_ms
from campaigns.settings import InvalidSetting, Settings
from campaigns_cli.language import t

_NUMBERS: Mapping[str, Callable[[str], float]] = {
    "READ_TIMEOUT_SECONDS": float,
    "CONNECT_TIMEOUT_SECONDS": float,
    "FUNCTION_TIMEOUT_SECONDS": int,
    "UNKNOWN_GRACE_SECONDS": float,
    "LANE_SHARDS": int,
    "BREAKER_SAMPLE": int,
}
# Off at zero: the kind of number, and the most that it may be.
_LIMITS: Mapping[str, tuple[Callable[[str], float], float]] = {
    "BREAKER_FAILURES": (int, math.inf),
    "BREAKER_REFUSALS": (int, math.inf),
    "BREAKER_NO_RECEIPT_SHARE": (float, 1),
}
# What the stack makes itself: here any value does.
_OWN = ("TABLE_NAME", "QUEUE_URL", "KMS_KEY_ID", "SCHEDULER_FUNCTION_NAME")


class ConfigError(Exception):
    """A variable has a value that cannot be meant; one sentence."""


def check_settings(environment: Mapping[str, str]) -> None:
    """Raises `ConfigError` where the functions would refuse to start, and says what to set."""
    given = {name: value for name, value in environment.items() if value}
    for name in _NUMBERS.keys() & given.keys():
        _check_number(name, given[name])
    for name in _LIMITS.keys() & given.keys():
        _check_limit(name, given[name])
    try:
        Settings.from_environment(given | dict.fromkeys(_OWN, "local"))
    except InvalidSetting as error:
        raise ConfigError(_too_short(given) or str(error)) from error


def _check_number(name: str, text: str) -> None:
    try:
        value = _NUMBERS[name](text)
    except ValueError:
        value = 0
    if not 0 < value < math.inf:
        whole = _NUMBERS[name] is int
        portuguese = "inteiro maior que zero" if whole else "maior que zero"
        english = "whole number above zero" if whole else "number above zero"
        raise ConfigError(
            t(
                f"{name} precisa ser um número {portuguese}, e não {text}.",
                f"{name} must be a {english}, not {text}.",
            )
        )


def _check_limit(name: str, text: str) -> None:
    kind, most = _LIMITS[name]
    try:
        value = kind(text)
    except ValueError:
        value = -1
    if not (0 <= value <= most and value < math.inf):
        portuguese = "inteiro, 0 ou mais" if kind is int else "de 0 a 1"
        english = "whole number, 0 or more" if kind is int else "number from 0 to 1"
        raise ConfigError(
            t(
                f"{name} precisa ser um número {portuguese} (0 desliga), e não {text}.",
                f"{name} must be a {english} (0 is off), not {text}.",
            )
        )


def _too_short(given: Mapping[str, str]) -> str | None:
    """The sentence about a dispatcher that has no time for one send; None where it has."""
    defaults = Settings(*_OWN)
    read = float(given.get("READ_TIMEOUT_SECONDS", defaults.read_timeout_seconds))
    function = int(given.get("FUNCTION_TIMEOUT_SECONDS", defaults.function_timeout_seconds))
    needed = math.ceil(time_for_one_send_ms(int(read * 1_000)) / 1_000)
    if function >= needed:
        return None
    return t(
        f"FUNCTION_TIMEOUT_SECONDS={function} é pouco para READ_TIMEOUT_SECONDS={read:g}: use pelo "
        f"menos {needed}, ou diminua READ_TIMEOUT_SECONDS.",
        f"FUNCTION_TIMEOUT_SECONDS={function} is too short for READ_TIMEOUT_SECONDS={read:g}: set "
        f"at least {needed}, or a shorter READ_TIMEOUT_SECONDS.",
    )
