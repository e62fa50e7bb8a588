"""What the fake draws: ids, chances and delays, all of them from the randomness it was given."""

from __future__ import annotations

import uuid
from random import Random


class Chance:
    """Ids in the formats of their makers."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def new_uuid(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def new_message_id(self) -> str:
        """The id that WhatsApp's web client gives to a message."""
        return f"3EB0{self._random.getrandbits(72):018X}"

    def new_phone_message_id(self) -> str:
        """The id that a phone gives to what is written on it."""
        return f"3A{self._random.getrandbits(72):018X}"

    def new_row_id(self) -> str:
        return f"cm{self._random.getrandbits(92):023x}"

    def new_rule_id(self) -> str:
        return f"rule_{self._random.getrandbits(32):08x}"

    def random_bits(self, number: int) -> int:
        return self._random.getrandbits(number)

    def between(self, low: float, high: float) -> float:
        return self._random.uniform(low, high)

    def happens(self, probability: float) -> bool:
        return self._random.random() < probability
