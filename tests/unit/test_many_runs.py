"""`make faults`: what it says and how it ends, whatever becomes of it."""

import os
import signal
import subprocess
import sys
from collections import Counter

import pytest

from tests.simulator import many
from tests.simulator.faults import FaultKind, Place
from tests.simulator.processes import make
from tests.simulator.total import Total

CALL = Place("dispatcher", "GetItem CONTACT")


def quick(seeds: list[int]) -> Total:
    """Stands for the runs; at module level, for it goes to other processes."""
    counts: Counter[str] = Counter({FaultKind.CRASH: 2 * len(seeds)})
    return Total(len(seeds), counts, places=Counter({CALL: len(seeds)}))


def broken_at_seven(seeds: list[int]) -> Total:
    total = quick(seeds)
    if 7 in seeds:
        total.failed[7] = ("never_twice: somebody", "exact_books: something")
    return total


def killed_at_seven(seeds: list[int]) -> Total:
    if 7 in seeds:
        os.kill(os.getpid(), signal.SIGKILL)
    return quick(seeds)


def test_the_last_line_sums_up_and_it_ends_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert many.main(["12", "--workers", "2"], quick) == 0
    told = capsys.readouterr()
    *_, last = told.out.splitlines()
    assert last.startswith("seeds 12, faults 24 by kind crash=24, timeout=0, throttle=0, ")
    assert last.endswith(", violations 0")
    assert "12/12" in told.err
    assert " left" in told.err


def test_calls_at_which_no_process_ended_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    many.main(["5", "--workers", "1"], quick)
    assert f"  {CALL}, before (5 times)\n  {CALL}, after (5 times)\n" in capsys.readouterr().out


def test_a_broken_rule_is_told_with_its_seed_and_the_first_timeline_and_ends_with_1(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert many.main(["8", "3", "--workers", "1"], broken_at_seven) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [
        "seed 7 (python -m tests.simulator 7 --shrink)",
        "  never_twice: somebody",
        "  exact_books: something",
    ]
    assert lines[3].startswith("seed 7: ")
    assert any("request leaves through" in line for line in lines)
    assert lines[-1].startswith("seeds 8, ")
    assert lines[-1].endswith(", violations 2")


def test_runs_whose_process_was_killed_are_told_as_lost_and_end_with_1(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert many.main(["5", "5", "--workers", "1"], killed_at_seven) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "5 runs came to no end: 5 and after"
    assert lines[-1].startswith("seeds 0, ")


def test_an_interrupt_ends_it_in_order_with_the_sum_so_far() -> None:
    def interrupt(_: Total) -> None:
        if not outcomes:
            outcomes.append("interrupted")
            signal.raise_signal(signal.SIGINT)

    outcomes: list[str] = []

    outcome = make(range(1_000), 1, interrupt, quick)
    assert outcome.is_interrupted
    assert 0 < outcome.total.seeds < 1_000
    assert outcome.lost == []


def test_a_terminals_ctrl_c_ends_every_process_in_order() -> None:
    script = (
        "import sys; from tests.simulator.many import main; from tests.unit.test_many_runs"
        " import quick; sys.exit(main(['20000', '--workers', '2'], quick))"
    )
    with subprocess.Popen(  # noqa: S603 - our own words
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    ) as running:
        assert running.stderr is not None
        first = running.stderr.readline()
        os.killpg(running.pid, signal.SIGINT)
        out, err = running.communicate()
    assert "] " in first
    assert running.returncode == 130, err
    assert "Traceback" not in err
    assert out.splitlines()[-1].endswith(", violations 0")


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [(["0"], "'0'"), (["-5"], "SEEDS"), (["many"], "'many'"), (["5", "x"], "'x'"), ([], "SEEDS")],
)
def test_a_wrong_number_is_told_as_one(
    arguments: list[str], wrong: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        many.main(arguments, quick)
    assert ended.value.code == 2
    assert wrong in capsys.readouterr().err


def test_help_says_what_is_to_be_known(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        many.main(["--help"], quick)
    assert ended.value.code == 0
    told = capsys.readouterr().out
    assert "make faults SEEDS=" in told
    assert "--shrink" in told
