"""The limits of an instance, and from when on it may send."""

from dataclasses import replace

import pytest

from campaigns.domain.instance import (
    InstanceDraft,
    check_instance,
    is_supported,
    next_allowed_at,
    server_digest,
)
from campaigns.domain.model import ConnectionState, InstanceGate

DRAFT = InstanceDraft("Loja", "https://evolution.example.com", "loja", "key-of-the-shop")
GATE = InstanceGate("in_a", "tn_a", ConnectionState.OPEN, 1, 20_000, 50_000, 250)


def test_the_defaults_of_the_contract() -> None:
    assert (DRAFT.delay_min_seconds, DRAFT.delay_max_seconds, DRAFT.daily_limit) == (20, 50, 250)
    assert check_instance(DRAFT) == ()


@pytest.mark.parametrize(
    "given_values",
    [
        {"delay_min_seconds": 1, "delay_max_seconds": 1},
        {"delay_min_seconds": 3_600, "delay_max_seconds": 3_600},
        {"daily_limit": None},
        {"daily_limit": 1},
        {"evolution_instance": "Loja da Ana (1)"},
    ],
)
def test_what_lies_on_a_limit_is_valid(given_values: dict[str, object]) -> None:
    assert check_instance(replace(DRAFT, **given_values)) == ()


@pytest.mark.parametrize(
    ("given_values", "field", "code"),
    [
        ({"name": " "}, "name", "required"),
        ({"name": "n" * 201}, "name", "too_long"),
        ({"evolution_instance": ""}, "evolution_instance", "required"),
        ({"evolution_instance": ".."}, "evolution_instance", "invalid_name"),
        ({"evolution_instance": "a/b"}, "evolution_instance", "invalid_name"),
        ({"evolution_instance": "a\n"}, "evolution_instance", "invalid_name"),
        ({"api_key": ""}, "api_key", "invalid_api_key"),
        ({"api_key": "a\r\nb"}, "api_key", "invalid_api_key"),
        ({"api_key": "chavé"}, "api_key", "invalid_api_key"),
        ({"delay_min_seconds": 0}, "delay_min_seconds", "out_of_range"),
        ({"delay_max_seconds": 3_601}, "delay_max_seconds", "out_of_range"),
        ({"delay_min_seconds": 51}, "delay_max_seconds", "delay_order"),
        ({"daily_limit": 0}, "daily_limit", "out_of_range"),
    ],
)
def test_each_limit_is_told_on_its_field(
    given_values: dict[str, object], field: str, code: str
) -> None:
    errors = check_instance(replace(DRAFT, **given_values))
    assert [(error.field, error.code) for error in errors] == [(field, code)]


@pytest.mark.parametrize("version", ["2.0.0", "2.3.7", "v2.4.0-rc.1", "10.1"])
def test_evolution_from_2_on_is_supported(version: str) -> None:
    assert is_supported(version)


@pytest.mark.parametrize("version", ["1.8.2", "1.10", "", "latest", "2", None])
def test_an_older_or_unknown_version_is_not_supported(version: str | None) -> None:
    assert not is_supported(version)


def test_one_instance_of_a_server_has_one_digest() -> None:
    one = server_digest("https://evolution.example.com", "loja")
    assert one == server_digest("https://evolution.example.com", "loja")
    assert one != server_digest("https://evolution.example.com", "loja2")
    assert one != server_digest("https://evolution.example.com/loja", "")


def test_the_api_key_does_not_show_in_a_repr() -> None:
    assert "key-of-the-shop" not in repr(DRAFT)


def test_the_next_request_waits_for_the_gap() -> None:
    gate = replace(GATE, last_left_at=100_000)
    assert next_allowed_at(gate, 110_000, "2026-11-20", 999_000) == 120_000
    assert next_allowed_at(gate, 120_000, "2026-11-20", 999_000) is None


def test_on_a_full_day_the_next_request_waits_for_the_next_day() -> None:
    gate = replace(GATE, day="2026-11-20", day_count=250)
    assert next_allowed_at(gate, 500_000, "2026-11-20", 999_000) == 999_000
    assert next_allowed_at(gate, 500_000, "2026-11-21", 999_000) is None
    assert next_allowed_at(replace(gate, daily_limit=None), 1, "2026-11-20", 9) == 20_000
