"""`python -m local.sam invoke|api`: the built functions in Lambda's container, over a local stack.

`invoke` plays every file of `events/` by `sam local invoke`; `api` serves the HTTP API by
`sam local start-api` on SAM_API_PORT (3000) until Ctrl-C. Both use the local stack that runs in
STATE_DIR (.local), or one of their own, which ends with them.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from campaigns_cli.language import t
from campaigns_cli.options import say
from local.demo_stack import StackFile, demo_folder, read_stack_file, running_stack
from local.ending import Ending
from local.process import StartError
from local.sam.bench import bench
from local.sam.containers import DockerError
from local.sam.functions import InvocationError, sam_local
from local.sam.play import Play, PlayError


def main() -> int:
    """Gives the exit status: 0 only where every call came back as it should."""
    parser = argparse.ArgumentParser(
        prog="python -m local.sam",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument("what", choices=["invoke", "api"])
    wanted = parser.parse_args().what
    ending = Ending()
    ending.listen()
    try:
        port = _port()
        with demo_folder("campaigns-sam-") as folder, _stack(folder) as stack:
            if wanted == "invoke":
                _invoke(stack, folder / "logs")
            else:
                _serve(stack, folder / "logs", port, ending)
    except (DockerError, InvocationError, PlayError, StartError, httpx.HTTPError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0 if wanted == "api" else 130
    return 0


def _port() -> int:
    text = os.environ.get("SAM_API_PORT") or "3000"
    if not (text.isdecimal() and int(text) < 65536):
        what = t("SAM_API_PORT não é uma porta", "SAM_API_PORT is no port")
        raise StartError(f"{what}: {text}")
    return int(text)


@contextmanager
def _stack(folder: Path) -> Iterator[StackFile]:
    """The stack that runs already, or one on free ports that ends with this program."""
    state_dir = Path(os.environ.get("STATE_DIR") or ".local")
    if (running := read_stack_file(state_dir / "stack.json")) is not None:
        say(t(f"Pilha local: a de {state_dir}", f"Local stack: the one in {state_dir}"))
        yield running
        return
    say(t("Pilha local: uma própria", "Local stack: one of its own"))
    with running_stack(folder, {}) as own:
        yield own


def _invoke(stack: StackFile, folder: Path) -> None:
    with bench(stack.environment) as own, sam_local(own.environment, folder) as sam:
        Play(sam, own, stack.evolution_url).run()


def _serve(stack: StackFile, folder: Path, port: int, ending: Ending) -> None:
    with sam_local(stack.environment, folder) as sam, sam.api(port) as url:
        say(f"API: {url}  ({t('chave do dono', 'owner key')}: {stack.owner_key})")
        while True:
            time.sleep(1.0)
            ending.check()


if __name__ == "__main__":
    sys.exit(main())
