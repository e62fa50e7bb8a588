"""What the schedule does each minute: visit every lane that is due, go on with every laying."""

import logging
from collections.abc import Callable
from functools import partial

from campaigns.domain.model import LaneKey, LayingKey
from campaigns.services.ports import Clock, Concurrently, Lanes
from campaigns.services.visit_lane import VisitLane

_log = logging.getLogger(__name__)


class RunSchedule:
    """Finds due work shard by shard. One lane's failure is logged and leaves the others alone."""

    def __init__(
        self,
        *,
        lanes: Lanes,
        visit: VisitLane,
        lay: Callable[[str, str, int], None],
        clock: Clock,
        concurrently: Concurrently,
    ) -> None:
        self._lanes = lanes
        self._visit = visit
        self._lay = lay
        self._clock = clock
        self._concurrently = concurrently

    def tick(self, deadline: int) -> int:
        """How much work was found. `deadline`: the end of the function's time, in epoch ms."""
        now = self._clock.now()
        due = [work for shard in range(self._lanes.shards) for work in self._lanes.due(shard, now)]
        layings = [work for work in due if isinstance(work, LayingKey)]
        lanes = [work for work in due if isinstance(work, LaneKey)]
        self._concurrently([partial(self._do, work, deadline) for work in lanes])
        # One by one and last: a laying uses every thread itself, and what is left of the time.
        for work in layings:
            self._do(work, deadline)
        return len(due)

    def _do(self, work: LaneKey | LayingKey, deadline: int) -> None:
        try:
            if isinstance(work, LayingKey):
                self._lay(work.tenant_id, work.campaign_id, deadline)
            else:
                self._visit.visit(work)
        except Exception:
            _log.exception("due_work_failed", extra={"campaign_id": work.campaign_id})
