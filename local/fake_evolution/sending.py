"""The way of one send through the server, to the phone and back."""

from __future__ import annotations

import re
from functools import partial

from local.fake_evolution import answers, drafts
from local.fake_evolution.answers import Answer
from local.fake_evolution.behaviours import Operation, Rule
from local.fake_evolution.core import FakeEvolution
from local.fake_evolution.drafts import Draft
from local.fake_evolution.exchanges import Exchange
from local.fake_evolution.model import (
    AckStatus,
    Call,
    ConnectionState,
    Instance,
    Message,
    Outcome,
    SendRequest,
)
from local.fake_evolution.numbers import canonical_phone, is_well_formed, jid_of
from local.fake_evolution.waiting import AnswerLost, CallerPatience, ClientGaveUp, Unreachable

_MESSAGE_ID_SINCE = (2, 4)


def send(
    fake: FakeEvolution, call: Call, read: drafts.ReadDraft, patience: CallerPatience
) -> Answer:
    """Carry one send through; it is on record from its arrival, whatever becomes of it."""
    with fake.locked():
        request = fake.sends.record(call, fake.clock())
        exchange = _exchange(fake, call, read, request)
    try:
        answer = fake.exchanges.perform(exchange, patience)
    except Unreachable:
        with fake.locked():
            fake.sends.strike(request)
        raise
    except ClientGaveUp:
        _close(fake, request, Outcome.CLIENT_GAVE_UP)
        raise
    except AnswerLost as lost:
        _close(fake, request, Outcome.CONNECTION_RESET if lost.reset else Outcome.ANSWER_LOST)
        raise
    _close(fake, request, Outcome.ANSWERED, answer.status)
    return answer


def _close(
    fake: FakeEvolution, request: SendRequest, outcome: Outcome, status: int | None = None
) -> None:
    with fake.locked():
        request.outcome = outcome
        request.status = status
        request.answered_at = fake.clock()


def _exchange(
    fake: FakeEvolution, call: Call, read: drafts.ReadDraft, request: SendRequest
) -> Exchange:
    """What the send asks for, or the refusal: guards, schema, then the number check."""
    refusal = fake.refusal(call)
    if refusal is not None:
        return _refused(call, refusal)
    instance = fake.instances[call.instance]
    version = _major_and_minor(fake.spoken_version(instance))
    draft = read(call.body, version)
    if isinstance(draft, Answer):
        return _refused(call, draft)
    refusal = _number_check(fake, instance, draft.number)
    if refusal is not None:
        return _refused(call, refusal)
    wanted_id = draft.wanted_id if version >= _MESSAGE_ID_SINCE else None
    return Exchange(
        operation=Operation.SEND,
        instance=call.instance,
        act=partial(_to_phone, fake, instance, draft, wanted_id, request),
        number=draft.number,
        acts_after=draft.delay,
        request=request,
    )


def _refused(call: Call, refusal: Answer) -> Exchange:
    return Exchange(
        operation=Operation.SEND,
        instance=call.instance,
        act=lambda _at, _rule: refusal,
        refusal=refusal,
        number=str(call.body.get("number", "")),
    )


def _number_check(fake: FakeEvolution, instance: Instance, number: str) -> Answer | None:
    """What stops a send before it: the socket, then the number, unless that one is cached."""
    if not instance.ever_connected or instance.state is None:
        return answers.undefined_property("onWhatsApp")
    connected = instance.state is ConnectionState.OPEN
    exists = is_well_formed(number) and fake.phone_book.on_whatsapp(number)
    if exists and jid_of(number) in instance.cached:
        return None if connected else answers.bad_request("Error: Connection Closed")
    if instance.state is ConnectionState.CLOSE:
        return answers.internal_error("Connection Closed")
    if not connected:
        return answers.undefined_property("find")
    return None if exists else answers.not_on_whatsapp(number)


def _to_phone(
    fake: FakeEvolution,
    instance: Instance,
    draft: Draft,
    wanted_id: str | None,
    request: SendRequest,
    at: float,
    rule: Rule | None,
) -> Answer:
    """The message reaches the phone, which shows a repeated id once."""
    looked_up = jid_of(draft.number)
    lid = fake.phone_book.lid(draft.number)
    message = Message(
        id=wanted_id or fake.new_message_id(),
        row_id=fake.new_row_id(),
        instance=instance.name,
        phone=canonical_phone(draft.number),
        jid=lid.jid if lid and lid.in_answers else looked_up,
        text=draft.text,
        content=draft.content,
        kind=draft.kind,
        received_at=at,
        row=rule is None or rule.row,
    )
    instance.cached.add(looked_up)
    request.message_id = message.id
    body = {**drafts.message_fields(message, instance.instance_id), "status": "PENDING"}
    if fake.phone_book.receive(message):
        fake.touch()
        fake.tell(instance, "send.message", body, at, message.phone)
        _plan_acks(fake, instance, message)
    return Answer(201, body)


def _plan_acks(fake: FakeEvolution, instance: Instance, message: Message) -> None:
    rule = fake.ack_rules.take(lambda rule: rule.is_about(instance.name, message.phone))
    for step in rule.steps if rule else fake.acks:
        if fake.happens(step.probability):
            due = message.received_at + fake.between(step.after, step.after + step.spread)
            fake.plan(due, partial(_acknowledge, fake, instance, message, step.status))


def _acknowledge(
    fake: FakeEvolution, instance: Instance, message: Message, status: AckStatus, at: float
) -> None:
    message.statuses.append(status)
    fake.touch()
    lid = fake.phone_book.lid(message.phone)
    data = {
        "keyId": message.id,
        "remoteJid": lid.jid if lid else message.jid,
        "fromMe": True,
        "status": status,
        "instanceId": instance.instance_id,
        "messageId": message.row_id,
    }
    fake.tell(instance, "messages.update", data, at, message.phone)


def _major_and_minor(version: str) -> tuple[int, int]:
    numbers = [int(number) for number in re.findall(r"\d+", version)[:2]]
    return (numbers[0], numbers[1] if len(numbers) > 1 else 0) if numbers else (0, 0)
