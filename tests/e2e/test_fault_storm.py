"""The nine rules on the real local stack, whose processes are killed under load."""

from pathlib import Path

import pytest

from tests.e2e.storm import draw, storm
from tests.e2e.storm_plan import Victim

pytestmark = pytest.mark.stack

SEED = 5
SECONDS = 120.0
#: Fewer would be no storm.
FEWEST_KILLS = 20


def test_nine_rules_hold_while_processes_are_killed_under_load(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said: list[str] = []
    came = storm(tmp_path / "stack", draw(SEED, SECONDS), said.append)
    with capsys.disabled():
        print(f"\n{came.last_line}")  # noqa: T201 - the figures of this run

    assert not came.violations, "\n".join((*came.violations, *said))
    assert came.kills.total() >= FEWEST_KILLS
    assert all(came.kills[victim] for victim in Victim)
    assert came.emulator_restarts == 1
    # The rival wanted the instance while it was taken.
    assert "instance_busy" in came.refused
