"""`python -m local.fake_evolution --port 8090`: the fake Evolution API over HTTP."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from random import SystemRandom

from local.fake_evolution.ack_rules import USUAL_ACKS
from local.fake_evolution.core import FakeEvolution
from local.fake_evolution.server import FakeEvolutionServer, HttpDeliver, serve


def main() -> None:
    arguments = _parser().parse_args()
    fake = FakeEvolution(
        time.time,
        time.sleep,
        SystemRandom(),
        arguments.version,
        global_key=arguments.global_key,
        deliver=HttpDeliver(),
        acks=USUAL_ACKS,
    )
    server = FakeEvolutionServer(fake, arguments.port, arguments.socket_fd)
    fake.server_url = f"http://127.0.0.1:{server.port}"
    print(f"fake Evolution {fake.version} on {fake.server_url}, phones on /_fake/", flush=True)
    serve(server, fake, arguments.state_file)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.fake_evolution", description=__doc__)
    parser.add_argument("--port", type=int, default=8090, help="0 takes a free one")
    parser.add_argument("--socket-fd", type=int, help="a listening socket to take over instead")
    parser.add_argument("--version", default="2.3.7", help="the Evolution version to speak as")
    parser.add_argument("--state-file", type=Path, help="where phones, instances and rules survive")
    parser.add_argument("--global-key", default="fake-global-key", help="opens every instance")
    return parser


if __name__ == "__main__":
    main()
