"""The parts of the dispatcher."""

from functools import cached_property
from typing import TYPE_CHECKING

from campaigns.adapters.dynamodb.gate_store import PersonStore
from campaigns.bootstrap.parts import Parts

if TYPE_CHECKING:
    from campaigns.adapters.evolution import EvolutionGateway
    from campaigns.services.dispatch_message import DispatchBatch
    from campaigns.services.instance_cache import InstanceCache
    from campaigns.services.pass_gates import PassGates
    from campaigns.services.send_direct import SendDirect
    from campaigns.services.send_one import SendOne
    from campaigns.services.shut_instance import ShutInstance
    from campaigns.services.trip_breaker import TripBreaker


class Dispatching(Parts):
    """What sends."""

    @cached_property
    def pass_gates(self) -> "PassGates":
        from campaigns.services.pass_gates import PassGates, person_gap_ms

        return PassGates(
            persons=PersonStore(self.table),
            gates=self.gates,
            clock=self.clock,
            person_gap_ms=person_gap_ms(self.settings.read_timeout_ms),
            lease_ms=self.settings.lease_ms,
        )

    @cached_property
    def gateway(self) -> "EvolutionGateway":
        from campaigns.adapters.evolution import EvolutionGateway

        return EvolutionGateway(
            self.http_client,
            self.clock,
            read_timeout_seconds=self.settings.read_timeout_seconds,
            connect_timeout_seconds=self.settings.connect_timeout_seconds,
        )

    @cached_property
    def senders(self) -> "InstanceCache":
        from campaigns.services.instance_cache import InstanceCache

        return InstanceCache(self.instance_store)

    @cached_property
    def send_one(self) -> "SendOne":
        from campaigns.services.send_one import SendOne

        return SendOne(
            recipients=self.recipients,
            contacts=self.contact_store,
            suppressions=self.suppressions,
            pass_gates=self.pass_gates,
            gateway=self.gateway,
            lookup=self.lookup,
            vault=self.vault,
            facts=self.facts,
            instances=self.senders,
            settle=self.settle,
            pause=self.pause,
            shut=self.shut_instance,
            checks=self.connection_checks,
            breaker=self.breaker,
            identity=self.identity,
            clock=self.clock,
            random=self.random,
            lease_ms=self.settings.lease_ms,
            read_timeout_ms=self.settings.read_timeout_ms,
        )

    @cached_property
    def send_direct(self) -> "SendDirect":
        from campaigns.services.send_direct import SendDirect

        return SendDirect(
            messages=self.direct_messages,
            suppressions=self.suppressions,
            tenants=self.tenant_rules,
            pass_gates=self.pass_gates,
            gateway=self.gateway,
            vault=self.vault,
            instances=self.senders,
            identity=self.identity,
            clock=self.clock,
            random=self.random,
            breaker=self.breaker,
            shut=self.shut_instance,
            lease_ms=self.settings.lease_ms,
            read_timeout_ms=self.settings.read_timeout_ms,
        )

    @cached_property
    def shut_instance(self) -> "ShutInstance":
        from campaigns.services.shut_instance import ShutInstance

        return ShutInstance(self.instance_store, self.metrics)

    @cached_property
    def breaker(self) -> "TripBreaker":
        from campaigns.services.trip_breaker import TripBreaker

        return TripBreaker(counts=self.gates, pause=self.pause, limits=self.settings.breaker_limits)

    @cached_property
    def dispatch(self) -> "DispatchBatch":
        from campaigns.services.dispatch_message import DispatchBatch

        return DispatchBatch(
            send_one=self.send_one,
            send_direct=self.send_direct,
            queue=self.queue,
            clock=self.clock,
            concurrently=self.concurrently,
            read_timeout_ms=self.settings.read_timeout_ms,
        )
