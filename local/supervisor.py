"""The processes of the local stack and what runs between them, started and ended together.

::

    HTTP ──> bridge ──> api workers ─────────┐
    schedule ─────────> scheduler workers ───┼──> ministack (DynamoDB, SQS, KMS)
    event source ─────> dispatcher workers ──┘
                             └──> fake Evolution ──> bridge (webhooks)
"""

import contextlib
import socket
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from campaigns_cli.language import t
from local.bridge import Gateway
from local.config import Config, changed_template, functions
from local.control import Control
from local.event_source import EventSource
from local.evolution import GLOBAL_KEY, fake_evolution, waiting_process
from local.invoke_api import InvokeApi
from local.ministack import Ministack
from local.pool import Pool
from local.process import trim
from local.resources import create_resources, keep_server_key
from local.schedule import Schedule
from local.web import WebServer, listener_url, listening_socket

# Two schedulers: one may lay a long list while the minute's run plans.
WORKERS = {"ApiFunction": 2, "SchedulerFunction": 2, "DispatcherFunction": 4}
_READY_SECONDS = 30.0
# A send and its settling take this long; one that is cut short is of unknown outcome.
_DRAIN_SECONDS = 2.5
_WEB_THREADS = 16


class PortTakenError(Exception):
    """A port that the user may choose is in use; one sentence with the variable that chooses it."""

    def __init__(self, port: int, variable: str) -> None:
        super().__init__(
            t(
                f"A porta {port} está ocupada: escolha outra em {variable}, ou 0.",
                f"Port {port} is in use: set {variable} to another one, or to 0.",
            )
        )


class Stack:
    """Everything behind the HTTP port.

    `start`, then `start_events`; then, or after a failed start, `stop`.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._template = changed_template(config)
        self._ends = contextlib.ExitStack()
        self.ministack = Ministack(
            log=config.log_dir / "ministack.log", state_dir=config.state_dir / "aws"
        )
        self.evolution_url = config.evolution_url or ""
        self.api_url = ""
        self.control_url = ""

    def start(self) -> None:
        """Returns when the functions answer; raises `PortTakenError` or `StartError`."""
        self._config.log_dir.mkdir(parents=True, exist_ok=True)
        for log in self._config.log_dir.glob("*.log"):
            trim(log)
        api_listener = _listen(self._config.api_port, "API_PORT")
        self._ends.callback(api_listener.close)
        control_listener = listening_socket(0)
        self._ends.callback(control_listener.close)
        self.api_url = listener_url(api_listener)
        self.control_url = listener_url(control_listener)
        self._start_servers()
        self.resources = create_resources(self.ministack.url, self._template)
        self._keep_server_key()
        self.pools = self._pools()
        self._start_functions(api_listener, control_listener)

    def start_events(self) -> None:
        """From now on the scheduler is woken, and jobs are taken from the queue."""
        self._ends.callback(self._schedule.stop)
        self._ends.callback(self._source.stop, _DRAIN_SECONDS)
        self._source.start()
        self._schedule.start()

    def stop(self) -> None:
        """Begins nothing new, gives what is begun a moment, ends every process, keeps the state."""
        self._ends.close()

    @property
    def environment(self) -> dict[str, str]:
        """The functions' settings."""
        return dict(self.pools["ApiFunction"].function.environment)

    def wait(self, seconds: float) -> bool:
        """Sleeps; false when the emulator has ended by itself, and with it the stack."""
        return self.ministack.wait(seconds)

    def _start_servers(self) -> None:
        starts: list[Callable[[], None]] = [self.ministack.start]
        ends: list[Callable[[], None]] = [self.ministack.stop]
        if not self._config.evolution_url:
            listener = _listen(self._config.evolution_port, "EVOLUTION_PORT")
            self._ends.callback(listener.close)
            fake = fake_evolution(listener, self._config.state_dir, self._config.log_dir)
            starts.append(fake.start)
            ends.append(fake.stop)
            self.evolution_url = listener_url(listener)
        self._ends.callback(_at_once, ends)
        _at_once(starts)

    def _keep_server_key(self) -> None:
        """For the instances that are made on the stack's own Evolution."""
        key = self._config.evolution_key if self._config.evolution_url else GLOBAL_KEY
        if name := self._template.environment().get("EVOLUTION_SERVER_KEY_PARAMETER"):
            keep_server_key(self.ministack.url, name, key)

    def _pools(self) -> dict[str, Pool]:
        endpoints = {
            "AWS_ENDPOINT_URL": self.ministack.url,
            "AWS_ENDPOINT_URL_LAMBDA": self.control_url,
            "EVOLUTION_SERVER_URL": self.evolution_url,
            # Without TLS, so that it does not follow from the domain that a request came by.
            "PUBLIC_URL": self._config.environment.get("PUBLIC_URL") or self.api_url,
        }
        wanted = functions(self._template, self._config.environment, endpoints)
        return {
            logical_id: Pool(function, WORKERS[logical_id], self._config.log_dir)
            for logical_id, function in wanted.items()
        }

    def _start_functions(
        self, api_listener: socket.socket, control_listener: socket.socket
    ) -> None:
        dispatcher = self.pools["DispatcherFunction"]
        self._source = EventSource(
            self.ministack.url, self.resources, dispatcher, WORKERS["DispatcherFunction"]
        )
        self._schedule = Schedule(
            self.pools["SchedulerFunction"], self._config.schedule_period_seconds
        )
        # Apart, so that calls that wait for a busy scheduler keep no request from the api.
        background, calls = self._executor("background"), self._executor("call")
        by_name = {pool.function.name: pool for pool in self.pools.values()}
        control = Control(
            InvokeApi(by_name, background),
            by_name,
            dispatcher,
            self._source.delivery,
            self._schedule,
            self._waiting_process,
            self.ministack.restart,
        )
        self._serve(WebServer(control, control_listener, _WEB_THREADS, "control"))
        self._ends.callback(_at_once, [pool.stop for pool in self.pools.values()])
        for pool in self.pools.values():
            pool.start()
        for pool in self.pools.values():
            pool.wait_ready(_READY_SECONDS)
        gateway = Gateway(self.pools["ApiFunction"], calls)
        self._serve(WebServer(gateway, api_listener, _WEB_THREADS, "bridge"))

    def _executor(self, name: str) -> ThreadPoolExecutor:
        executor = ThreadPoolExecutor(_WEB_THREADS, thread_name_prefix=name)
        self._ends.callback(executor.shutdown, wait=False, cancel_futures=True)
        return executor

    def _waiting_process(self, pids: Iterable[int]) -> int | None:
        if self._config.evolution_url:
            # A real server does not tell who waits for it.
            return None
        return waiting_process(self.evolution_url, pids)

    def _serve(self, server: WebServer) -> None:
        server.start()
        self._ends.callback(server.stop)


def _listen(port: int, variable: str) -> socket.socket:
    try:
        return listening_socket(port)
    except OSError:
        raise PortTakenError(port, variable) from None


def _at_once(actions: Iterable[Callable[[], None]]) -> None:
    """Runs all of them in parallel; raises the first failure when all are through."""
    with ThreadPoolExecutor() as threads:
        running = [threads.submit(action) for action in actions]
    for one in running:
        one.result()
