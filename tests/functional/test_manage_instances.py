"""Instances as the API keeps them, against the fake Evolution."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from random import Random, SystemRandom

import boto3
import httpx
import pytest

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.campaign_store import CampaignStore
from campaigns.adapters.dynamodb.gate_items import GateItem
from campaigns.adapters.dynamodb.gate_store import GateStore
from campaigns.adapters.dynamodb.instance_store import InstanceStore
from campaigns.adapters.dynamodb.lane_store import LaneStore
from campaigns.adapters.dynamodb.table import Table
from campaigns.adapters.dynamodb.tenant_store import TenantStore
from campaigns.adapters.evolution_admin import EvolutionAdmin
from campaigns.adapters.kms import KmsVault
from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.errors import (
    ConcurrentUpdate,
    Conflict,
    GatewayRefused,
    NotFound,
    Unavailable,
    ValidationFailed,
)
from campaigns.domain.identity import Identity
from campaigns.domain.instance import InstanceDraft
from campaigns.domain.model import Campaign, ConnectionState
from campaigns.domain.server_address import AddressPolicy
from campaigns.services.follow_connection import FollowConnection
from campaigns.services.instance_views import InstanceViews
from campaigns.services.manage_instances import ManageInstances
from campaigns.services.manage_tenants import ManageTenants
from campaigns.services.pause_campaign import PauseCampaign
from campaigns.services.ports_registry import InstanceChange
from campaigns.services.probe_instance import ProbeInstance
from campaigns.services.set_webhook import SetWebhook
from campaigns.services.tenant_rules import CachedTenantRules
from local.fake_evolution import Behaviour, FakeEvolution, Operation, Rule, transport
from local.fake_evolution import ConnectionState as FakeState
from tests.fakes.aws import create_kms_key, ministack_table, model_table
from tests.fakes.clock import FakeClock
from tests.fakes.dynamodb import REGION
from tests.fakes.metrics import ToldMetrics
from tests.fakes.side_by_side import one_after_the_other

SERVER = "https://evolution.example.com"
KEY = "key-of-the-shop"
ACTOR = "key:01"
PHONE = "5511990001234"
DRAFT = InstanceDraft("Loja", SERVER, "loja", KEY)
PUBLIC, PRIVATE = "93.184.215.14", "10.0.0.7"


@dataclass
class Deployment:
    """One deployment with two tenants, and an Evolution server that it may call."""

    table: Table
    clock: FakeClock = field(default_factory=FakeClock)
    addresses: tuple[str, ...] = (PUBLIC,)
    resumed: list[Campaign] = field(default_factory=list)
    metrics: ToldMetrics = field(default_factory=ToldMetrics)

    def __post_init__(self) -> None:
        self.fake = FakeEvolution(lambda: self.clock.at / 1_000, lambda _: None, Random(1))
        self.fake.register_instance("loja", KEY, number=PHONE)
        tenants = TenantStore(self.table)
        self.rules = CachedTenantRules(tenants, self.clock)
        manage_tenants = ManageTenants(
            tenants=tenants, cached_rules=self.rules, clock=self.clock, random=SystemRandom()
        )
        self.tenant = manage_tenants.create_tenant("Padaria").tenant_id
        self.rival = manage_tenants.create_tenant("Ótica").tenant_id
        self.vault = KmsVault(boto3.client("kms", region_name=REGION), create_kms_key())
        self.store = InstanceStore(self.table)
        self.gates = GateStore(self.table)
        admin = EvolutionAdmin(httpx.Client(transport=transport(self.fake)))
        identity = Identity(b"s" * 32)
        campaigns = CampaignStore(self.table, LaneStore(self.table, Random(1), 8))
        self.instances = ManageInstances(
            instances=self.store,
            views=InstanceViews(
                instances=self.store,
                gates=self.gates,
                campaigns=campaigns,
                tenants=self.rules,
                clock=self.clock,
            ),
            vault=self.vault,
            probe=ProbeInstance(
                admin,
                AddressPolicy(frozenset({"evolution.example.com", "new.example.com"})),
                lambda *_: self.addresses,
            ),
            follow=FollowConnection(
                instances=self.store,
                campaigns=campaigns,
                pause=PauseCampaign(campaigns=campaigns, clock=self.clock, random=Random(1)),
                resume=self.resumed.append,
                identity=identity,
                clock=self.clock,
                metrics=self.metrics,
            ),
            webhooks=SetWebhook(
                instances=self.store,
                admin=admin,
                vault=self.vault,
                identity=identity,
                clock=self.clock,
                public_url="",
            ),
            identity=identity,
            clock=self.clock,
            random=SystemRandom(),
            concurrently=one_after_the_other,
        )

    def create(self, **changes: object) -> str:
        draft = replace(DRAFT, **changes)
        return self.instances.create(self.tenant, draft, ACTOR).instance.instance_id


@pytest.fixture
def deployment() -> Iterator[Deployment]:
    with model_table() as table:
        yield Deployment(table)


def codes(failed: pytest.ExceptionInfo[ValidationFailed]) -> list[tuple[str, str]]:
    return [(error.field, error.code) for error in failed.value.errors]


def test_a_registered_instance_is_connected_and_ready(deployment: Deployment) -> None:
    created = deployment.instances.create(deployment.tenant, DRAFT, ACTOR)
    instance, gate = created.instance, created.gate
    assert gate.connection_state is ConnectionState.OPEN
    assert (gate.delay_min_ms, gate.delay_max_ms, gate.daily_limit) == (20_000, 50_000, 250)
    assert (instance.connected_phone, instance.server_version) == ("+5511990001234", "2.3.7")
    assert instance.created_by == ACTOR
    assert (created.sent_today, created.next_allowed_at) == (0, None)
    assert created.active_campaign is None
    assert deployment.instances.read(deployment.tenant, instance.instance_id) == created
    assert deployment.gates.read(instance.instance_id, consistent=True) == gate


def test_the_key_is_kept_encrypted_only(deployment: Deployment) -> None:
    created = deployment.instances.create(deployment.tenant, DRAFT, ACTOR)
    assert KEY.encode() not in created.instance.encrypted_api_key
    assert KEY not in repr(created)
    assert deployment.vault.decrypt(created.instance) == KEY


def test_an_instance_that_is_not_connected_is_registered_too(deployment: Deployment) -> None:
    deployment.fake.set_state("loja", FakeState.CLOSE)
    created = deployment.instances.create(deployment.tenant, DRAFT, ACTOR)
    assert created.gate.connection_state is ConnectionState.CLOSE
    assert created.instance.connected_phone is None


def test_no_limit_is_kept_as_no_limit(deployment: Deployment) -> None:
    instance_id = deployment.create(daily_limit=None)
    gate = deployment.gates.read(instance_id, consistent=True)
    assert gate is not None
    assert gate.daily_limit is None


def test_another_tenants_instance_reads_like_none(deployment: Deployment) -> None:
    instance_id = deployment.create()
    for call in (
        lambda: deployment.instances.read(deployment.rival, instance_id),
        lambda: deployment.instances.patch(deployment.rival, instance_id, {"name": "x"}),
        lambda: deployment.instances.refresh(deployment.rival, instance_id),
    ):
        with pytest.raises(NotFound):
            call()
    assert deployment.instances.list(deployment.rival, after=None, limit=10).items == []


def test_instances_are_listed_in_the_order_of_their_creation(deployment: Deployment) -> None:
    created = []
    for number in range(3):
        deployment.fake.register_instance(f"loja{number}", f"key-{number}")
        deployment.clock.at += 1
        created.append(
            deployment.create(evolution_instance=f"loja{number}", api_key=f"key-{number}")
        )
    first = deployment.instances.list(deployment.tenant, after=None, limit=2)
    rest = deployment.instances.list(deployment.tenant, after=first.next, limit=2)
    assert rest.next is None
    listed = [view.instance.instance_id for view in [*first.items, *rest.items]]
    assert listed == created


# What is proved before anything is kept


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"api_key": "wrong"}, ("api_key", "key_refused")),
        ({"evolution_instance": "nenhuma"}, ("evolution_instance", "unknown_instance")),
        ({"evolution_url": "http://evolution.example.com"}, ("evolution_url", "https_required")),
        ({"evolution_url": "https://evil.example.net"}, ("evolution_url", "host_not_allowed")),
        ({"delay_min_seconds": 60}, ("delay_max_seconds", "delay_order")),
    ],
)
def test_what_is_wrong_is_told_on_its_field_and_nothing_is_kept(
    deployment: Deployment, changes: dict[str, object], expected: tuple[str, str]
) -> None:
    with pytest.raises(ValidationFailed) as failed:
        deployment.create(**changes)
    assert codes(failed) == [expected]
    assert deployment.instances.list(deployment.tenant, after=None, limit=10).items == []


@pytest.mark.parametrize(
    ("addresses", "code"),
    [((PRIVATE,), "private_address"), ((PUBLIC, PRIVATE), "private_address"), ((), "host_unknown")],
)
def test_no_server_is_asked_whose_addresses_are_not_all_public(
    deployment: Deployment, addresses: tuple[str, ...], code: str
) -> None:
    deployment.addresses = addresses
    deployment.fake.add_rule(Rule(Behaviour.CONNECTION_REFUSED, operation=Operation.SERVER))
    with pytest.raises(ValidationFailed) as failed:
        deployment.create()
    assert codes(failed) == [("evolution_url", code)]


def test_evolution_1_is_refused_with_its_version(deployment: Deployment) -> None:
    deployment.fake.version = "1.8.2"
    with pytest.raises(ValidationFailed) as failed:
        deployment.create()
    [error] = failed.value.errors
    assert (error.code, dict(error.params)) == ("unsupported_version", {"version": "1.8.2"})


def test_a_silent_server_is_unavailable(deployment: Deployment) -> None:
    deployment.fake.add_rule(Rule(Behaviour.CONNECTION_REFUSED, operation=Operation.SERVER))
    with pytest.raises(Unavailable):
        deployment.create()


# One record per server and instance name, and per connected phone


def test_an_instance_is_registered_once_in_the_deployment(deployment: Deployment) -> None:
    instance_id = deployment.create()
    with pytest.raises(Conflict) as ours:
        deployment.create(evolution_url="HTTPS://EVOLUTION.example.com:443/")
    assert (ours.value.code, ours.value.existing_id) == ("already_registered", instance_id)
    with pytest.raises(Conflict) as theirs:
        deployment.instances.create(deployment.rival, DRAFT, ACTOR)
    assert (theirs.value.code, theirs.value.existing_id) == ("already_registered", None)


def test_who_holds_an_instance_is_told_only_to_who_has_its_key(deployment: Deployment) -> None:
    deployment.create()
    with pytest.raises(ValidationFailed) as failed:
        deployment.instances.create(deployment.rival, replace(DRAFT, api_key="guess"), ACTOR)
    assert codes(failed) == [("api_key", "key_refused")]


def test_a_phone_is_registered_once_whatever_its_spelling(deployment: Deployment) -> None:
    deployment.create()
    deployment.fake.register_instance("outra", "other-key", number="551190001234")
    with pytest.raises(Conflict) as refused:
        deployment.create(evolution_instance="outra", api_key="other-key")
    assert refused.value.code == "already_registered"
    assert len(deployment.instances.list(deployment.tenant, after=None, limit=10).items) == 1


def test_a_phone_that_is_registered_elsewhere_shuts_the_gate_at_refresh(
    deployment: Deployment,
) -> None:
    deployment.create()
    deployment.fake.register_instance("outra", "other-key", state=FakeState.CLOSE)
    second = deployment.create(evolution_instance="outra", api_key="other-key")
    deployment.fake.register_instance("outra", "other-key", number=PHONE)
    with pytest.raises(Conflict):
        deployment.instances.refresh(deployment.tenant, second)
    view = deployment.instances.read(deployment.tenant, second)
    assert view.gate.connection_state is ConnectionState.UNKNOWN
    assert view.instance.connected_phone is None


@pytest.mark.ministack
def test_of_many_registrations_at_once_one_wins(ministack_url: str) -> None:
    with ministack_table(ministack_url, "registration-race") as table:
        deployment = Deployment(table)

        def register(number: int) -> str:
            tenant_id = deployment.rival if number % 2 else deployment.tenant
            try:
                deployment.instances.create(tenant_id, DRAFT, ACTOR)
            except Conflict as refused:
                return refused.code
            return "created"

        with ThreadPoolExecutor(8) as threads:
            outcomes = sorted(threads.map(register, range(8)))
        assert outcomes == ["already_registered"] * 7 + ["created"]
        kept = [
            view
            for tenant_id in (deployment.tenant, deployment.rival)
            for view in deployment.instances.list(tenant_id, after=None, limit=10).items
        ]
        assert len(kept) == 1


# Patch


def test_a_patch_writes_settings_through_to_the_gate(deployment: Deployment) -> None:
    instance_id = deployment.create()
    patched = deployment.instances.patch(
        deployment.tenant,
        instance_id,
        {"name": " Loja 2 ", "delay_min_seconds": 1, "delay_max_seconds": 2, "daily_limit": None},
    )
    gate = deployment.gates.read(instance_id, consistent=True)
    assert gate == patched.gate
    assert gate is not None
    assert (gate.delay_min_ms, gate.delay_max_ms, gate.daily_limit) == (1_000, 2_000, None)
    assert (patched.instance.name, patched.instance.config_version) == ("Loja 2", 1)


def test_a_patch_is_judged_together_with_what_is_kept(deployment: Deployment) -> None:
    instance_id = deployment.create()
    with pytest.raises(ValidationFailed) as failed:
        deployment.instances.patch(deployment.tenant, instance_id, {"delay_min_seconds": 51})
    assert codes(failed) == [("delay_max_seconds", "delay_order")]


def test_a_patch_of_settings_asks_no_server(deployment: Deployment) -> None:
    instance_id = deployment.create()
    deployment.fake.add_rule(Rule(Behaviour.CONNECTION_REFUSED, operation=Operation.SERVER))
    deployment.instances.patch(deployment.tenant, instance_id, {"daily_limit": 10})


def test_a_new_key_is_proved_and_makes_a_new_version(deployment: Deployment) -> None:
    instance_id = deployment.create()
    with pytest.raises(ValidationFailed) as failed:
        deployment.instances.patch(deployment.tenant, instance_id, {"api_key": "new-key"})
    assert codes(failed) == [("api_key", "key_refused")]
    deployment.fake.register_instance("loja", "new-key", number=PHONE)
    view = deployment.instances.patch(deployment.tenant, instance_id, {"api_key": "new-key"})
    assert (view.instance.config_version, view.gate.config_version) == (2, 2)
    kept = deployment.store.read(instance_id)
    assert kept == view.instance
    assert deployment.vault.decrypt(view.instance) == "new-key"


def test_a_new_server_is_told_no_key_that_was_given_for_another(deployment: Deployment) -> None:
    instance_id = deployment.create()
    moved = {"evolution_url": "https://new.example.com"}
    with pytest.raises(ValidationFailed) as failed:
        deployment.instances.patch(deployment.tenant, instance_id, moved)
    assert codes(failed) == [("api_key", "required")]
    view = deployment.instances.patch(deployment.tenant, instance_id, moved | {"api_key": KEY})
    assert view.instance.evolution_url == "https://new.example.com"
    assert view.instance.config_version == 2


def test_the_url_in_another_spelling_is_no_new_server(deployment: Deployment) -> None:
    instance_id = deployment.create()
    view = deployment.instances.patch(
        deployment.tenant, instance_id, {"evolution_url": SERVER + "/"}
    )
    assert view.instance.config_version == 1


def test_a_moved_instance_gives_its_places_back(deployment: Deployment) -> None:
    instance_id = deployment.create()
    deployment.fake.register_instance("nova", "new-key", number="5511990005678")
    view = deployment.instances.patch(
        deployment.tenant, instance_id, {"evolution_instance": "nova", "api_key": "new-key"}
    )
    assert view.instance.connected_phone == "+5511990005678"
    deployment.instances.create(deployment.rival, DRAFT, ACTOR)
    with pytest.raises(Conflict):
        deployment.instances.create(
            deployment.rival, replace(DRAFT, evolution_instance="nova", api_key="new-key"), ACTOR
        )


def test_an_instance_cannot_move_to_a_place_that_is_taken(deployment: Deployment) -> None:
    deployment.create()
    deployment.fake.register_instance("nova", "new-key", number="5511990005678")
    second = deployment.create(evolution_instance="nova", api_key="new-key")
    with pytest.raises(Conflict):
        deployment.instances.patch(
            deployment.tenant, second, {"evolution_instance": "loja", "api_key": KEY}
        )
    view = deployment.instances.read(deployment.tenant, second)
    assert (view.instance.evolution_instance, view.gate.config_version) == ("nova", 1)


def test_of_two_changes_upon_one_state_the_second_is_refused(deployment: Deployment) -> None:
    instance_id = deployment.create()
    seen = deployment.instances.read(deployment.tenant, instance_id)
    deployment.instances.patch(deployment.tenant, instance_id, {"delay_min_seconds": 40})
    late = InstanceChange(
        seen.instance, seen.instance, seen.gate, replace(seen.gate, delay_max_ms=30_000)
    )
    with pytest.raises(ConcurrentUpdate):
        deployment.store.change(late)


def test_a_patch_leaves_alone_what_sending_wrote(deployment: Deployment) -> None:
    instance_id = deployment.create()
    deployment.table.update(
        GateItem,
        keys.instance_gate(instance_id),
        [
            GateItem.busy_token.set("t1"),
            GateItem.last_left_at.set(deployment.clock.at),
            GateItem.live_campaign_id.set("cp_a"),
            GateItem.live_status.set(CampaignStatus.ACTIVE),
        ],
    )
    view = deployment.instances.patch(deployment.tenant, instance_id, {"delay_min_seconds": 10})
    gate = deployment.gates.read(instance_id, consistent=True)
    assert gate is not None
    assert (gate.busy_token, gate.live_campaign_id) == ("t1", "cp_a")
    assert view.next_allowed_at == deployment.clock.at + 10_000


# Refresh


def test_a_refresh_writes_what_evolution_says(deployment: Deployment) -> None:
    instance_id = deployment.create()
    deployment.fake.set_state("loja", FakeState.CLOSE)
    deployment.fake.version = "2.4.0"
    view = deployment.instances.refresh(deployment.tenant, instance_id)
    assert view.gate.connection_state is ConnectionState.CLOSE
    assert view.instance.server_version == "2.4.0"
    assert view.instance.connected_phone == "+5511990001234"
    assert deployment.instances.read(deployment.tenant, instance_id) == view


def test_a_refresh_that_finds_nothing_new_changes_nothing(deployment: Deployment) -> None:
    instance_id = deployment.create()
    before = deployment.instances.read(deployment.tenant, instance_id)
    deployment.clock.at += 1_000
    assert deployment.instances.refresh(deployment.tenant, instance_id) == before


def test_a_missing_state_is_unknown(deployment: Deployment) -> None:
    instance_id = deployment.create()
    deployment.fake.set_state("loja", None)
    view = deployment.instances.refresh(deployment.tenant, instance_id)
    assert view.gate.connection_state is ConnectionState.UNKNOWN


def test_a_refused_key_shuts_the_gate(deployment: Deployment) -> None:
    instance_id = deployment.create()
    deployment.fake.register_instance("loja", "changed-on-the-server", number=PHONE)
    with pytest.raises(GatewayRefused) as refused:
        deployment.instances.refresh(deployment.tenant, instance_id)
    assert refused.value.context["reason"] == "wrong_key"
    view = deployment.instances.read(deployment.tenant, instance_id)
    assert view.gate.connection_state is ConnectionState.UNKNOWN


@pytest.mark.parametrize(
    ("behaviour", "operation", "error"),
    [
        (Behaviour.CONNECTION_REFUSED, Operation.SERVER, Unavailable),
        (Behaviour.NOT_SENT_BAD_GATEWAY, Operation.CONNECTION_STATE, GatewayRefused),
        (Behaviour.NOT_SENT_BAD_GATEWAY, Operation.SERVER, GatewayRefused),
    ],
)
def test_a_server_in_trouble_changes_nothing(
    deployment: Deployment, behaviour: Behaviour, operation: Operation, error: type[Exception]
) -> None:
    instance_id = deployment.create()
    before = deployment.instances.read(deployment.tenant, instance_id)
    deployment.fake.add_rule(Rule(behaviour, operation=operation))
    with pytest.raises(error):
        deployment.instances.refresh(deployment.tenant, instance_id)
    assert deployment.instances.read(deployment.tenant, instance_id) == before


def test_a_phone_that_changed_gives_the_old_one_back(deployment: Deployment) -> None:
    instance_id = deployment.create()
    deployment.fake.register_instance("loja", KEY, number="5511990005678")
    view = deployment.instances.refresh(deployment.tenant, instance_id)
    assert view.instance.connected_phone == "+5511990005678"
    deployment.fake.register_instance("outra", "other-key", number=PHONE)
    deployment.create(evolution_instance="outra", api_key="other-key")
