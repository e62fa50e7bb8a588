"""Which Evolution servers a deployment lets itself be sent to."""

import pytest

from campaigns.domain.server_address import (
    AddressPolicy,
    AddressProblem,
    AddressRefused,
    is_public,
)

STRICT = AddressPolicy(frozenset({"evolution.example.com", "other.example.com:8443", "10.0.0.5"}))
LOCAL = AddressPolicy(allow_private=True)


def refusal(policy: AddressPolicy, url: str) -> AddressProblem:
    with pytest.raises(AddressRefused) as refused:
        policy.check_url(url)
    return refused.value.problem


@pytest.mark.parametrize(
    ("url", "stored"),
    [
        ("https://evolution.example.com", "https://evolution.example.com"),
        ("HTTPS://Evolution.Example.com:443/", "https://evolution.example.com"),
        ("https://evolution.example.com./", "https://evolution.example.com"),
        ("https://evolution.example.com:8080", "https://evolution.example.com:8080"),
        ("https://other.example.com:8443/evo/", "https://other.example.com:8443/evo"),
    ],
)
def test_an_allowed_url_has_one_stored_form(url: str, stored: str) -> None:
    assert STRICT.check_url(url) == stored
    assert STRICT.check_url(stored) == stored


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://evolution.example.com", AddressProblem.HTTPS_REQUIRED),
        ("ftp://evolution.example.com", AddressProblem.HTTPS_REQUIRED),
        ("evolution.example.com", AddressProblem.INVALID_URL),
        ("https://", AddressProblem.INVALID_URL),
        ("https://user@evolution.example.com", AddressProblem.INVALID_URL),
        ("https://evil.example.net\\@evolution.example.com", AddressProblem.INVALID_URL),
        ("https://evolution.example.com/?a=b", AddressProblem.INVALID_URL),
        ("https://evolution.example.com/#a", AddressProblem.INVALID_URL),
        ("https://evolution.example.com/a/../b", AddressProblem.INVALID_URL),
        ("https://evolution.example.com:0", AddressProblem.INVALID_URL),
        ("https://evolution.example.com:99999", AddressProblem.INVALID_URL),
        ("https://evolution.example.com/" + "a" * 500, AddressProblem.INVALID_URL),
        ("https://evolutión.example.com", AddressProblem.INVALID_URL),
        ("https://elsewhere.example.com", AddressProblem.HOST_NOT_ALLOWED),
        ("https://other.example.com", AddressProblem.HOST_NOT_ALLOWED),
        ("https://evolution.example.com.evil.net", AddressProblem.HOST_NOT_ALLOWED),
        ("https://10.0.0.5", AddressProblem.PRIVATE_ADDRESS),
    ],
)
def test_a_url_is_refused_with_its_reason(url: str, problem: AddressProblem) -> None:
    assert refusal(STRICT, url) is problem


@pytest.mark.parametrize(
    "host", ["localhost", "evolution", "a.localhost", "a.local", "a.internal", "[::1]", "127.0.0.1"]
)
def test_a_private_name_is_refused_although_it_is_on_the_list(host: str) -> None:
    policy = AddressPolicy(frozenset({host.strip("[]")}))
    assert refusal(policy, f"https://{host}") is AddressProblem.PRIVATE_ADDRESS


def test_an_empty_list_allows_no_host() -> None:
    problem = refusal(AddressPolicy(), "https://evolution.example.com")
    assert problem is AddressProblem.HOST_NOT_ALLOWED


def test_a_local_deployment_takes_plain_http_and_any_host() -> None:
    assert LOCAL.check_url("http://127.0.0.1:8090/") == "http://127.0.0.1:8090"
    assert LOCAL.check_url("http://[::1]:8090") == "http://[::1]:8090"
    assert LOCAL.place("http://127.0.0.1:8090") == ("127.0.0.1", 8090)
    assert LOCAL.allows_address("127.0.0.1")


def test_a_local_deployment_with_a_list_keeps_to_it() -> None:
    policy = AddressPolicy(frozenset({"127.0.0.1"}), allow_private=True)
    assert policy.check_url("http://127.0.0.1:8090") == "http://127.0.0.1:8090"
    assert refusal(policy, "http://127.0.0.2") is AddressProblem.HOST_NOT_ALLOWED


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 - an address to be refused, not one to listen on
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fd00::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::a00:1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::a00:1",
        "2002:7f00:1::1",
        "2001:0:a00:1::",
        "2001:db8::1",
        "fec0::1",
        "::7f00:1",
        "::ffff:0:a00:1",
        "4000::1",
        "ff0e::1",
        "2130706433",
        "0x7f.0.0.1",
        "127.1",
        "0177.0.0.1",
        "",
        "no address",
    ],
)
def test_an_address_outside_the_public_internet_is_refused(address: str) -> None:
    assert not is_public(address)
    assert not STRICT.allows_address(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]
)
def test_a_public_address_is_allowed(address: str) -> None:
    assert is_public(address)
