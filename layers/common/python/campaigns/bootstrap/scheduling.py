"""The parts of the scheduler, and what a start or a resume does at once."""

from functools import cached_property
from typing import TYPE_CHECKING

from campaigns.bootstrap.parts import Parts

if TYPE_CHECKING:
    from campaigns.adapters.dynamodb.removal_store import RemovalStore
    from campaigns.services.delete_draft import SweepRemoved
    from campaigns.services.lay_recipients import LayRecipients
    from campaigns.services.plan_sends import PlanSends
    from campaigns.services.reconcile import Reconcile
    from campaigns.services.run_campaign import RunCampaign
    from campaigns.services.start_campaign import StartCampaign
    from campaigns.services.visit_lane import VisitLane


class Scheduling(Parts):
    """What plans, walks and lays."""

    @cached_property
    def start(self) -> "StartCampaign":
        from campaigns.services.find_reachable import FindReachable
        from campaigns.services.start_campaign import StartCampaign

        return StartCampaign(
            campaigns=self.campaign_store,
            recipients=self.recipients,
            contacts=self.contact_store,
            gates=self.gates,
            facts=self.facts,
            reachable=FindReachable(
                recipients=self.recipients,
                contacts=self.contact_store,
                suppressions=self.suppressions,
            ),
            checks=self.connection_checks,
            clock=self.clock,
            random=self.random,
        )

    @cached_property
    def plan(self) -> "PlanSends":
        from campaigns.services.plan_sends import PlanSends

        return PlanSends(
            lanes=self.lanes,
            recipients=self.recipients,
            gates=self.gates,
            queue=self.queue,
            clock=self.clock,
        )

    @cached_property
    def visit(self) -> "VisitLane":
        from campaigns.services.keep_books import KeepBooks
        from campaigns.services.visit_lane import VisitLane
        from campaigns.services.walk_mark import WalkMark

        return VisitLane(
            campaigns=self.campaign_store,
            lanes=self.lanes,
            walk=WalkMark(
                recipients=self.recipients,
                campaigns=self.campaign_store,
                clock=self.clock,
                metrics=self.metrics,
            ),
            receipts=self.judge_receipts,
            plan=self.plan,
            books=KeepBooks(
                recipients=self.recipients,
                campaigns=self.campaign_store,
                clock=self.clock,
                random=self.random,
            ),
            start=self.start,
            facts=self.facts,
            clock=self.clock,
            random=self.random,
        )

    @cached_property
    def reconcile(self) -> "Reconcile":
        from campaigns.domain.reconciling import DoubtRules
        from campaigns.services.pass_gates import person_gap_ms
        from campaigns.services.reconcile import Reconcile

        settings = self.settings
        return Reconcile(
            recipients=self.recipients,
            campaigns=self.campaign_store,
            instances=self.instance_store,
            gates=self.gates,
            contacts=self.contact_store,
            suppressions=self.suppressions,
            vault=self.vault,
            lookup=self.lookup,
            messages=self.message_index,
            advance=self.advance,
            clock=self.clock,
            concurrently=self.concurrently,
            metrics=self.metrics,
            rules=DoubtRules(
                grace_ms=settings.grace_ms,
                lease_ms=settings.lease_ms,
                read_timeout_ms=settings.read_timeout_ms,
                person_gap_ms=person_gap_ms(settings.read_timeout_ms),
            ),
        )

    @cached_property
    def run(self) -> "RunCampaign":
        from campaigns.services.run_campaign import RunCampaign

        return RunCampaign(
            campaigns=self.campaign_store,
            lanes=self.lanes,
            gates=self.gates,
            start=self.start,
            pause=self.pause,
            plan=self.plan,
            visit=self.visit,
            facts=self.facts,
            clock=self.clock,
            random=self.random,
        )

    @cached_property
    def lay(self) -> "LayRecipients":
        from campaigns.adapters.dynamodb.laying_store import LayingStore
        from campaigns.services.lay_recipients import LayRecipients
        from campaigns.services.sources import WalkSources

        layings = LayingStore(self.table)
        return LayRecipients(
            layings=layings,
            sources=WalkSources(
                layings=layings,
                recipients=self.recipients,
                memberships=self.memberships,
                clock=self.clock,
            ),
            recipients=self.recipients,
            campaigns=self.campaign_store,
            contacts=self.contact_store,
            suppressions=self.suppressions,
            activities=self.activities,
            identity=self.identity,
            kick=self.kick,
            clock=self.clock,
            random=self.random,
            concurrently=self.concurrently,
        )

    @cached_property
    def removals(self) -> "RemovalStore":
        from campaigns.adapters.dynamodb.removal_store import RemovalStore

        return RemovalStore(self.table, self.lanes, self.concurrently)

    @cached_property
    def sweep(self) -> "SweepRemoved":
        from campaigns.services.delete_draft import SweepRemoved

        return SweepRemoved(removals=self.removals, clock=self.clock)
