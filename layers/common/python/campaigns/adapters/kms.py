"""What the deployment's KMS key guards: instances' API keys, and the secret of keyed hashes."""

from collections.abc import Mapping
from threading import Lock
from typing import TYPE_CHECKING, Any

from campaigns.adapters.dynamodb.secret_store import SecretStore
from campaigns.domain.model import Instance

if TYPE_CHECKING:
    from mypy_boto3_kms.client import KMSClient

_SECRET_BYTES = 32
_SECRET_CONTEXT = {"purpose": "keyed-hash"}


class KmsVault:
    """See :class:`campaigns.services.ports_registry.KeyVault`.

    A key is bound to its tenant and instance by the encryption context, so that ciphertext moved
    to another item does not decrypt. Safe for threads: they wait for one decryption, per instance.
    """

    def __init__(self, client: "KMSClient", kms_key_id: str) -> None:
        self._client = client
        self._kms_key_id = kms_key_id
        self._locks: dict[str, Lock] = {}
        self._clear: dict[str, tuple[int, str]] = {}

    def encrypt(self, tenant_id: str, instance_id: str, api_key: str) -> bytes:
        answer = self._client.encrypt(
            KeyId=self._kms_key_id,
            Plaintext=api_key.encode(),
            EncryptionContext=_context(tenant_id, instance_id),
        )
        return answer["CiphertextBlob"]

    def decrypt(self, instance: Instance) -> str:
        # `setdefault` is one step for the interpreter: all threads get the same lock.
        with self._locks.setdefault(instance.instance_id, Lock()):
            version, api_key = self._clear.get(instance.instance_id, (None, ""))
            if version != instance.config_version:
                api_key = self._decrypt(instance)
                self._clear[instance.instance_id] = (instance.config_version, api_key)
            return api_key

    def _decrypt(self, instance: Instance) -> str:
        answer = self._client.decrypt(
            KeyId=self._kms_key_id,
            CiphertextBlob=instance.encrypted_api_key,
            EncryptionContext=_context(instance.tenant_id, instance.instance_id),
        )
        return answer["Plaintext"].decode()


class DeploymentSecret:
    """The secret of all keyed hashes: made once per deployment, decrypted once per process.

    It is never changed: every person's and contact's id follows from it.
    """

    def __init__(self, store: SecretStore, client: "KMSClient", kms_key_id: str) -> None:
        self._store = store
        self._client = client
        self._kms_key_id = kms_key_id
        self._lock = Lock()
        self._secret: bytes | None = None

    def read(self) -> bytes:
        """32 bytes. The first caller of a deployment makes them; of two at once one wins."""
        with self._lock:
            if self._secret is None:
                self._secret = self._decrypt(self._store.read() or self._make())
            return self._secret

    def _make(self) -> bytes:
        answer = self._client.generate_data_key(
            KeyId=self._kms_key_id,
            NumberOfBytes=_SECRET_BYTES,
            EncryptionContext=_SECRET_CONTEXT,
        )
        return self._store.put_once(answer["CiphertextBlob"])

    def _decrypt(self, encrypted: bytes) -> bytes:
        # Whoever runs the deployment need not know its key: the ciphertext names it.
        named: Any = {"KeyId": self._kms_key_id} if self._kms_key_id else {}
        answer = self._client.decrypt(
            CiphertextBlob=encrypted, EncryptionContext=_SECRET_CONTEXT, **named
        )
        return answer["Plaintext"]


def _context(tenant_id: str, instance_id: str) -> Mapping[str, str]:
    return {"tenant_id": tenant_id, "instance_id": instance_id}
