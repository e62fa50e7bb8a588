"""Processes of the stack die, and the emulator is restarted, at the moments that were drawn."""

import contextlib
import os
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.e2e.storm_plan import Kill, Victim

_FUNCTION = {
    Victim.DISPATCHER: "campaigns-dispatcher",
    Victim.IN_A_SEND: "campaigns-dispatcher",
    Victim.SCHEDULER: "campaigns-scheduler",
}
#: The emulator writes its state when it is ended, and reads it when it starts.
_RESTART_SECONDS = 90.0
_AIMED_SECONDS = 3.0


@dataclass
class Trouble:
    """A hand on the processes of one stack, and a count of what it did with them."""

    control_url: str
    say: Callable[[str], None]
    kills: Counter[Victim] = field(default_factory=Counter)
    emulator_restarts: int = 0

    def __post_init__(self) -> None:
        self._client = httpx.Client(
            base_url=self.control_url, timeout=_RESTART_SECONDS, trust_env=False
        )
        self._starts_before = self._starts()

    def close(self) -> None:
        self._client.close()

    def kill(self, drawn: Kill) -> None:
        """KILLs one of the function's living processes; that one may be dead already."""
        if drawn.victim is Victim.IN_A_SEND:
            body = {"wait_seconds": _AIMED_SECONDS}
            answer = self._client.post("/control/dispatcher/kill", json=body)
            if answer.is_success:
                self._count(drawn.victim, answer.json()["pid"])
            return
        pids = sorted(self._functions()[_FUNCTION[drawn.victim]]["pids"])
        if pids:
            pid = pids[drawn.choice % len(pids)]
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                self._count(drawn.victim, pid)

    def restart_emulator(self, away_seconds: float) -> None:
        """Ends it with TERM; returns when it is back."""
        self.say(f"restart ministack, away for {away_seconds:.1f} s")
        body = {"away_seconds": away_seconds}
        self._client.post("/control/aws/restart", json=body).raise_for_status()
        self.emulator_restarts += 1
        self.say("ministack is back")

    def restarts(self) -> dict[str, int]:
        """By function, how many processes were started in the place of others."""
        return {
            name.removeprefix("campaigns-"): starts - self._starts_before[name]
            for name, starts in self._starts().items()
            if starts != self._starts_before[name]
        }

    def _count(self, victim: Victim, pid: int) -> None:
        self.kills[victim] += 1
        self.say(f"kill {victim} {pid}")

    def _starts(self) -> dict[str, int]:
        return {name: function["starts"] for name, function in self._functions().items()}

    def _functions(self) -> dict[str, dict[str, Any]]:
        functions: dict[str, dict[str, Any]]
        functions = self._client.get("/control/status").raise_for_status().json()["functions"]
        return functions
