"""`python -m local.run`: the local stack, until TERM or Ctrl-C.

Environment: API_PORT (8000) and EVOLUTION_PORT (8090), 0 for a free one; STATE_DIR (.local), which
keeps everything; EVOLUTION_URL for a real server in the fake's place, and EVOLUTION_KEY to make
instances on it; SCHEDULE_PERIOD_SECONDS (60); and every setting of the functions. While it runs,
STATE_DIR/stack.json tells where it is.
"""

import fcntl
import logging
import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from campaigns_cli.example_texts import FIRST_MESSAGE
from campaigns_cli.language import language, t
from local.beginnings import INSTANCE_NAME, Beginnings, begin, write_private
from local.checked_settings import ConfigError
from local.config import Config
from local.ending import Ending
from local.process import StartError, clean_environment
from local.resources import ResourcesDifferError
from local.supervisor import PortTakenError, Stack

USAGE_ERROR = 2


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
        log_dir = config.log_dir
        print(
            t(f"O ministack terminou; veja {log_dir}", f"ministack ended; see {log_dir}"),
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        _say_goodbye()
        return 0
    finally:
        ending.ignore()
        stack_file.unlink(missing_ok=True)
        stack.stop()


def _say_goodbye() -> None:
    # A closed terminal is one of the ways to end; it hears nothing any more.
    with suppress(OSError):
        print(
            t(
                "Encerrando: nada mais sai até o próximo `make run`.",
                "Ending: nothing more is sent until the next `make run`.",
            ),
            flush=True,
        )


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
    process = lock.read()
    return t(
        f"Já há uma pilha local em {state_dir} (processo {process}): encerre-a, ou escolha outra "
        "pasta em STATE_DIR.",
        f"A local stack already runs in {state_dir} (process {process}): stop it, or set "
        "STATE_DIR to another folder.",
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
    """Where everything is, and a line to paste into another terminal."""
    places = {
        "API": stack.api_url,
        t("documentação", "docs"): f"{stack.api_url}/docs",
        t("chave do dono", "owner key"): beginnings.owner_key,
    }
    if config.evolution_url is None:
        places[t("telefones", "phones")] = f"{stack.evolution_url}/_fake/"
        about = t(
            "Envie a primeira campanha, em outro terminal:",
            "Send a first campaign from another terminal:",
        )
        line = _first_campaign(config)
    else:
        places["Evolution"] = config.evolution_url
        about = t(
            "Cadastre e conecte o seu WhatsApp, em outro terminal:",
            "Register and connect your WhatsApp from another terminal:",
        )
        line = _first_instance(config, config.evolution_url)
    goodbye = t(
        "Ctrl-C encerra tudo; o próximo início continua daqui.",
        "Ctrl-C ends everything; the next start goes on from here.",
    )
    width = max(map(len, places)) + 2
    shown = [f"{title:<{width}}{place}" for title, place in places.items()]
    return "\n".join([*shown, "", about, "", f"  {line}", "", goodbye])


def _first_campaign(config: Config) -> str:
    return _pasted(
        config,
        "send",
        *("--file", "examples/contatos.csv", "--limit", "10"),
        *("--message", FIRST_MESSAGE[language()], "--instance", INSTANCE_NAME),
        *("--ignore-quiet-hours", "--yes", "--watch"),
    )


def _first_instance(config: Config, evolution_url: str) -> str:
    name = t("Loja", "Shop")
    there = ("--evolution-url", evolution_url, "--evolution-instance", INSTANCE_NAME)
    where = ("--on-server",) if config.evolution_key else there
    return _pasted(config, "instances", "create", name, *where, "--connect")


def _pasted(config: Config, *words: str) -> str:
    """A call of the command line as the shell takes it that was in this folder."""
    command = Path(sys.executable).with_name("campaigns")
    line = shlex.join([_from_here(command), *words])
    if config.state_dir == Path(".local").absolute():
        return line
    return f"STATE_DIR={shlex.quote(_from_here(config.state_dir))} {line}"


def _from_here(path: Path) -> str:
    """The path from the current folder, where it lies below."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


if __name__ == "__main__":
    sys.exit(main())
