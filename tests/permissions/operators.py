"""What the credentials of whoever runs `campaigns admin …` need, held to `docs/permissions.md`."""

import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from tests.permissions.calls import Call
from tests.permissions.recorder import acting_as
from tests.permissions.recordings import ROOT

#: How whoever acts is called, with the command behind it.
COMMAND: Final = "admin "
PAGE: Final = ROOT / "docs" / "permissions.md"
_RESOURCES: Final = {
    "cloudformation": "stack",
    "dynamodb": "table",
    "kms": "key",
    "logs": "log group",
    "sqs": "queue of jobs",
}
_ROW: Final = re.compile(r"\| `(admin [a-z-]+)` \| ([a-z -]+) \| (`[^|]+`) \|")

#: A command, an action, and the kind of its resource.
type Right = tuple[str, str, str]


@contextmanager
def at_the_desk(command: str, *, dead_letters: str = "") -> Iterator[None]:
    """AWS calls inside are those of `campaigns admin` and that command; `dead_letters`: that
    queue's URL."""

    def name(action: str, raw: str, rest: str) -> str:
        if raw and raw == dead_letters:
            return "dead-letter queue"
        service = action.partition(":")[0]
        return "indexes" if rest else _RESOURCES.get(service, f"?{raw}")

    with acting_as(f"{COMMAND}{command}", name):
        yield


def granted(page: str) -> set[Right]:
    """The rights that the page tells."""
    return {
        (command, action, resource)
        for command, resource, actions in _ROW.findall(page)
        for action in re.findall(r"`([^`]+)`", actions)
    }


def used(calls: Iterable[Call]) -> set[Right]:
    """The rights that were made use of."""
    return {
        (call.who, call.action, call.resource) for call in calls if call.who.startswith(COMMAND)
    }


def rows(rights: Iterable[Right]) -> list[str]:
    """Rights as rows of the page's table."""
    by_place: dict[tuple[str, str], list[str]] = {}
    for command, action, resource in sorted(rights):
        by_place.setdefault((command, resource), []).append(f"`{action}`")
    return [
        f"| `{command}` | {resource} | {', '.join(actions)} |"
        for (command, resource), actions in by_place.items()
    ]


def faults(calls: Collection[Call]) -> list[str]:
    """Where the page and the calls of the commands differ."""
    return untold(calls) + needless(calls)


def untold(calls: Iterable[Call]) -> list[str]:
    """A sentence for each right that a command took and the page does not tell."""
    missing = used(calls)
    missing -= granted(PAGE.read_text("utf-8")) if missing else set()
    return [
        f"campaigns {command} takes {action} on the {resource}, which docs/permissions.md does "
        "not tell"
        for command, action, resource in sorted(missing)
    ]


def needless(calls: Iterable[Call]) -> list[str]:
    """A sentence for each right on the page that no command took."""
    return [
        f"docs/permissions.md asks for {action} on the {resource} for campaigns {command}, and no "
        "test has it do so"
        for command, action, resource in sorted(granted(PAGE.read_text("utf-8")) - used(calls))
    ]
