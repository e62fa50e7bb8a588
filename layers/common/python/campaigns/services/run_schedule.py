"""What the schedule does each minute: visit every lane, go on with every laying and removal."""

import logging
from collections.abc import Callable
from functools import partial

from campaigns.domain.model import LaneKey, LayingKey
from campaigns.domain.removal import RemovalKey
from campaigns.services.ports import Clock, Concurrently, DueWork, Lanes
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
        remove: Callable[[RemovalKey, int], None],
        clock: Clock,
        concurrently: Concurrently,
    ) -> None:
        self._lanes = lanes
        self._visit = visit
        self._lay = lay
        self._remove = remove
        self._clock = clock
        self._concurrently = concurrently

    def tick(self, deadline: int) -> int:
        """How much work was found. `deadline`: the end of the function's time, in epoch ms."""
        now = self._clock.now()
        due: list[DueWork] = [
            work for shard in range(self._lanes.shards) for work in self._lanes.due(shard, now)
        ]
        lanes = [work for work in due if isinstance(work, LaneKey)]
        layings = [work for work in due if isinstance(work, LayingKey)]
        removals = [work for work in due if isinstance(work, RemovalKey)]
        self._concurrently([partial(self._do, work, deadline) for work in lanes])
        # One by one and last: each of them uses every thread itself, and what is left of the time.
        one_by_one: list[DueWork] = [*layings, *removals]
        for work in one_by_one:
            self._do(work, deadline)
        return len(due)

    def _do(self, work: DueWork, deadline: int) -> None:
        try:
            match work:
                case LaneKey():
                    self._visit.visit(work)
                case LayingKey():
                    self._lay(work.tenant_id, work.campaign_id, deadline)
                case RemovalKey():
                    self._remove(work, deadline)
        except Exception:
            _log.exception("due_work_failed", extra={"campaign_id": work.campaign_id})
