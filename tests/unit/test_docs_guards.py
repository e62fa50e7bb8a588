"""The table of guards in docs/reliability.md is the one that is tried."""

import re
from pathlib import Path

from tests.simulator.guard_table import TABLE, as_markdown
from tests.simulator.guards import SWITCHES, Guard

PAGE = (Path(__file__).parents[2] / "docs" / "reliability.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("\n## Guards off\n")[2].partition("\n## ")[0]


def test_the_table_is_the_one_that_is_tried() -> None:
    assert as_markdown() in SECTION, "python -m tests.simulator.guard_table"


def test_the_table_names_every_guard_and_only_guards() -> None:
    named = re.findall(r"^\| `(\w+)` \|", SECTION, re.MULTILINE)
    assert named == list(Guard) == list(TABLE)


def test_each_switch_says_what_is_gone() -> None:
    said = [SWITCHES[guard].__doc__ for guard in Guard]
    assert all(said)
    assert len({*said}) == len(Guard)
