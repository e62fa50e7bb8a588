"""Drawn runs of the whole system under faults: `make faults` does many more of them."""

import os
import pickle
from collections import Counter

import pytest

from tests.simulator.deployment import ground
from tests.simulator.faults import FaultKind
from tests.simulator.guards import Guard, off
from tests.simulator.many import sum_up
from tests.simulator.plan import draw
from tests.simulator.run import run
from tests.simulator.shrink import shrink
from tests.simulator.timeline import shown
from tests.simulator.total import Total

SEEDS = 250
PARTS = 10
#: Calls that all the default runs make no more often than this: more runs end there as well, and
#: `make faults` names those at which none did.
SELDOM = 100


@pytest.mark.parametrize("part", range(PARTS))
def test_no_rule_breaks_in_any_of_the_drawn_runs(
    part: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    total = sum_up(range(part, SEEDS, PARTS))
    assert total.failed == {}, "python -m tests.simulator SEED --shrink"
    assert total.seeds == SEEDS // PARTS
    if everything := _with_the_other_parts(part, total, tmp_path_factory):
        assert [kind for kind in FaultKind if not everything.counts[kind]] == []
        gaps = [each for each in everything.not_ended_at() if everything.times_at(each) > SELDOM]
        assert gaps == [], "calls at which no process ended in any of the default runs"


def _with_the_other_parts(
    part: int, total: Total, tmp_path_factory: pytest.TempPathFactory
) -> Total | None:
    """Parts run in several processes: whoever ends last has all of them."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    kept = shared / f"part-{part}.pickle"
    kept.with_suffix(".new").write_bytes(pickle.dumps(total))
    kept.with_suffix(".new").rename(kept)
    parts = list(shared.glob("part-*.pickle"))
    if len(parts) < PARTS:
        return None
    everything = Total()
    for each in parts:
        everything.add(pickle.loads(each.read_bytes()))  # noqa: S301 - written by this very test
    return everything


def test_a_failing_run_is_shrunk_to_what_it_fails_by() -> None:
    with ground() as shared, off(Guard.PERSON_GATE):
        drawn = (run(draw(seed), shared) for seed in range(SEEDS))
        failing = next(each for each in drawn if each.violations)
        smallest = shrink(failing, shared)
        again = run(smallest.plan, shared)
    assert {each.split(":")[0] for each in smallest.violations} == {"never_hammered"}
    assert smallest.plan.recipients == 1
    assert (smallest.struck, smallest.plan.actions) == ({}, ())
    # Two requests to one person, a start each, and hardly anything else.
    assert len(smallest.timeline) < 15
    assert again.timeline == smallest.timeline


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
