"""The fake Evolution server itself: everything in memory, time and chance from outside.

It is used in process by the tests, where clock and sleep may be virtual, and over HTTP by the
local stack. All methods may be called from any thread.
"""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import count
from random import Random

from local.fake_evolution import answers
from local.fake_evolution.answers import Answer
from local.fake_evolution.behaviours import CountedRule, Rule, RuleBook
from local.fake_evolution.exchanges import Exchanges
from local.fake_evolution.model import (
    AckStep,
    Call,
    ConnectionState,
    Held,
    Instance,
    Message,
    Phone,
    SendRequest,
)
from local.fake_evolution.numbers import canonical_phone, digits_of
from local.fake_evolution.phones import Phones
from local.fake_evolution.waiting import CallerPatience
from local.fake_evolution.webhooks import Deliver, Outbox, post_for

_REQUESTS_KEPT = 200_000
_LOGGED_OUT = 401


class FakeEvolution:
    """An Evolution server, and the phones at the other end.

    `clock` gives epoch seconds; `sleep` blocks a call for seconds; `random` draws ids, chances and
    delays. `deliver` takes the webhooks out; without it they wait. `row_delay` is how many seconds
    after a send findMessages knows of it. `global_key` opens every instance.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        random: Random,
        version: str = "2.3.7",
        *,
        global_key: str = "fake-global-key",
        server_url: str = "http://127.0.0.1:8090",
        deliver: Deliver | None = None,
        row_delay: float = 0.0,
    ) -> None:
        self.clock = clock
        self.version = version
        self.global_key = global_key
        self.server_url = server_url
        self.row_delay = row_delay
        self.licensed = True
        self.instances: dict[str, Instance] = {}
        self.phone_book = Phones()
        self.acks: tuple[AckStep, ...] = ()
        self.revision = 0
        self.exchanges = Exchanges(clock, RuleBook(random))
        self.locked = self.exchanges.locked
        self.sleep = sleep
        self._random = random
        self._deliver = deliver
        self._outbox = Outbox()
        self._requests: deque[SendRequest] = deque(maxlen=_REQUESTS_KEPT)
        self._numbering = count(1)

    # What a test or the local stack tells it.

    def register_instance(
        self,
        name: str,
        api_key: str,
        *,
        state: ConnectionState | None = ConnectionState.OPEN,
        number: str | None = None,
        version: str | None = None,
        ever_connected: bool = True,
    ) -> Instance:
        """Make an instance, or change the one of that name, whose id and webhook stay."""
        with self.locked():
            instance = self.instances.setdefault(
                name, Instance(name, api_key, instance_id=self.new_uuid(), state=state)
            )
            instance.api_key = api_key
            instance.number = number
            instance.version = version
            instance.ever_connected = ever_connected
            self.change_state(instance, state)
            self.touch()
            return instance

    def set_state(self, name: str, state: ConnectionState | None) -> None:
        """Connect or disconnect an instance; its webhook is told."""
        with self.locked():
            self.change_state(self.instances[name], state)

    def scan(self, name: str, number: str) -> Instance:
        """A phone scans what the instance shows, or would show, and is connected to it."""
        with self.locked():
            instance = self.instances[name]
            if instance.state is ConnectionState.OPEN:
                raise ValueError(f"{name} is connected to {instance.number} already")
            instance.number = digits_of(number)
            self.change_state(instance, ConnectionState.OPEN)
            return instance

    def set_on_whatsapp(self, number: str, present: bool) -> None:
        with self.locked():
            self.phone_book.set_on_whatsapp(number, present)
            self.touch()

    def not_on_whatsapp(self, *numbers: str) -> None:
        for number in numbers:
            self.set_on_whatsapp(number, present=False)

    def set_acks(self, steps: Iterable[AckStep]) -> None:
        """From now on each send is followed by these statuses; none are sent unless told."""
        with self.locked():
            self.acks = tuple(steps)
            self.touch()

    def add_rule(self, rule: Rule) -> Rule:
        """Adds it after the others and gives it back with its id."""
        with self.locked():
            named = replace(rule, rule_id=f"rule_{self._random.getrandbits(32):08x}")
            self.exchanges.rules.entries.append(CountedRule(named))
            self.touch()
            return named

    def rules(self) -> list[CountedRule]:
        with self.locked():
            return [replace(entry) for entry in self.exchanges.rules.entries]

    def clear_rules(self, rule_id: str | None = None) -> None:
        """Forget the rule of that id, or all."""
        with self.locked():
            self.exchanges.rules.entries = [
                entry
                for entry in self.exchanges.rules.entries
                if rule_id is not None and entry.rule.rule_id != rule_id
            ]
            self.touch()

    # What it shows.

    def phones(self) -> list[Phone]:
        """Each phone that received something, latest first."""
        with self.locked():
            return self.phone_book.by_phone()

    def received(self, number: str) -> tuple[Message, ...]:
        """What one person's phone shows, oldest first."""
        with self.locked():
            return self.phone_book.received(number)

    def clear_phones(self) -> None:
        with self.locked():
            self.phone_book.clear()
            self.touch()

    def requests(self) -> list[SendRequest]:
        """The sends that reached the server, in the order of their arrival."""
        with self.locked():
            return [replace(request) for request in self._requests]

    def clear_requests(self) -> None:
        with self.locked():
            self._requests.clear()

    def held(self) -> list[Held]:
        with self.locked():
            return list(self.exchanges.held.values())

    def release(self, request_id: str | None = None) -> int:
        """Let the held answer of that request go, or all; how many there were."""
        with self.locked():
            held = self.exchanges.held
            going = [key for key in held if request_id in {None, key}]
            for key in going:
                del held[key]
            return len(going)

    # Webhooks.

    def run_due(self) -> int:
        """Post the webhooks whose time has come; how many were posted."""
        if self._deliver is None:
            return 0
        with self.locked():
            due = self._outbox.take_due(self.clock())
        for attempt, post in due:
            status = self._deliver(post)
            with self.locked():
                self._outbox.settle(attempt, post, status, self.clock())
        return len(due)

    def next_due(self) -> float | None:
        """When something happens by itself next, in epoch seconds."""
        moments = (self.exchanges.agenda.next_due(), self._outbox.next_due())
        return min((moment for moment in moments if moment is not None), default=None)

    def tell(self, instance: Instance, event: str, data: Mapping[str, object], at: float) -> None:
        """Queue an event for the instance's webhook, if it wants it."""
        post = post_for(instance, event, data, self.server_url, at)
        if post is not None:
            self._outbox.add(post, at)

    # Requests.

    def patience(self, read_timeout: float | None) -> CallerPatience:
        """A caller that arrives now and waits so many seconds, or for ever."""
        deadline = None if read_timeout is None else self.clock() + read_timeout
        return CallerPatience(self.clock, self.sleep, deadline)

    def refusal(self, call: Call) -> Answer | None:
        """What stops any request to an instance: licence, then its existence, then the key."""
        if not self.licensed:
            return answers.licence_not_activated()
        instance = self.instances.get(call.instance)
        if instance is None:
            return answers.no_such_instance(call.instance)
        if call.api_key not in {instance.api_key, self.global_key}:
            return answers.unauthorized()
        return None

    def record(self, call: Call) -> SendRequest:
        """Put a send on record, as it arrives."""
        number = str(call.body.get("number", ""))
        request = SendRequest(
            request_id=f"request_{next(self._numbering)}",
            instance=call.instance,
            number=digits_of(number),
            phone=canonical_phone(number),
            arrived_at=self.clock(),
            client_port=call.client_port,
        )
        self._requests.append(request)
        return request

    def unrecord(self, request: SendRequest) -> None:
        """It never reached the server."""
        with self.locked():
            self._requests.remove(request)

    def spoken_version(self, instance: Instance | None) -> str:
        """The version that an instance speaks: its own, or the server's."""
        return (instance.version if instance else None) or self.version

    def new_uuid(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def touch(self) -> None:
        """Something changed that a state file keeps."""
        self.revision += 1

    def new_message_id(self) -> str:
        return f"3EB0{self._random.getrandbits(72):018X}"

    def new_row_id(self) -> str:
        return f"cm{self._random.getrandbits(92):023x}"

    def random_bits(self, number: int) -> int:
        return self._random.getrandbits(number)

    def between(self, low: float, high: float) -> float:
        return self._random.uniform(low, high)

    def happens(self, probability: float) -> bool:
        return self._random.random() < probability

    def change_state(self, instance: Instance, state: ConnectionState | None) -> None:
        if state is instance.state:
            return
        instance.state = state
        instance.pairing = None
        self.touch()
        if state is None:
            return
        if state is ConnectionState.OPEN:
            instance.ever_connected = True
        data = {
            "instance": instance.name,
            "state": state,
            "statusReason": _LOGGED_OUT if state is ConnectionState.CLOSE else 200,
        }
        self.tell(instance, "connection.update", data, self.clock())
