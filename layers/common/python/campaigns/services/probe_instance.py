"""Proving an instance before it is kept: address, version and key, in this order.

The key goes to no server whose address is not allowed or that is no Evolution of a known version,
and nothing is told of who holds the instance before the key has proved valid.
"""

from dataclasses import dataclass

from campaigns.domain.errors import FieldError, GatewayRefused, ValidationFailed
from campaigns.domain.instance import InstanceDraft, is_supported
from campaigns.domain.server_address import AddressPolicy, AddressProblem, AddressRefused
from campaigns.services.ports_evolution import AdminRefusal, Connection, GatewayAdmin, Resolver

_VERSION_SHOWN = 40

_REFUSED_FIELDS = {
    AdminRefusal.WRONG_KEY: FieldError("api_key", "key_refused", "key_refused"),
    AdminRefusal.UNKNOWN_INSTANCE: FieldError(
        "evolution_instance", "unknown_instance", "unknown_instance"
    ),
}


@dataclass(frozen=True, slots=True)
class Probe:
    """What a server said of itself and of the instance."""

    server_version: str
    connection: Connection


@dataclass(frozen=True, slots=True)
class ProbeInstance:
    """Asks a server whether it is what an owner says.

    Raises Unavailable where it is silent, GatewayRefused where it answers something else.
    """

    admin: GatewayAdmin
    policy: AddressPolicy
    resolve: Resolver

    def server(self, evolution_url: str) -> str | FieldError:
        """The URL in its stored form, or why the deployment does not call it."""
        try:
            server = self.policy.check_url(evolution_url)
        except AddressRefused as refused:
            return _url_error(refused.problem)
        return self._check_addresses(server) or server

    def prove(self, draft: InstanceDraft) -> Probe:
        """What the server says; ValidationFailed on the field that is to blame."""
        server = draft.evolution_url
        version = self.admin.version(server)
        if version is None or not is_supported(version):
            raise ValidationFailed([_version_error(version)])
        connection = self.admin.connection(server, draft.evolution_instance, draft.api_key)
        if isinstance(connection, AdminRefusal):
            raise ValidationFailed([_REFUSED_FIELDS[connection]])
        return Probe(version, connection)

    def look_again(self, server: str, instance: str, api_key: str) -> Probe:
        """What a kept instance is like now; GatewayRefused with a `reason` if of no more use."""
        version = self.require_version(server)
        connection = self.admin.connection(server, instance, api_key)
        if isinstance(connection, AdminRefusal):
            raise GatewayRefused(reason=connection.value)
        return Probe(version, connection)

    def require_version(self, server: str) -> str:
        """The version of a server; GatewayRefused, which names it, where it will not do."""
        version = self.admin.version(server)
        if version is None:
            raise GatewayRefused(reason=AdminRefusal.NOT_EVOLUTION.value)
        if not is_supported(version):
            reason = AdminRefusal.UNSUPPORTED_VERSION.value
            raise GatewayRefused(reason=reason, version=version)
        return version

    def _check_addresses(self, server: str) -> FieldError | None:
        host, port = self.policy.place(server)
        addresses = self.resolve(host, port)
        if not addresses:
            return _url_error(AddressProblem.HOST_UNKNOWN)
        if not all(self.policy.allows_address(address) for address in addresses):
            return _url_error(AddressProblem.PRIVATE_ADDRESS)
        return None


def _url_error(problem: AddressProblem) -> FieldError:
    return FieldError("evolution_url", problem.value, problem.value)


def _version_error(version: str | None) -> FieldError:
    if version is None:
        return FieldError("evolution_url", "not_evolution", "not_evolution")
    shown = "".join(letter for letter in version if letter.isprintable())[:_VERSION_SHOWN]
    return FieldError(
        "evolution_url", "unsupported_version", "unsupported_version", {"version": shown}
    )
