"""What cannot work is said before the local stack starts anything, in the user's language."""

import pytest

from local.checked_settings import ConfigError, check_settings
from local.config import Config


def refusal(**environment: str) -> str:
    with pytest.raises(ConfigError) as refused:
        Config.from_environment(environment)
    return str(refused.value)


def test_a_dispatcher_without_time_for_one_send_is_refused_with_what_to_set() -> None:
    sentence = refusal(FUNCTION_TIMEOUT_SECONDS="5")
    assert sentence == (
        "FUNCTION_TIMEOUT_SECONDS=5 é pouco para READ_TIMEOUT_SECONDS=20: use pelo menos 32, ou "
        "diminua READ_TIMEOUT_SECONDS."
    )
    assert "pelo menos 62" in refusal(READ_TIMEOUT_SECONDS="50")
    check_settings({"FUNCTION_TIMEOUT_SECONDS": "32"})
    check_settings({"FUNCTION_TIMEOUT_SECONDS": "20", "READ_TIMEOUT_SECONDS": "5"})


def test_an_english_locale_reads_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    assert "is too short for" in refusal(FUNCTION_TIMEOUT_SECONDS="5")
    assert "is no port" in refusal(API_PORT="x")


@pytest.mark.parametrize(
    "name", ["READ_TIMEOUT_SECONDS", "CONNECT_TIMEOUT_SECONDS", "UNKNOWN_GRACE_SECONDS"]
)
@pytest.mark.parametrize("value", ["soon", "0", "-1", "nan", "inf"])
def test_a_number_that_cannot_be_is_named(name: str, value: str) -> None:
    assert refusal(**{name: value}).startswith(f"{name} precisa ser um número")


@pytest.mark.parametrize("name", ["FUNCTION_TIMEOUT_SECONDS", "LANE_SHARDS"])
def test_a_whole_number_is_wanted_where_only_one_will_do(name: str) -> None:
    assert "inteiro" in refusal(**{name: "40.5"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BREAKER_FAILURES", "-1"),
        ("BREAKER_FAILURES", "2.5"),
        ("BREAKER_REFUSALS", "many"),
        ("BREAKER_NO_RECEIPT_SHARE", "90"),
        ("BREAKER_NO_RECEIPT_SHARE", "nan"),
    ],
)
def test_a_limit_of_the_breaker_that_cannot_be_is_named_with_how_to_turn_it_off(
    name: str, value: str
) -> None:
    assert refusal(**{name: value}).startswith(f"{name} precisa ser um número")
    assert "0 desliga" in refusal(**{name: value})
    check_settings({name: "0"})


def test_nothing_given_is_nothing_wrong() -> None:
    check_settings({})
    check_settings({"READ_TIMEOUT_SECONDS": "", "FUNCTION_TIMEOUT_SECONDS": ""})


def test_another_setting_that_the_functions_refuse_is_told_in_their_words() -> None:
    assert "EVOLUTION_SERVER_URL" in refusal(EVOLUTION_SERVER_URL="ftp://server")
