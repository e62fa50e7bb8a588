"""Who may report of an instance."""

import string
from dataclasses import dataclass, field, replace

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.adapters.webhook_token import is_signed
from campaigns.domain.errors import Unauthenticated
from campaigns.domain.identity import Identity
from campaigns.domain.model import Instance
from campaigns.domain.webhook_secret import OVERLAP_MS, is_valid, version_of
from campaigns.services.authenticate_webhook import KEPT_MS, VERSIONS_TRIED, AuthenticateWebhook
from tests.fakes.clock import FakeClock

IDENTITY = Identity(b"secret")
NOW = 1_795_525_200_000
INSTANCE = Instance(
    instance_id="in_1",
    tenant_id="tn_1",
    name="Loja",
    evolution_url="https://evolution.example",
    evolution_instance="loja",
    encrypted_api_key=b"x",
    config_version=1,
    created_at=NOW,
    updated_at=NOW,
    webhook_version=3,
    webhook_rotated_at=NOW,
)


@dataclass
class FakeInstances:
    """Counts how often it is asked."""

    kept: dict[str, Instance] = field(default_factory=dict)
    reads: int = 0

    def read(self, instance_id: str) -> Instance | None:
        self.reads += 1
        return self.kept.get(instance_id)


def a_service(
    *instances: Instance,
) -> tuple[AuthenticateWebhook, FakeInstances, FakeClock]:
    book = FakeInstances({each.instance_id: each for each in instances})
    clock = FakeClock()
    service = AuthenticateWebhook(
        identity=IDENTITY, instances=book, is_signed=is_signed, clock=clock
    )
    return service, book, clock


def secret(version: int, instance_id: str = "in_1") -> str:
    return IDENTITY.webhook_secret(instance_id, version)


@given(st.integers(min_value=1, max_value=999_999_999))
def test_a_secret_tells_its_version_of_its_own_instance_alone(version):
    assert version_of(secret(version), IDENTITY, "in_1") == version
    assert version_of(secret(version), IDENTITY, "in_2") is None
    assert version_of(secret(version), Identity(b"another"), "in_1") is None


@given(st.data())
def test_a_secret_with_one_character_changed_is_none(data):
    good = secret(12)
    place = data.draw(st.integers(min_value=0, max_value=len(good) - 1))
    other = data.draw(st.sampled_from(string.printable).filter(lambda each: each != good[place]))
    assert version_of(good[:place] + other + good[place + 1 :], IDENTITY, "in_1") is None


@given(st.text())
def test_no_text_is_an_error_or_a_secret(text):
    assert version_of(text, IDENTITY, "in_1") is None
    assert not is_signed(text, secret(1), NOW)


@pytest.mark.parametrize(
    ("version", "later_ms", "holds"),
    [
        (3, 10 * OVERLAP_MS, True),
        (2, 0, True),
        (2, OVERLAP_MS - 1, True),
        (2, OVERLAP_MS, False),
        (1, 0, False),
        (4, 0, False),
    ],
)
def test_two_secrets_are_valid_for_a_day_after_a_rotation(version, later_ms, holds):
    assert is_valid(version, INSTANCE, NOW + later_ms) is holds


def test_before_the_first_rotation_one_secret_is_valid():
    new = replace(INSTANCE, webhook_version=1, webhook_rotated_at=None)
    assert [version for version in range(1, 5) if is_valid(version, new, NOW)] == [1]


def test_until_the_server_was_told_of_a_rotation_the_secret_before_is_valid():
    begun = replace(INSTANCE, webhook_rotated_at=None)
    later = NOW + 10 * OVERLAP_MS
    assert [version for version in range(1, 5) if is_valid(version, begun, later)] == [2, 3]


def test_authenticity_is_told_without_a_read():
    service, book, _ = a_service(INSTANCE)
    assert service.version("in_1", secret=secret(3), token=None) == 3
    assert book.reads == 0


@pytest.mark.parametrize("given_secret", [None, "", "whs_3_", "senha"])
def test_without_a_right_secret_nobody_is_let_in(given_secret):
    service, _, _ = a_service(INSTANCE)
    with pytest.raises(Unauthenticated):
        service.version("in_1", secret=given_secret, token=None)


def test_an_instance_is_read_once_a_minute():
    service, book, clock = a_service(INSTANCE)
    for _ in range(5):
        assert service.instance("in_1", 3) == INSTANCE
    assert book.reads == 1
    clock.sleep(KEPT_MS)
    assert service.instance("in_1", 3) == INSTANCE
    assert book.reads == 2


def test_a_secret_that_was_rotated_in_just_now_is_not_turned_away():
    service, book, _ = a_service(INSTANCE)
    service.instance("in_1", 3)
    book.kept["in_1"] = replace(INSTANCE, webhook_version=4)
    assert service.instance("in_1", 4) == book.kept["in_1"]


def test_a_secret_that_was_rotated_away_is_turned_away():
    service, _, clock = a_service(replace(INSTANCE, webhook_rotated_at=FakeClock().now()))
    assert service.instance("in_1", 2)
    clock.sleep(OVERLAP_MS)
    with pytest.raises(Unauthenticated):
        service.instance("in_1", 2)


def test_of_a_deleted_instance_nothing_is_told():
    service, _, _ = a_service()
    assert service.instance("in_1", 1) is None


# Evolution's own tokens


def token(key: str, *, algorithm: str = "HS256", **claims: object) -> str:
    known: dict[str, object] = {"iat": NOW // 1_000, "exp": NOW // 1_000 + 600, "app": "evolution"}
    return jwt.encode(known | claims, key, algorithm=algorithm)


def test_a_token_is_as_good_as_the_secret_that_signed_it():
    service, book, clock = a_service(INSTANCE)
    ends = clock.now() // 1_000 + 600
    signed = token(secret(VERSIONS_TRIED), exp=ends)
    assert service.version("in_1", secret=None, token=signed) == VERSIONS_TRIED
    assert service.version("in_1", secret="wrong", token=signed) == VERSIONS_TRIED
    assert book.reads == 0
    with pytest.raises(Unauthenticated):
        service.version("in_2", secret=None, token=signed)


@pytest.mark.parametrize(
    ("later_ms", "holds"), [(0, True), (600_000, True), (659_999, True), (660_000, False)]
)
def test_a_token_ends_a_little_after_its_time(later_ms, holds):
    assert is_signed(token(secret(1)), secret(1), NOW + later_ms) is holds


@pytest.mark.parametrize("ends", [None, "1895349529", True, 1e12, [], float("inf")])
def test_a_token_without_a_plain_end_is_none(ends):
    assert not is_signed(token(secret(1), exp=ends), secret(1), NOW)


@pytest.mark.parametrize("algorithm", ["none", "HS384", "HS512"])
def test_a_token_does_not_choose_its_own_algorithm(algorithm):
    key = "" if algorithm == "none" else secret(1)
    assert not is_signed(token(key, algorithm=algorithm), secret(1), NOW)


def test_a_token_of_the_future_is_no_reason_to_lose_an_event():
    """The server's clock may be ahead."""
    assert is_signed(token(secret(1), iat=NOW // 1_000 + 30), secret(1), NOW)
