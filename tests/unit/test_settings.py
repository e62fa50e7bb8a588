"""Settings come from the environment, and what cannot work is refused at the start."""

import pytest

from campaigns.domain.gates import time_for_one_send_ms
from campaigns.domain.server_address import AddressRefused
from campaigns.settings import InvalidSetting, MissingSetting, Settings

REQUIRED = {
    "TABLE_NAME": "campaigns",
    "QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/000000000000/jobs.fifo",
    "KMS_KEY_ID": "alias/campaigns",
    "SCHEDULER_FUNCTION_NAME": "scheduler",
}
NUMBERS = {
    "READ_TIMEOUT_SECONDS": "12.5",
    "CONNECT_TIMEOUT_SECONDS": "2.5",
    "FUNCTION_TIMEOUT_SECONDS": "45",
    "UNKNOWN_GRACE_SECONDS": "5.5",
    "LANE_SHARDS": "16",
    "BREAKER_SAMPLE": "40",
}
#: Off at zero.
LIMITS = {
    "BREAKER_FAILURES": "3",
    "BREAKER_REFUSALS": "4",
    "BREAKER_NO_RECEIPT_SHARE": "0.75",
}


def settings(**given: str) -> Settings:
    return Settings.from_environment(REQUIRED | given)


def test_each_field_is_the_environment_variable_of_its_name():
    given = (
        NUMBERS
        | LIMITS
        | {
            "EVOLUTION_ALLOWED_HOSTS": "evo.example.com:8443, ,other.example.com ,",
            "EVOLUTION_ALLOW_PRIVATE_ADDRESSES": "True",
            "EVOLUTION_SERVER_URL": "http://evo.internal:8080/",
            "EVOLUTION_SERVER_KEY_PARAMETER": "/campaigns/evolution-server-key",
            "PUBLIC_URL": " https://api.example.com ",
            "METRICS_NAMESPACE": "loja",
        }
    )
    read = settings(**given)
    for name, value in (REQUIRED | NUMBERS | LIMITS).items():
        assert str(getattr(read, name.lower())) == value
    assert read.evolution_allowed_hosts == ("evo.example.com:8443", "other.example.com")
    assert read.evolution_allow_private_addresses is True
    assert read.evolution_server == "http://evo.internal:8080"
    assert read.evolution_server_key_parameter == "/campaigns/evolution-server-key"
    assert read.public_url == "https://api.example.com"
    assert read.metrics_namespace == "loja"
    assert {name.lower() for name in REQUIRED | given} == set(Settings.__dataclass_fields__)


def test_only_four_settings_are_required_and_the_rest_is_the_products_default():
    assert settings() == Settings(*REQUIRED.values())
    assert settings().evolution_allowed_hosts == ()
    assert settings().evolution_allow_private_addresses is False


def test_the_environment_of_the_process_is_read_by_default(monkeypatch):
    for name, value in (REQUIRED | {"LANE_SHARDS": "3"}).items():
        monkeypatch.setenv(name, value)
    assert Settings.from_environment().lane_shards == 3


@pytest.mark.parametrize("name", REQUIRED)
@pytest.mark.parametrize("is_empty", [True, False])
def test_a_required_setting_that_is_missing_or_empty_is_named(name, is_empty):
    environment = {key: value for key, value in REQUIRED.items() if key != name}
    if is_empty:
        environment[name] = ""
    with pytest.raises(MissingSetting, match=name):
        Settings.from_environment(environment)


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", ["", "ten", "0", "-1", "nan", "inf", "-inf"])
def test_a_number_that_cannot_be_is_refused_before_anything_runs_on_it(name, value):
    with pytest.raises(ValueError, match=r"above zero|could not convert|invalid literal"):
        settings(**{name: value})


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize("value", ["", "ten", "-1", "nan", "inf"])
def test_a_limit_of_the_breaker_that_cannot_be_is_refused(name, value):
    with pytest.raises(ValueError, match=r"0 \(off\)|could not convert|invalid literal"):
        settings(**{name: value})
    assert getattr(settings(**{name: "0"}), name.lower()) == 0


def test_a_share_is_no_more_than_all():
    assert settings(BREAKER_NO_RECEIPT_SHARE="1").breaker_limits.no_receipt_share == 1
    with pytest.raises(InvalidSetting, match="to 1"):
        settings(BREAKER_NO_RECEIPT_SHARE="90")


@pytest.mark.parametrize("value", ["1", "yes", "on", "false", "", "truee"])
def test_private_addresses_are_allowed_by_the_word_true_alone(value):
    assert not settings(EVOLUTION_ALLOW_PRIVATE_ADDRESSES=value).evolution_allow_private_addresses


def test_a_dispatcher_without_the_time_for_one_send_is_refused_with_what_to_set():
    assert time_for_one_send_ms(20_000) == 31_500
    with pytest.raises(InvalidSetting, match="at least 32"):
        settings(FUNCTION_TIMEOUT_SECONDS="31")
    assert settings(FUNCTION_TIMEOUT_SECONDS="32").function_timeout_seconds == 32


def test_a_lease_outlives_the_function_and_its_send():
    read = settings(READ_TIMEOUT_SECONDS="12.5", FUNCTION_TIMEOUT_SECONDS="45")
    assert read.lease_ms == 75_000
    assert read.lease_ms > read.function_timeout_seconds * 1_000 > read.read_timeout_ms


def test_times_of_less_than_a_second_are_kept():
    read = settings(READ_TIMEOUT_SECONDS="0.25", UNKNOWN_GRACE_SECONDS="0.5")
    assert (read.read_timeout_ms, read.grace_ms) == (250, 500)


def test_the_deployments_own_server_may_be_called_without_being_listed():
    read = settings(EVOLUTION_SERVER_URL=" https://Evo.example.com/ ")
    assert read.evolution_server == "https://evo.example.com"
    read.address_policy.check_host("evo.example.com", 443)
    with pytest.raises(AddressRefused, match="host_not_allowed"):
        read.address_policy.check_host("evo.example.com", 8443)


def test_a_list_that_allows_every_host_is_not_narrowed_to_the_deployments_own_server():
    read = settings(
        EVOLUTION_SERVER_URL="http://127.0.0.1:8090", EVOLUTION_ALLOW_PRIVATE_ADDRESSES="true"
    )
    read.address_policy.check_host("192.168.0.9", 8080)


@pytest.mark.parametrize("url", ["api.example.com", "ftp://api", "https://", "https://a b"])
def test_an_address_that_no_server_could_call_is_refused(url):
    with pytest.raises(InvalidSetting, match="PUBLIC_URL"):
        settings(PUBLIC_URL=url)
    assert settings(PUBLIC_URL="http://127.0.0.1:8000").public_url == "http://127.0.0.1:8000"


def test_without_a_server_of_its_own_a_deployment_has_none():
    assert (settings().evolution_server, settings().evolution_server_key_parameter) == ("", "")


@pytest.mark.parametrize(
    "url",
    [
        "http://evo.example.com",
        "https://evo",
        "https://10.0.0.9",
        "https://user@evo.example.com",
        "evo.example.com",
        "https://evo.example.com:99999",
    ],
)
def test_a_server_that_could_never_be_called_is_refused_with_what_to_do(url):
    with pytest.raises(InvalidSetting, match="EVOLUTION_ALLOW_PRIVATE_ADDRESSES=true"):
        settings(EVOLUTION_SERVER_URL=url)
