"""`python -m tests.simulator SEED`: one run again, with its timeline."""

import argparse
import sys

from tests.simulator.deployment import ground
from tests.simulator.plan import draw
from tests.simulator.run import run
from tests.simulator.shrink import shrink
from tests.simulator.timeline import shown


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulator", description=__doc__)
    parser.add_argument("seed", type=int)
    parser.add_argument("--shrink", action="store_true", help="leave out what it fails without")
    asked = parser.parse_args()
    with ground() as shared:
        result = run(draw(asked.seed), shared)
        if asked.shrink and result.violations:
            result = shrink(result, shared, lambda _: sys.stderr.write("."))
            sys.stderr.write("\n")
    _say(shown(result))
    return 1 if result.violations else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
