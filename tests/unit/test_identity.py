"""Keyed hashes and ids: the same for the same, and telling nothing."""

import re
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.identity import Identity, new_id, new_token

SECRET = b"0123456789abcdef0123456789abcdef"
IDS = st.text("abcdefghijklmnopqrstuvwxyz0123456789_", min_size=1, max_size=30)
PERSON_KEYS = st.from_regex(r"55[1-9]{2}9[0-9]{8}", fullmatch=True)
NOW = 1_795_349_529_000


@given(PERSON_KEYS, IDS, IDS)
def test_an_identity_follows_from_the_secret_and_its_parts_alone(person_key, tenant, campaign):
    one, same, other = Identity(SECRET), Identity(bytes(SECRET)), Identity(SECRET + b"!")
    person = one.person(person_key)
    assert same.person(person_key) == person != other.person(person_key)
    assert same.contact_id(tenant, person) == one.contact_id(tenant, person)
    assert one.contact_id(tenant, person) != other.contact_id(tenant, person)
    assert one.recipient_id(campaign, person) != other.recipient_id(campaign, person)


@given(PERSON_KEYS, IDS)
def test_no_identity_shows_the_phone_or_fits_another_use(person_key, tenant):
    identity = Identity(SECRET)
    person = identity.person(person_key)
    ids = [
        person,
        identity.contact_id(tenant, person),
        identity.recipient_id(tenant, person),
        identity.whatsapp_message_id(tenant, person),
    ]
    # The same parts in another role give another hash.
    assert len({each.rpartition("_")[2] for each in ids}) == 4
    for each in ids:
        assert person_key not in each
        assert person_key[-8:] not in each
    assert all(re.fullmatch(r"(ct_|rc_)?[a-z2-7]{26}", each) for each in ids[:3])


@given(IDS, IDS, st.integers(1, 9))
def test_a_webhooks_secret_is_of_one_instance_and_one_version(instance_id, other, version):
    identity = Identity(SECRET)
    secret = identity.webhook_secret(instance_id, version)
    assert re.fullmatch(rf"whs_{version}_[0-9a-f]{{64}}", secret)
    assert secret == Identity(SECRET).webhook_secret(instance_id, version)
    assert secret[6:] != identity.webhook_secret(instance_id, version + 1)[6:]
    assert (secret == identity.webhook_secret(other, version)) is (instance_id == other)
    assert secret != Identity(SECRET + b"!").webhook_secret(instance_id, version)


def test_parts_do_not_run_into_one_another():
    identity = Identity(SECRET)
    assert identity.contact_id("tn_1", "2x") != identity.contact_id("tn_12", "x")


def test_tenants_and_campaigns_have_ids_of_their_own_for_one_person():
    identity = Identity(SECRET)
    person = identity.person("5511990000001")
    assert identity.contact_id("tn_1", person) != identity.contact_id("tn_2", person)
    assert identity.recipient_id("cp_1", person) != identity.recipient_id("cp_2", person)


@given(IDS, IDS)
def test_a_whatsapp_message_id_has_evolutions_format_and_is_the_same_at_every_try(
    recipient_id, instance_id
):
    identity = Identity(SECRET)
    message_id = identity.whatsapp_message_id(recipient_id, instance_id)
    assert re.fullmatch(r"3EB0[0-9A-F]{18}", message_id)
    assert message_id == identity.whatsapp_message_id(recipient_id, instance_id)
    assert message_id != identity.whatsapp_message_id(recipient_id, instance_id + "2")
    assert message_id != identity.whatsapp_message_id(recipient_id + "2", instance_id)


def test_the_secret_is_not_in_the_repr():
    assert SECRET.decode() not in repr(Identity(SECRET))
    assert str(SECRET) not in repr(Identity(SECRET))


@given(
    st.integers(0, 2**48 - 1),
    st.integers(0, 2**48 - 1),
    st.integers(0, 2**32),
    st.integers(0, 2**32),
)
def test_fresh_ids_sort_by_their_time_of_birth(first, second, seed, other_seed):
    one, two = new_id("cp", first, Random(seed)), new_id("cp", second, Random(other_seed))
    assert re.fullmatch(r"cp_[0-9a-hjkmnp-tv-z]{26}", one)
    if first < second:
        assert one < two


def test_ids_and_tokens_of_one_moment_differ():
    random = Random(1)
    assert len({new_id("cp", NOW, random) for _ in range(1_000)}) == 1_000
    tokens = {new_token(random) for _ in range(1_000)}
    assert len(tokens) == 1_000
    assert {len(token) for token in tokens} == {16}
