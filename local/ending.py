"""TERM, Ctrl-C and a closed terminal end a program in order, and once."""

import signal
from types import FrameType

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Ending:
    """The first signal raises KeyboardInterrupt, those after it do nothing.

    What is raised inside a destructor or a weak reference's callback is dropped by Python: whoever
    waits for long asks `check` now and then.
    """

    def __init__(self) -> None:
        self._is_asked_for = False

    def listen(self) -> None:
        """From now on the signals end the program; under nohup a closed terminal does not."""
        for number in _SIGNALS:
            if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._ask)

    def ignore(self) -> None:
        """It ends already: from now on the signals do nothing."""
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)

    def check(self) -> None:
        """Raises KeyboardInterrupt once the end was asked for."""
        if self._is_asked_for:
            raise KeyboardInterrupt

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self._is_asked_for = True
        self.ignore()
        raise KeyboardInterrupt
