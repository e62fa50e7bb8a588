"""The demo, cut short. To its end it runs as a stage of `make ci`, by its own verdict."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from local.process import ROOT

pytestmark = pytest.mark.stack

STOP_SECONDS = 5.0
INTERRUPTED = 130


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_leaves_neither_a_process_nor_a_folder(
    tmp_path: Path, end: signal.Signals
) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "local.demo"],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        assert any("http://127.0.0.1:" in line for line in lines)
        processes = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(end)
        _, left = psutil.wait_procs(processes, timeout=STOP_SECONDS)
        assert left == []
        assert process.wait(STOP_SECONDS) == INTERRUPTED
    assert processes
    assert list(tmp_path.iterdir()) == []
