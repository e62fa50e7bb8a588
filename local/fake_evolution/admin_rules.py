"""What the fake is told to get wrong: sends, statuses and webhooks."""

from __future__ import annotations

from dataclasses import asdict

from pydantic import TypeAdapter

from local.fake_evolution.ack_rules import AckRule
from local.fake_evolution.answers import Answer
from local.fake_evolution.behaviours import UNREACHABLE, Rule
from local.fake_evolution.commands import Command
from local.fake_evolution.core import FakeEvolution
from local.fake_evolution.model import AckStep
from local.fake_evolution.webhook_rules import WebhookRule

_RULE = TypeAdapter(Rule)
_WEBHOOK_RULE = TypeAdapter(WebhookRule)
_ACK_RULE = TypeAdapter(AckRule)
_ACKS = TypeAdapter(tuple[AckStep, ...])


def rules(fake: FakeEvolution, _command: Command) -> Answer:
    return _listed(fake, Rule)


def webhook_rules(fake: FakeEvolution, _command: Command) -> Answer:
    return _listed(fake, WebhookRule)


def ack_rules(fake: FakeEvolution, _command: Command) -> Answer:
    return _listed(fake, AckRule)


def add_rule(fake: FakeEvolution, command: Command) -> Answer:
    rule = _RULE.validate_python(command.body)
    if rule.behaviour in UNREACHABLE and not command.in_process:
        raise ValueError(f"a server that answers cannot play {rule.behaviour}: stop it instead")
    return Answer(201, asdict(fake.add_rule(rule)))


def add_webhook_rule(fake: FakeEvolution, command: Command) -> Answer:
    return Answer(201, asdict(fake.add_rule(_WEBHOOK_RULE.validate_python(command.body))))


def add_ack_rule(fake: FakeEvolution, command: Command) -> Answer:
    return Answer(201, asdict(fake.add_rule(_ACK_RULE.validate_python(command.body))))


def clear(fake: FakeEvolution, command: Command) -> Answer:
    """Forget one rule of any kind by its id, or all of every kind."""
    fake.clear_rules(command.path.get("rule_id"))
    return rules(fake, command)


def acks(fake: FakeEvolution, _command: Command) -> Answer:
    return Answer(200, [asdict(step) for step in fake.acks])


def set_acks(fake: FakeEvolution, command: Command) -> Answer:
    fake.set_acks(_ACKS.validate_python(command.body))
    return acks(fake, command)


def _listed(fake: FakeEvolution, kind: type[Rule] | type[WebhookRule] | type[AckRule]) -> Answer:
    with fake.locked():
        counted = [
            {**asdict(entry.rule), "fitted": entry.fitted, "used": entry.used}
            for entry in fake.rule_book(kind).entries
        ]
    return Answer(200, {"rules": counted})
