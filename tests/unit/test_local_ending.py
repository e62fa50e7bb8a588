"""How a signal ends a program of the local stack."""

import signal
from collections.abc import Iterator

import pytest

from local.ending import Ending

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@pytest.fixture(autouse=True)
def _handlers_as_before() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in SIGNALS}
    # The tests themselves may run under nohup.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", SIGNALS)
def test_the_first_signal_interrupts_and_the_next_do_nothing(number):
    Ending().listen()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(number)
    for another in SIGNALS:
        signal.raise_signal(another)


def test_an_interrupt_that_was_dropped_is_found_at_the_next_look():
    ending = Ending()
    ending.listen()
    ending.check()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt):
        ending.check()


def test_under_nohup_a_closed_terminal_is_survived():
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    ending = Ending()
    ending.listen()
    signal.raise_signal(signal.SIGHUP)
    ending.check()
