"""The parts that follow how instances are connected, and the run of each minute."""

from functools import cached_property
from typing import TYPE_CHECKING

from campaigns.bootstrap.scheduling import Scheduling

if TYPE_CHECKING:
    from campaigns.services.follow_connection import FollowConnection
    from campaigns.services.run_schedule import RunSchedule
    from campaigns.services.watch_connection import WatchConnection


class Following(Scheduling):
    """What has campaigns follow their instances, by an event or when the minute comes."""

    @cached_property
    def follow_connection(self) -> "FollowConnection":
        from campaigns.services.follow_connection import FollowConnection

        return FollowConnection(
            instances=self.instance_store,
            campaigns=self.campaign_store,
            pause=self.pause,
            resume=lambda campaign: self.run.reconnected(campaign),
            identity=self.identity,
            clock=self.clock,
            metrics=self.metrics,
        )

    @cached_property
    def watch_connection(self) -> "WatchConnection":
        from campaigns.adapters.evolution_admin import QUICK, EvolutionAdmin
        from campaigns.services.watch_connection import WatchConnection

        return WatchConnection(
            checks=self.connection_checks,
            instances=self.instance_store,
            gates=self.gates,
            admin=EvolutionAdmin(self.http_client, QUICK),
            vault=self.vault,
            follow=self.follow_connection,
            clock=self.clock,
            random=self.random,
        )

    @cached_property
    def schedule(self) -> "RunSchedule":
        from campaigns.services.run_schedule import RunSchedule

        return RunSchedule(
            lanes=self.lanes,
            visit=self.visit,
            # Built when somebody is in doubt: that alone needs Evolution and the instances' keys.
            reconcile=lambda doubts, deadline: self.reconcile(doubts, deadline),
            # Built when there is something to lay: that alone needs the deployment's secret.
            lay=lambda tenant_id, campaign_id, deadline: self.lay.lay(
                tenant_id, campaign_id, deadline
            ),
            remove=lambda key, deadline: self.sweep.sweep(key, deadline),
            look=lambda instance_id: self.watch_connection.when_due(instance_id),
            clock=self.clock,
            concurrently=self.concurrently,
            metrics=self.metrics,
        )
