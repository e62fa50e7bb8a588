"""The guards of the product, any of which can be switched off."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from enum import StrEnum, auto

from tests.simulator import guard_switches as switches


class Guard(StrEnum):
    """What stands between a fault and a broken rule."""

    FIRST_LOOK = auto()
    CLAIM = auto()
    PERSON_GATE = auto()
    INSTANCE_GATE = auto()
    BUSY_MARK = auto()
    WINDOW_CHECK = auto()
    SLOTS_IN_HOURS = auto()
    PLAN_NUMBER = auto()
    DEDUPLICATION = auto()
    LEASE = auto()
    DOUBT = auto()
    TOKENS = auto()
    JOBS_BEFORE_CURSOR = auto()
    ORDERED_ACKNOWLEDGEMENT = auto()
    MARK_WALK = auto()


SWITCHES: Mapping[Guard, switches.Switch] = {
    guard: getattr(switches, f"{guard}_off") for guard in Guard
}


@contextmanager
def off(*guards: Guard) -> Iterator[None]:
    """Those guards are switched off, in every deployment, until the context ends."""
    with ExitStack() as stack:
        for guard in guards:
            stack.enter_context(SWITCHES[guard]())
        yield
