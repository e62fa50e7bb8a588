"""The fake Evolution server itself: everything in memory, time and chance from outside.

It is used in process by the tests, where clock and sleep may be virtual, and over HTTP by the
local stack. All methods may be called from any thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from random import Random
from typing import Any

from local.fake_evolution import answers, connections, writing
from local.fake_evolution.ack_rules import AckRule
from local.fake_evolution.answers import Answer
from local.fake_evolution.behaviours import Rule
from local.fake_evolution.chance import Chance
from local.fake_evolution.exchanges import Exchanges
from local.fake_evolution.model import (
    AckStep,
    Call,
    ConnectionState,
    Held,
    Instance,
    Lid,
    Message,
    Phone,
    Reply,
    SendRequest,
)
from local.fake_evolution.numbers import digits_of
from local.fake_evolution.phones import Phones
from local.fake_evolution.rules import Counted, RuleBook
from local.fake_evolution.send_log import SendLog
from local.fake_evolution.waiting import CallerPatience
from local.fake_evolution.webhook_rules import WebhookRule
from local.fake_evolution.webhooks import Deliver, Events, post_for
from local.fake_evolution.writing import Writing


class FakeEvolution(Chance):
    """An Evolution server, and the phones at the other end.

    `clock` gives epoch seconds; `sleep` blocks a call for seconds; `random` draws ids, chances and
    delays. `deliver` takes the webhooks out; without it they wait. `acks` follow each send, unless
    others are told. `row_delay` is how many seconds after a send findMessages knows of it.
    `global_key` opens every instance.

    `stirred` is called when something will happen by itself sooner than was known.
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
        acks: Iterable[AckStep] = (),
        row_delay: float = 0.0,
    ) -> None:
        super().__init__(random)
        self.clock = clock
        self.version = version
        self.global_key = global_key
        self.server_url = server_url
        self.row_delay = row_delay
        self.licensed = True
        self.instances: dict[str, Instance] = {}
        self.phone_book = Phones()
        self.acks = tuple(acks)
        self.revision = 0
        self.exchanges = Exchanges(clock, RuleBook(random))
        self.ack_rules: RuleBook[AckRule] = RuleBook(random)
        self.events = Events(random, deliver)
        self._rule_books: dict[type, RuleBook[Any]] = {
            Rule: self.exchanges.rules,
            WebhookRule: self.events.rules,
            AckRule: self.ack_rules,
        }
        self.stirred: Callable[[], None] = lambda: None
        self.locked = self.exchanges.locked
        self.sleep = sleep
        self.sends = SendLog()

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
            connections.change(self, instance, state)
            self.touch()
            return instance

    def set_state(
        self, name: str, state: ConnectionState | None, reason: int = connections.LOGGED_OUT
    ) -> None:
        """Connect or disconnect an instance; its webhook is told, a close with its reason."""
        with self.locked():
            connections.change(self, self.instances[name], state, reason)

    def storm(
        self, name: str, events: int, seconds: float, ending: ConnectionState = ConnectionState.OPEN
    ) -> None:
        """The connection comes and goes, so many times in so many seconds, until it is so."""
        with self.locked():
            connections.storm(self, self.instances[name], events, seconds, ending)

    def scan(self, name: str, number: str) -> Instance:
        """A phone scans what the instance shows, or would show, and is connected to it."""
        with self.locked():
            instance = self.instances[name]
            if instance.state is ConnectionState.OPEN:
                raise ValueError(f"{name} is connected to {instance.number} already")
            instance.number = digits_of(number)
            connections.change(self, instance, ConnectionState.OPEN)
            return instance

    def set_on_whatsapp(self, number: str, present: bool) -> None:
        with self.locked():
            self.phone_book.set_on_whatsapp(number, present)
            self.touch()

    def not_on_whatsapp(self, *numbers: str) -> None:
        for number in numbers:
            self.set_on_whatsapp(number, present=False)

    def set_acks(self, steps: Iterable[AckStep]) -> None:
        """From now on each send is followed by these statuses, unless a rule says others."""
        with self.locked():
            self.acks = tuple(steps)
            self.touch()

    def add_rule[R: Rule | WebhookRule | AckRule](self, rule: R) -> R:
        """Adds it after the others of its kind and gives it back with its id."""
        with self.locked():
            named = replace(rule, rule_id=self.new_rule_id())
            self.rule_book(type(rule)).add(named)
            self.touch()
            return named

    def rules(self) -> list[Counted[Rule]]:
        with self.locked():
            return [replace(entry) for entry in self.exchanges.rules.entries]

    def clear_rules(self, rule_id: str | None = None) -> None:
        """Forget the rule of that id, or all of every kind."""
        with self.locked():
            for book in self._rule_books.values():
                book.forget(rule_id)
            self.touch()

    def set_lid(self, number: str, lid: Lid | None) -> None:
        """From now on that phone is hidden behind the address, or no longer behind any."""
        with self.locked():
            self.phone_book.set_lid(number, lid)
            self.touch()

    def reply(self, phone: str, text: str, *, instance: str | None = None, **how: Any) -> Reply:
        """Somebody writes to an instance; without one, to the last that wrote to that phone.

        `how` are the further fields of :class:`Writing`.
        """
        with self.locked():
            name = instance or self._last_writer(phone)
            return writing.write(self, self.instances[name], Writing(phone, text, **how))

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
            return self.sends.all()

    def clear_requests(self) -> None:
        with self.locked():
            self.sends.clear()

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
        deliver, outbox = self.events.deliver, self.events.outbox
        if deliver is None:
            return 0
        with self.locked():
            due = outbox.take_due(self.clock())
        for waiting in due:
            status = deliver(waiting.post)
            with self.locked():
                outbox.settle(waiting, status, self.clock())
        return len(due)

    def next_due(self) -> float | None:
        """When something happens by itself next, in epoch seconds."""
        moments = (self.exchanges.agenda.next_due(), self.events.outbox.next_due())
        return min((moment for moment in moments if moment is not None), default=None)

    def plan(self, due: float, action: Callable[[float], object]) -> None:
        """Have something happen by itself at that time."""
        self.exchanges.agenda.add(due, action)
        self.stirred()

    def tell(
        self, instance: Instance, event: str, data: Mapping[str, object], at: float, phone: str = ""
    ) -> None:
        """Queue an event about that phone for the instance's webhook, if it wants it."""
        post = post_for(instance, event, data, self.server_url, at)
        if post is not None:
            self.events.tell(instance, post, phone, at)
            self.stirred()

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

    def rule_book[R: Rule | WebhookRule | AckRule](self, kind: type[R]) -> RuleBook[R]:
        book: RuleBook[R] = self._rule_books[kind]
        return book

    def spoken_version(self, instance: Instance | None) -> str:
        """The version that an instance speaks: its own, or the server's."""
        return (instance.version if instance else None) or self.version

    def touch(self) -> None:
        """Something changed that a state file keeps."""
        self.revision += 1

    def _last_writer(self, phone: str) -> str:
        received = self.phone_book.received(phone)
        return received[-1].instance if received else next(iter(self.instances))
