"""Records which AWS calls are made in this process, by whom: one hook for every client of botocore.

Who acts is said where a function is called (:func:`acting_as`); what nobody has said, such as a
test's own preparations, is not recorded.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, NamedTuple

import botocore.handlers

from campaigns.settings import Settings
from tests.permissions.calls import Call, Namer, namer, needs

#: The folder to write into; without it, calls are only remembered.
FOLDER = "RECORDED_CALLS"
#: The settings that name a resource.
NAMING = (
    "TABLE_NAME",
    "QUEUE_URL",
    "KMS_KEY_ID",
    "SCHEDULER_FUNCTION_NAME",
    "EVOLUTION_SERVER_KEY_PARAMETER",
)


class _Actor(NamedTuple):
    who: str
    name: Namer


class Recorder:
    """Calls and how often they were made.

    A file has a line whenever a count reaches a power of two: a process that is killed has told
    of every call that it made, and at least half of how often.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.counts: Counter[Call] = Counter()
        self._folder = folder
        self._latest: set[Call] = set()

    def note(self, call: Call) -> None:
        self._latest.add(call)
        self.counts[call] += 1
        count = self.counts[call]
        if self._folder and count & (count - 1) == 0:
            self._write([(call, count)])

    def take_latest(self) -> set[Call]:
        """What was called since this was last asked for."""
        latest, self._latest = self._latest, set()
        return latest

    def flush(self) -> None:
        """Write every count as it is."""
        if self._folder:
            self._write(list(self.counts.items()))

    def _write(self, counts: list[tuple[Call, int]]) -> None:
        assert self._folder
        with (self._folder / f"{os.getpid()}.jsonl").open("a") as file:
            file.writelines(json.dumps([*call, count]) + "\n" for call, count in counts)


_acting: ContextVar[_Actor | None] = ContextVar("acting", default=None)
#: Of a process that is one function's.
_process: _Actor | None = None


@contextmanager
def acting_as(who: str, named: Settings | Namer) -> Iterator[None]:
    """AWS calls inside are those of that function (`api`, `scheduler`, `dispatcher`) or person.

    `named` tells which resource is which: the settings, or what gives a resource its name.
    """
    token = _acting.set(_Actor(who, namer(_of(named)) if isinstance(named, Settings) else named))
    try:
        yield
    finally:
        _acting.reset(token)


def act_for_ever_as(who: str, settings: Mapping[str, str]) -> None:
    """AWS calls of this process are those of that function."""
    global _process
    _process = _Actor(who, namer(settings))


def install(recorder: Recorder) -> None:
    """From now on, whatever client is made in this process: its calls are recorded."""

    def hear(params: Mapping[str, Any], model: Any, **_: object) -> None:
        actor = _acting.get() or _process
        if actor is None:
            return
        service = model.service_model.service_name
        for action, raw, rest in needs(service, model.name, params):
            resource = actor.name(action, raw, rest)
            recorder.note(Call(actor.who, f"{service}:{model.name}", action, resource))

    # Every session takes its own handlers from this list, as moto has it too.
    botocore.handlers.BUILTIN_HANDLERS.append(("provide-client-params", hear))


def _of(settings: Settings) -> dict[str, str]:
    return {name: getattr(settings, name.lower()) for name in NAMING}
