"""`python -m local.run`: the local stack, until TERM or Ctrl-C.

Environment: API_PORT (8000) and EVOLUTION_PORT (8090), 0 for a free one; STATE_DIR (.local), which
keeps everything; EVOLUTION_URL for a real server in the fake's place; SCHEDULE_PERIOD_SECONDS (60);
and every setting of the functions. While it runs, STATE_DIR/stack.json tells where it is.
"""

import fcntl
import logging
import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from local.beginnings import INSTANCE_NAME, Beginnings, begin, write_private
from local.config import Config, ConfigError
from local.ending import Ending
from local.process import StartError, clean_environment
from local.resources import ResourcesDifferError
from local.supervisor import PortTakenError, Stack

USAGE_ERROR = 2
_MESSAGE = "Oi {{primeiro_nome}}, chegou novidade na loja."


class AlreadyRunningError(Exception):
    """Another stack has the folder; one sentence."""


def main() -> int:
    """Runs the stack; gives the exit status."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s")
    try:
        config = Config.from_environment(dict(os.environ))
        _forget_aws_credentials()
        with _locked(config.state_dir):
            return _run(config)
    except (AlreadyRunningError, ConfigError, PortTakenError, ResourcesDifferError) as error:
        print(error, file=sys.stderr)
        return USAGE_ERROR
    except StartError as error:
        print(error, file=sys.stderr)
        return 1


def _run(config: Config) -> int:
    stack_file = config.state_dir / "stack.json"
    stack_file.unlink(missing_ok=True)
    ending = Ending()
    ending.listen()
    stack = Stack(config)
    try:
        stack.start()
        with_fake = config.evolution_url is None
        beginnings = begin(stack, config.state_dir / "owner.json", with_fake=with_fake)
        stack.start_events()
        write_private(stack_file, _description(stack, beginnings))
        print(_welcome(stack, beginnings, config), flush=True)
        while stack.wait(1.0):
            ending.check()
        print(f"ministack ended; see {config.log_dir}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    finally:
        ending.ignore()
        stack_file.unlink(missing_ok=True)
        stack.stop()


def _forget_aws_credentials() -> None:
    """Nothing in this process can reach the user's account either."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(clean_environment({}))


@contextmanager
def _locked(state_dir: Path) -> Iterator[None]:
    """One stack per folder; the system lets go of the lock however the process ends."""
    state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (state_dir / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunningError(_already_running(state_dir, lock)) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _already_running(state_dir: Path, lock: IO[str]) -> str:
    lock.seek(0)
    return (
        f"A local stack already runs in {state_dir} (process {lock.read()}): "
        "stop it, or set STATE_DIR to another folder."
    )


def _description(stack: Stack, beginnings: Beginnings) -> dict[str, object]:
    """What a program needs to use the stack, as the functions see it and as a client does."""
    environment = clean_environment(stack.environment)
    return {
        "api_url": stack.api_url,
        "evolution_url": stack.evolution_url,
        "control_url": stack.control_url,
        "owner_key": beginnings.owner_key,
        "tenant_id": beginnings.tenant_id,
        "pid": os.getpid(),
        "instance_name": INSTANCE_NAME,
        "table_name": stack.resources.table_name,
        "queue_url": stack.resources.queue_url,
        "dead_letter_queue_url": stack.resources.dead_letter_queue_url,
        "aws_endpoint_url": stack.ministack.url,
        "environment": {
            name: value
            for name, value in environment.items()
            if name in stack.environment or name.startswith("AWS_")
        },
    }


def _welcome(stack: Stack, beginnings: Beginnings, config: Config) -> str:
    if config.evolution_url is not None:
        return "\n".join(
            [
                *_addresses(stack, beginnings),
                f"Evolution  {config.evolution_url}",
                "Register your instance with POST /api/instances/ (see /docs).",
            ]
        )
    return "\n".join(
        [
            *_addresses(stack, beginnings),
            f"phones     {stack.evolution_url}/_fake/",
            "",
            "Send a first campaign from another terminal:",
            "",
            f"  {_first_campaign(config)}",
            "",
            "Ctrl-C ends everything; the next start goes on from here.",
        ]
    )


def _addresses(stack: Stack, beginnings: Beginnings) -> list[str]:
    return [
        f"API        {stack.api_url}",
        f"docs       {stack.api_url}/docs",
        f"owner key  {beginnings.owner_key}",
    ]


def _first_campaign(config: Config) -> str:
    """A line for the shell that was in this folder."""
    command = Path(sys.executable).with_name("campaigns")
    words = [
        _from_here(command),
        "send",
        *("--file", "examples/contatos.csv", "--limit", "10"),
        *("--message", _MESSAGE, "--instance", INSTANCE_NAME),
        *("--ignore-quiet-hours", "--yes", "--watch"),
    ]
    line = shlex.join(words)
    if config.state_dir == Path(".local").absolute():
        return line
    return f"STATE_DIR={shlex.quote(_from_here(config.state_dir))} {line}"


def _from_here(path: Path) -> str:
    """The path from the current folder, where it lies below."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


if __name__ == "__main__":
    sys.exit(main())
