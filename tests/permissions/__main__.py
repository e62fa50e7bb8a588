"""`make permissions`: what the suites had each function call, against what its role allows."""

import sys
from collections import Counter
from collections.abc import Iterable, Mapping

from tests.permissions import adapters, judge, operators
from tests.permissions.calls import Call
from tests.permissions.recordings import NotRecorded, read_all
from tests.permissions.roles import FUNCTIONS


def main() -> int:
    """0: all is as it should be; 1: it is not; 2: there is nothing to judge by."""
    try:
        calls = read_all()
    except NotRecorded as missing:
        sys.stderr.write(f"{missing}\n")
        return 2
    show(rows(calls, judge.deployed()))
    faults = judge.faults(calls, adapters.contained()) + operators.faults(calls)
    for fault in faults:
        sys.stderr.write(f"{fault}\n")
    if not faults:
        _say("Every call is allowed, every right is used, every adapter's call was made.")
    return 1 if faults else 0


def rows(calls: Mapping[Call, int], variants: Iterable[judge.Roles]) -> list[tuple[str, ...]]:
    """Who, action, resource, and how often at least, or which part of AWS calls by itself."""
    made: Counter[tuple[str, str, str]] = Counter()
    default, *others = variants
    for call, count in calls.items():
        resource = call.resource
        if call.who in FUNCTIONS:
            resource = judge.short(judge.arn_of(call, default[call.who]) or call.resource)
        made[call.who, call.action, resource] += count
    own = {
        (function, each.action, judge.short(each.resource)): each.by
        for roles in (default, *others)
        for function, role in roles.items()
        for each in role.own_calls
    }
    told = {place: f"{count:,}" for place, count in made.items()} | own
    order = {function: str(place) for place, function in enumerate(FUNCTIONS)}
    ranked = sorted(told, key=lambda place: (order.get(place[0], place[0]), place))
    return [(*place, told[place]) for place in ranked]


def show(found: Iterable[tuple[str, ...]]) -> None:
    """As a table, under its heads."""
    table = [("who", "action", "resource", "calls, at least"), *found]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        _say("  ".join(cells).rstrip())
    _say("")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
