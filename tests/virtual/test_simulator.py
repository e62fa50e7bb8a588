"""Drawn runs of the whole system under faults: `make faults` does many more of them."""

from collections import Counter

import pytest

from local.fake_evolution import Behaviour, WebhookTrait
from tests.simulator.deployment import ground
from tests.simulator.faults import FaultKind
from tests.simulator.many import Total, sum_up
from tests.simulator.plan import ActionKind, draw
from tests.simulator.run import run
from tests.simulator.timeline import shown

SEEDS = 40
PARTS = 2


@pytest.mark.parametrize("part", range(PARTS))
def test_no_rule_breaks_in_any_of_the_drawn_runs(part: int) -> None:
    total = sum_up(range(part, SEEDS, PARTS))
    assert total.failed == {}, "python -m tests.simulator SEED --shrink"
    assert total.seeds == SEEDS // PARTS
    # Each part by itself, for they may run in several processes.
    missing = [kind for kind in FaultKind if not total.counts[kind]]
    assert missing == []


def test_every_action_behaviour_and_webhook_trait_is_drawn_by_the_default_seeds() -> None:
    drawn: Counter[object] = Counter()
    for seed in range(400):
        plan = draw(seed)
        drawn.update(each.kind for each in plan.actions)
        drawn.update(each.behaviour for each in plan.rules)
        drawn.update(each.trait for each in plan.webhook_rules)
    wanted = {*ActionKind, *Behaviour, *WebhookTrait}
    assert wanted - {*drawn} == set()


def test_a_run_replays_exactly() -> None:
    with ground() as shared:
        first, between, again = (run(draw(seed), shared) for seed in (13, 12, 13))
    assert first.timeline == again.timeline
    assert first.timeline != between.timeline
    assert shown(first) == shown(again)
    assert len(first.struck) > 0


def test_the_last_line_counts_every_kind() -> None:
    line = Total(2, Counter({FaultKind.CRASH: 3, FaultKind.TIMEOUT: 1}), {1: ("a", "b")}).last_line
    assert line.startswith("seeds 2, faults 4 by kind crash=3, timeout=1, throttle=0, ")
    assert line.endswith(", violations 2")
