"""The parts of the dispatcher."""

from functools import cached_property
from typing import TYPE_CHECKING

from campaigns.adapters.dynamodb.gate_store import PersonStore
from campaigns.bootstrap.parts import Parts

if TYPE_CHECKING:
    from campaigns.services.dispatch_message import DispatchBatch
    from campaigns.services.send_one import SendOne


class Dispatching(Parts):
    """What sends."""

    @cached_property
    def send_one(self) -> "SendOne":
        from campaigns.adapters.evolution import EvolutionGateway
        from campaigns.services.instance_cache import InstanceCache
        from campaigns.services.pass_gates import PassGates, person_gap_ms
        from campaigns.services.send_one import SendOne

        settings = self.settings
        return SendOne(
            recipients=self.recipients,
            contacts=self.contact_store,
            suppressions=self.suppressions,
            pass_gates=PassGates(
                persons=PersonStore(self.table),
                gates=self.gates,
                clock=self.clock,
                person_gap_ms=person_gap_ms(settings.read_timeout_ms),
                lease_ms=settings.lease_ms,
            ),
            gateway=EvolutionGateway(
                self.http_client,
                self.clock,
                read_timeout_seconds=settings.read_timeout_seconds,
                connect_timeout_seconds=settings.connect_timeout_seconds,
            ),
            vault=self.vault,
            facts=self.facts,
            instances=InstanceCache(self.instance_store),
            settle=self.settle,
            pause=self.pause,
            identity=self.identity,
            clock=self.clock,
            random=self.random,
            lease_ms=settings.lease_ms,
            read_timeout_ms=settings.read_timeout_ms,
        )

    @cached_property
    def dispatch(self) -> "DispatchBatch":
        from campaigns.services.dispatch_message import DispatchBatch

        return DispatchBatch(
            send_one=self.send_one,
            queue=self.queue,
            clock=self.clock,
            concurrently=self.concurrently,
            read_timeout_ms=self.settings.read_timeout_ms,
        )
