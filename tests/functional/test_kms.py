"""What the deployment's KMS key guards."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from threading import Barrier
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.exceptions import ClientError

from campaigns.adapters.dynamodb.secret_store import SecretStore
from campaigns.adapters.dynamodb.table import Table
from campaigns.adapters.kms import DeploymentSecret, KmsVault
from campaigns.domain.model import Instance
from tests.fakes.aws import create_kms_key, ministack_table, model_table
from tests.fakes.dynamodb import REGION

if TYPE_CHECKING:
    from mypy_boto3_kms.client import KMSClient

API_KEY = "key-of-the-shop"


@dataclass
class Deployment:
    table: Table
    kms_key_id: str = field(default_factory=create_kms_key)
    client: "KMSClient" = field(default_factory=lambda: boto3.client("kms", region_name=REGION))
    calls: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.client.meta.events.register(
            "before-call.kms", lambda model, **_: self.calls.update([model.name])
        )

    def vault(self) -> KmsVault:
        return KmsVault(self.client, self.kms_key_id)

    def secret(self) -> DeploymentSecret:
        return DeploymentSecret(SecretStore(self.table), self.client, self.kms_key_id)


@pytest.fixture
def deployment() -> Iterator[Deployment]:
    with model_table() as table:
        yield Deployment(table)


def instance_with(encrypted_api_key: bytes) -> Instance:
    return Instance(
        instance_id="in_a",
        tenant_id="tn_a",
        name="Loja",
        evolution_url="https://evolution.example.com",
        evolution_instance="loja",
        encrypted_api_key=encrypted_api_key,
        config_version=1,
        created_at=1_000,
        updated_at=1_000,
    )


def test_a_key_is_decrypted_once_per_process_and_version(deployment: Deployment) -> None:
    vault = deployment.vault()
    instance = instance_with(vault.encrypt("tn_a", "in_a", API_KEY))
    with ThreadPoolExecutor(8) as threads:
        keys = set(threads.map(lambda _: vault.decrypt(instance), range(32)))
    assert keys == {API_KEY}
    assert deployment.calls["Decrypt"] == 1
    changed = replace(
        instance, encrypted_api_key=vault.encrypt("tn_a", "in_a", "new-key"), config_version=2
    )
    assert vault.decrypt(changed) == "new-key"
    assert vault.decrypt(changed) == "new-key"
    assert deployment.calls["Decrypt"] == 2


@pytest.mark.parametrize("moved", [{"tenant_id": "tn_b"}, {"instance_id": "in_b"}])
def test_ciphertext_of_another_tenant_or_instance_does_not_decrypt(
    deployment: Deployment, moved: dict[str, str]
) -> None:
    vault = deployment.vault()
    instance = replace(instance_with(vault.encrypt("tn_a", "in_a", API_KEY)), **moved)
    with pytest.raises(ClientError):
        vault.decrypt(instance)


def test_neither_ciphertext_nor_phone_of_an_instance_shows_in_a_repr() -> None:
    instance = replace(instance_with(b"ciphertext"), connected_phone="+5511990001234")
    assert not any(part in repr(instance) for part in ("ciphertext", "99000"))


def test_the_deployments_secret_is_made_once_and_kept_encrypted(deployment: Deployment) -> None:
    secret = deployment.secret()
    made = secret.read()
    assert len(made) == 32
    assert secret.read() == made
    assert deployment.calls == {"GenerateDataKey": 1, "Decrypt": 1}
    assert deployment.secret().read() == made
    assert deployment.calls["GenerateDataKey"] == 1
    stored = SecretStore(deployment.table).read()
    assert stored is not None
    assert made not in stored


def test_of_two_processes_that_make_the_secret_at_once_one_wins(deployment: Deployment) -> None:
    class Racing(SecretStore):
        """Sees nothing yet, although the other process has just put its own."""

        def read(self) -> None:
            return None

    first = deployment.secret().read()
    second = DeploymentSecret(Racing(deployment.table), deployment.client, deployment.kms_key_id)
    assert second.read() == first


@pytest.mark.ministack
def test_many_processes_end_with_one_secret(ministack_url: str) -> None:
    with ministack_table(ministack_url, "secret-race") as table:
        deployment = Deployment(table)
        together = Barrier(8)

        def read(_: int) -> bytes:
            secret = deployment.secret()
            together.wait()
            return secret.read()

        with ThreadPoolExecutor(8) as processes:
            assert len(set(processes.map(read, range(8)))) == 1
