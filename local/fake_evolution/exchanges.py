"""One request from its arrival to its end, bent by the rules."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

from local.fake_evolution.answers import Answer
from local.fake_evolution.behaviours import (
    EFFECTS,
    Effect,
    Ending,
    Operation,
    Rule,
)
from local.fake_evolution.model import Held, SendRequest
from local.fake_evolution.numbers import canonical_phone
from local.fake_evolution.rules import RuleBook
from local.fake_evolution.waiting import AnswerLost, CallerPatience, ClientGaveUp, Unreachable

_HOLD_POLL_SECONDS = 0.05

type Act = Callable[[float, Rule | None], Answer]
"""Takes the request's effect at that moment, under that rule, and gives the usual answer."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request; with a `refusal` it ends there. It takes effect `acts_after` its arrival."""

    operation: Operation
    instance: str
    act: Act
    refusal: Answer | None = None
    number: str = ""
    acts_after: float = 0.0
    request: SendRequest | None = None


@dataclass(slots=True)
class Agenda:
    """What happens by itself later, in the order of its time."""

    _heap: list[tuple[float, int, Callable[[float], object]]] = field(default_factory=list)
    _order: count[int] = field(default_factory=count)

    def add(self, due: float, action: Callable[[float], object]) -> None:
        heapq.heappush(self._heap, (due, next(self._order), action))

    def run(self, now: float) -> None:
        while self._heap and self._heap[0][0] <= now:
            due, _, action = heapq.heappop(self._heap)
            action(due)

    def next_due(self) -> float | None:
        return self._heap[0][0] if self._heap else None


class Exchanges:
    """Carries requests through; knows the rules, what is held, and what happens later."""

    def __init__(self, clock: Callable[[], float], rules: RuleBook[Rule]) -> None:
        self.clock = clock
        self.rules = rules
        self.agenda = Agenda()
        self.held: dict[str, Held] = {}
        self._lock = threading.RLock()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """The state, alone, after everything whose time has come has happened."""
        with self._lock:
            self.agenda.run(self.clock())
            yield

    def perform(self, exchange: Exchange, patience: CallerPatience) -> Answer:
        """The answer, or ClientGaveUp, AnswerLost or Unreachable where there is none."""
        refused = exchange.refusal is not None
        phone = canonical_phone(exchange.number)
        with self.locked():
            rule = self.rules.take(
                lambda rule: rule.fits(
                    exchange.operation, exchange.instance, phone, refused=refused
                )
            )
        if rule is None:
            return exchange.refusal or self._act(exchange, None, patience)
        if exchange.request is not None:
            exchange.request.behaviour = rule.behaviour
        return self._bend(exchange, rule, EFFECTS[rule.behaviour], patience)

    def _bend(
        self, exchange: Exchange, rule: Rule, effect: Effect, patience: CallerPatience
    ) -> Answer:
        if effect.ending is Ending.UNREACHABLE:
            raise Unreachable(rule.behaviour)
        usual = self._act(exchange, rule, patience) if effect.acts else None
        self._end(exchange, rule, effect.ending, patience)
        answer = effect.answer(rule, exchange.instance, exchange.number) if effect.answer else usual
        if answer is None:
            raise AssertionError(f"{rule.behaviour} neither acts nor answers")
        return answer

    def _act(self, exchange: Exchange, rule: Rule | None, patience: CallerPatience) -> Answer:
        if exchange.acts_after > 0:
            moment = self.clock() + exchange.acts_after
            try:
                patience.until(moment)
            except ClientGaveUp:
                # The server goes on: the message is sent when its delay is over.
                with self.locked():
                    self.agenda.add(moment, lambda due: exchange.act(due, rule))
                raise
        with self.locked():
            return exchange.act(self.clock(), rule)

    def _end(
        self, exchange: Exchange, rule: Rule, ending: Ending, patience: CallerPatience
    ) -> None:
        if ending is Ending.SLOW_ANSWER:
            patience.until(self.clock() + rule.lasts)
        elif ending is Ending.HELD_ANSWER:
            self._hold(exchange, rule, patience)
        elif ending is Ending.SILENCE:
            patience.until(self.clock() + rule.lasts)
            raise AnswerLost(reset=False)
        elif ending in {Ending.CLOSED, Ending.RESET}:
            raise AnswerLost(reset=ending is Ending.RESET)

    def _hold(self, exchange: Exchange, rule: Rule, patience: CallerPatience) -> None:
        request = exchange.request
        if request is None:
            raise AssertionError("only a send is held")
        now = self.clock()
        held = Held(request.request_id, request.instance, request.phone, request.message_id, now)
        with self.locked():
            self.held[held.request_id] = held
        try:
            while held.request_id in self.held and self.clock() < now + rule.lasts:
                patience.until(self.clock() + _HOLD_POLL_SECONDS)
        finally:
            with self.locked():
                self.held.pop(held.request_id, None)
