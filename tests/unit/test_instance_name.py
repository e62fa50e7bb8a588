"""Names of instances on the deployment's own server."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.identity import Identity
from campaigns.domain.instance import InstanceDraft, check_instance
from campaigns.domain.instance_name import name_on_server

MARK = Identity(b"s" * 32).instance_mark("tn_1", "attempt")


@pytest.mark.parametrize(
    ("wish", "beginning"),
    [
        ("Loja do Centro", "loja-do-centro-"),
        ("  São João / Açaí!  ", "sao-joao-acai-"),
        ("../../etc", "etc-"),
        ("日本", "instancia-"),
        ("", "instancia-"),
        ("x" * 200, "x" * 40 + "-"),
    ],
)
def test_a_name_begins_as_it_was_wished_for(wish: str, beginning: str):
    name = name_on_server(wish, MARK)
    assert name == beginning + MARK[:20]


@given(st.text(max_size=200))
def test_every_wish_makes_a_name_that_fits_into_a_path(wish: str):
    name = name_on_server(wish, MARK)
    assert check_instance(InstanceDraft("Loja", "https://evo.example.com", name, "key")) == ()


def test_a_mark_is_of_one_tenant_one_attempt_and_one_deployment():
    marks = {
        Identity(secret).instance_mark(tenant_id, attempt)
        for secret in (b"s" * 32, b"t" * 32)
        for tenant_id in ("tn_1", "tn_2")
        for attempt in ("a", "b")
    }
    assert len(marks) == 8
    assert len({mark[:20] for mark in marks}) == 8
