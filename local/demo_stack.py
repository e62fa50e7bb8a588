"""The demo's own local stack: a folder and ports of its own, gone when the demo ends."""

import json
import signal
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree

from campaigns_cli.language import t
from campaigns_cli.options import messages, say
from local.process import Command, StartError, end, ended, not_ready, spawn, start_failure

# Short, so that a killed dispatcher and an answer that never comes are over within the demo.
QUICK_FAULTS = {
    "READ_TIMEOUT_SECONDS": "5",
    "FUNCTION_TIMEOUT_SECONDS": "20",
    "UNKNOWN_GRACE_SECONDS": "5",
    "SCHEDULE_PERIOD_SECONDS": "10",
}
_START_SECONDS = 90.0
_STOP_SECONDS = 10.0
_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class StackFile:
    """What the stack says of itself once it is ready; `environment` is what its functions have."""

    api_url: str
    evolution_url: str
    control_url: str
    owner_key: str
    instance_name: str
    environment: Mapping[str, str]


@contextmanager
def demo_folder(prefix: str = "campaigns-demo-") -> Iterator[Path]:
    """A folder that is removed at the end, but kept when the demo fails: its logs say why."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    try:
        yield folder
    except Exception:
        logs = folder / "logs"
        say(t(f"Os registros ficaram em {logs}", f"The logs are in {logs}"), messages())
        raise
    except BaseException:
        rmtree(folder, ignore_errors=True)
        raise
    rmtree(folder, ignore_errors=True)


@contextmanager
def running_stack(folder: Path, settings: Mapping[str, str] = QUICK_FAULTS) -> Iterator[StackFile]:
    """The stack on free ports, ended with all its processes whatever happens inside."""
    command = Command(
        "the local stack",
        ("local.run",),
        folder / "logs" / "stack.log",
        {**settings, "API_PORT": "0", "EVOLUTION_PORT": "0", "STATE_DIR": str(folder)},
    )
    process = spawn(command)
    try:
        stack_file = folder / "stack.json"
        deadline = time.monotonic() + _START_SECONDS
        while (ready := read_stack_file(stack_file)) is None:
            if process.poll() is not None:
                raise start_failure(command, ended(process.returncode))
            if time.monotonic() > deadline:
                raise start_failure(command, not_ready(_START_SECONDS))
            time.sleep(_POLL_SECONDS)
        yield ready
    finally:
        end([process], signal.SIGTERM, _STOP_SECONDS)


def read_stack_file(path: Path) -> StackFile | None:
    """What a running stack says of itself; None while it says nothing."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    try:
        return StackFile(**{name: content[name] for name in StackFile.__slots__})
    except KeyError as missing:
        raise StartError(f"{path} does not name {missing}") from None
