"""The ways in which the fake can be told to fail, and the rules that tell it.

The behaviours are a closed list: each row of the table of errors, and each way in which an answer
can be missing. Where both are possible, the name says whether the message reaches the phone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum, auto
from http import HTTPStatus

from local.fake_evolution import answers
from local.fake_evolution.answers import Answer
from local.fake_evolution.rules import Limits


class Operation(StrEnum):
    """What a request asks for, as far as rules tell requests apart."""

    SEND = auto()
    SERVER = auto()
    CONNECTION_STATE = auto()
    CONNECT = auto()
    CREATE = auto()
    LOGOUT = auto()
    DELETE = auto()
    WEBHOOK_SET = auto()
    FIND_MESSAGES = auto()
    OTHER = auto()


class Behaviour(StrEnum):
    """How a request that would have succeeded ends instead."""

    UNAUTHORIZED = auto()
    INSTANCE_NOT_FOUND = auto()
    LICENCE_NOT_ACTIVATED = auto()
    NOT_ON_WHATSAPP = auto()
    SCHEMA_ERROR = auto()
    NEVER_CONNECTED = auto()
    CONNECTION_CLOSED = auto()
    NUMBER_CHECK_TIMED_OUT = auto()
    NUMBER_CHECK_EMPTY = auto()
    RATE_OVERLIMIT = auto()
    SENT_THEN_400 = auto()
    NOT_SENT_400 = auto()
    SLOW = auto()
    HOLD = auto()
    NOT_SENT_NO_ANSWER = auto()
    SENT_ANSWER_LOST = auto()
    NOT_SENT_ANSWER_LOST = auto()
    SENT_CONNECTION_RESET = auto()
    NOT_SENT_CONNECTION_RESET = auto()
    SENT_BAD_GATEWAY = auto()
    NOT_SENT_BAD_GATEWAY = auto()
    SENT_GATEWAY_TIMEOUT = auto()
    NOT_SENT_GATEWAY_TIMEOUT = auto()
    SENT_OTHER_STATUS = auto()
    NOT_SENT_OTHER_STATUS = auto()
    SENT_UNREADABLE = auto()
    CONNECTION_REFUSED = auto()
    DNS_FAILURE = auto()
    CONNECT_TIMEOUT = auto()


class Ending(StrEnum):
    """What the caller sees at the end."""

    ANSWER = auto()
    SLOW_ANSWER = auto()
    HELD_ANSWER = auto()
    SILENCE = auto()
    CLOSED = auto()
    RESET = auto()
    UNREACHABLE = auto()


UNREACHABLE = frozenset(
    {Behaviour.CONNECTION_REFUSED, Behaviour.DNS_FAILURE, Behaviour.CONNECT_TIMEOUT}
)
_OF_SENDS_ONLY = frozenset({Behaviour.HOLD, Behaviour.NOT_ON_WHATSAPP})
_DEFAULT_SECONDS = {Behaviour.SLOW: 30.0, Behaviour.HOLD: 600.0}


@dataclass(frozen=True, slots=True)
class Rule(Limits):
    """Applies `behaviour` to the requests that fit it and would otherwise succeed.

    `operation` None fits every request; what is unreachable is so for the refused ones too.
    `seconds` is how long SLOW, HOLD and NOT_SENT_NO_ANSWER take at most; `message` the text of
    SENT_THEN_400 and NOT_SENT_400; `status` that of the OTHER_STATUS ones; without `row`, what was
    sent is never found by findMessages.
    """

    behaviour: Behaviour
    operation: Operation | None = Operation.SEND
    seconds: float | None = None
    message: str = "Error: Connection Closed"
    status: int = 429
    row: bool = True

    def __post_init__(self) -> None:
        Limits.__post_init__(self)
        if self.seconds is not None and self.seconds < 0:
            raise ValueError("seconds is 0 or more")
        if self.operation is not Operation.SEND and (
            self.phone is not None or self.behaviour in _OF_SENDS_ONLY
        ):
            raise ValueError("only a send has a phone, is held, or is not on WhatsApp")
        HTTPStatus(self.status)

    @property
    def lasts(self) -> float:
        if self.seconds is not None:
            return self.seconds
        return _DEFAULT_SECONDS.get(self.behaviour, 60.0)

    def fits(self, operation: Operation, instance: str, phone: str, *, refused: bool) -> bool:
        """What the server refuses by itself uses no rule up, but may still never have arrived."""
        if refused and self.behaviour not in UNREACHABLE:
            return False
        return self.operation in {None, operation} and self.is_about(instance, phone)


type MakeAnswer = Callable[[Rule, str, str], Answer]
"""From the rule, the instance's name and the number of the request."""


@dataclass(frozen=True, slots=True)
class Effect:
    """`acts`: the request takes effect (the phone gets the message). No `answer`: the usual one."""

    acts: bool
    answer: MakeAnswer | None = None
    ending: Ending = Ending.ANSWER


def _fixed(answer: Answer) -> MakeAnswer:
    return lambda _rule, _instance, _number: answer


def _thrown(rule: Rule, _instance: str, _number: str) -> Answer:
    return answers.bad_request(rule.message)


def _other_status(rule: Rule, _instance: str, _number: str) -> Answer:
    return answers.plain_page(rule.status)


_UNREADABLE = Answer(201, '{"key": {"remoteJid": "55', answers.HTML)

EFFECTS: Mapping[Behaviour, Effect] = {
    Behaviour.UNAUTHORIZED: Effect(False, _fixed(answers.unauthorized())),
    Behaviour.INSTANCE_NOT_FOUND: Effect(
        False, lambda _r, name, _n: answers.no_such_instance(name)
    ),
    Behaviour.LICENCE_NOT_ACTIVATED: Effect(False, _fixed(answers.licence_not_activated())),
    Behaviour.NOT_ON_WHATSAPP: Effect(
        False, lambda _r, _i, number: answers.not_on_whatsapp(number)
    ),
    Behaviour.SCHEMA_ERROR: Effect(
        False, _fixed(answers.schema_error(['instance requires property "text"']))
    ),
    Behaviour.NEVER_CONNECTED: Effect(False, _fixed(answers.undefined_property("onWhatsApp"))),
    Behaviour.CONNECTION_CLOSED: Effect(False, _fixed(answers.internal_error("Connection Closed"))),
    Behaviour.NUMBER_CHECK_TIMED_OUT: Effect(False, _fixed(answers.internal_error("Timed Out"))),
    Behaviour.NUMBER_CHECK_EMPTY: Effect(False, _fixed(answers.undefined_property("find"))),
    Behaviour.RATE_OVERLIMIT: Effect(False, _fixed(answers.internal_error("rate-overlimit"))),
    Behaviour.SENT_THEN_400: Effect(True, _thrown),
    Behaviour.NOT_SENT_400: Effect(False, _thrown),
    Behaviour.SLOW: Effect(True, ending=Ending.SLOW_ANSWER),
    Behaviour.HOLD: Effect(True, ending=Ending.HELD_ANSWER),
    Behaviour.NOT_SENT_NO_ANSWER: Effect(False, ending=Ending.SILENCE),
    Behaviour.SENT_ANSWER_LOST: Effect(True, ending=Ending.CLOSED),
    Behaviour.NOT_SENT_ANSWER_LOST: Effect(False, ending=Ending.CLOSED),
    Behaviour.SENT_CONNECTION_RESET: Effect(True, ending=Ending.RESET),
    Behaviour.NOT_SENT_CONNECTION_RESET: Effect(False, ending=Ending.RESET),
    Behaviour.SENT_BAD_GATEWAY: Effect(True, _fixed(answers.plain_page(502))),
    Behaviour.NOT_SENT_BAD_GATEWAY: Effect(False, _fixed(answers.plain_page(502))),
    Behaviour.SENT_GATEWAY_TIMEOUT: Effect(True, _fixed(answers.plain_page(504))),
    Behaviour.NOT_SENT_GATEWAY_TIMEOUT: Effect(False, _fixed(answers.plain_page(504))),
    Behaviour.SENT_OTHER_STATUS: Effect(True, _other_status),
    Behaviour.NOT_SENT_OTHER_STATUS: Effect(False, _other_status),
    Behaviour.SENT_UNREADABLE: Effect(True, _fixed(_UNREADABLE)),
    Behaviour.CONNECTION_REFUSED: Effect(False, ending=Ending.UNREACHABLE),
    Behaviour.DNS_FAILURE: Effect(False, ending=Ending.UNREACHABLE),
    Behaviour.CONNECT_TIMEOUT: Effect(False, ending=Ending.UNREACHABLE),
}
