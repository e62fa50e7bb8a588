"""What the schedule does each minute: visit every lane, look at instances whose connection is in
doubt, go on with every laying and removal."""

import logging
from collections.abc import Callable, Sequence
from functools import partial

from campaigns.domain.connection_check import ConnectionCheckKey
from campaigns.domain.instants import MINUTE_MS
from campaigns.domain.model import LaneKey, LayingKey
from campaigns.domain.reconciling import Doubts
from campaigns.domain.removal import RemovalKey
from campaigns.services.ports import Clock, Concurrently, DueWork, Lanes
from campaigns.services.ports_metrics import Metrics, Peak
from campaigns.services.visit_lane import VisitLane

_log = logging.getLogger(__name__)


class RunSchedule:
    """Finds due work shard by shard. One lane's failure is logged and leaves the others alone."""

    def __init__(
        self,
        *,
        lanes: Lanes,
        visit: VisitLane,
        reconcile: Callable[[Sequence[Doubts], int], None],
        lay: Callable[[str, str, int], None],
        remove: Callable[[RemovalKey, int], None],
        look: Callable[[str], None],
        clock: Clock,
        concurrently: Concurrently,
        metrics: Metrics,
    ) -> None:
        self._lanes = lanes
        self._visit = visit
        self._reconcile = reconcile
        self._lay = lay
        self._remove = remove
        self._look = look
        self._clock = clock
        self._concurrently = concurrently
        self._metrics = metrics

    def tick(self, deadline: int, scheduled_at: int | None = None) -> int:
        """How much work was found. `deadline`: the end of the function's time; `scheduled_at`: the
        minute that this run stands for, now if it is not given. Both are epoch ms."""
        now = self._clock.now()
        since = now if scheduled_at is None else min(scheduled_at, now)
        due: list[DueWork] = [
            work for shard in range(self._lanes.shards) for work in self._lanes.due(shard, now)
        ]
        lanes = [work for work in due if isinstance(work, LaneKey)]
        layings = [work for work in due if isinstance(work, LayingKey)]
        removals = [work for work in due if isinstance(work, RemovalKey)]
        looks = [work for work in due if isinstance(work, ConnectionCheckKey)]
        visited = self._concurrently([partial(self._visited, key, since) for key in lanes])
        # Behind all that is planned: a server that does not answer holds up nobody.
        if doubts := [each for each in visited if each]:
            self._reconcile(doubts, deadline)
        # A server in trouble takes its time: no lane waits for it.
        self._concurrently([partial(self._do, work, deadline) for work in looks])
        # One by one and last: each of them uses every thread itself, and what is left of the time.
        one_by_one: list[LayingKey | RemovalKey] = [*layings, *removals]
        for work in one_by_one:
            self._do(work, deadline)
        return len(due)

    def _visited(self, key: LaneKey, since: int) -> Doubts | None:
        next_visit_in = 0
        try:
            return self._visit.visit(key)
        except Exception:
            _log.exception("due_work_failed", extra={"campaign_id": key.campaign_id})
            next_visit_in = MINUTE_MS
            return None
        finally:
            delay = self._clock.now() - since + next_visit_in
            self._metrics.peak(Peak.PLANNER_DELAY, delay)

    def _do(self, work: LayingKey | RemovalKey | ConnectionCheckKey, deadline: int) -> None:
        try:
            match work:
                case LayingKey():
                    self._lay(work.tenant_id, work.campaign_id, deadline)
                case RemovalKey():
                    self._remove(work, deadline)
                case ConnectionCheckKey():
                    self._look(work.instance_id)
        except Exception:
            _log.exception("due_work_failed", extra=_named(work))


def _named(work: DueWork) -> dict[str, str]:
    if isinstance(work, ConnectionCheckKey):
        return {"instance_id": work.instance_id}
    return {"campaign_id": work.campaign_id}
