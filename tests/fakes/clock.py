"""A clock that stands until it is moved."""

from dataclasses import dataclass


@dataclass
class FakeClock:
    """See :class:`campaigns.services.ports.Clock`. Epoch milliseconds; sleeping moves it."""

    at: int = 1_795_000_000_000

    def now(self) -> int:
        return self.at

    def sleep(self, milliseconds: int) -> None:
        self.at += milliseconds
