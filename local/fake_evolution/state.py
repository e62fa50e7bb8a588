"""What survives a restart: phones, instances, rules and the statuses to send."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import TypeAdapter

from local.fake_evolution.ack_rules import AckRule
from local.fake_evolution.behaviours import Rule
from local.fake_evolution.core import FakeEvolution
from local.fake_evolution.model import AckStep, Instance, Lid, Message, Reply
from local.fake_evolution.pairing import keep_changing
from local.fake_evolution.rules import Counted
from local.fake_evolution.webhook_rules import WebhookRule


@dataclass(frozen=True, slots=True)
class State:
    """The part of the fake that a state file keeps."""

    instances: list[Instance]
    messages: list[Message]
    not_on_whatsapp: list[str]
    rules: list[Counted[Rule]]
    #: None: what it was made with. A file from before it had a default holds `acks`.
    usual_acks: tuple[AckStep, ...] | None = None
    ack_rules: list[Counted[AckRule]] = field(default_factory=list)
    webhook_rules: list[Counted[WebhookRule]] = field(default_factory=list)
    lids: dict[str, Lid] = field(default_factory=dict)
    replies: list[Reply] = field(default_factory=list)


_STATE = TypeAdapter(State)


class StateFile:
    """Holds the last state that was saved; written whole or not at all, for the owner's eyes."""

    def __init__(self, path: Path, fake: FakeEvolution) -> None:
        self._path = path
        self._fake = fake
        self._saved_revision = fake.revision
        self._saving = threading.Lock()

    def load(self) -> None:
        """Take up what the file holds; without a file nothing happens."""
        if not self._path.exists():
            return
        state = _STATE.validate_json(self._path.read_bytes())
        with self._fake.locked():
            for instance in state.instances:
                self._fake.instances[instance.name] = instance
                keep_changing(self._fake, instance)
            self._fake.phone_book.restore(
                state.messages, state.not_on_whatsapp, state.lids, state.replies
            )
            self._fake.rule_book(Rule).entries.extend(state.rules)
            self._fake.rule_book(AckRule).entries.extend(state.ack_rules)
            self._fake.rule_book(WebhookRule).entries.extend(state.webhook_rules)
            if state.usual_acks is not None:
                self._fake.acks = state.usual_acks

    def save_if_changed(self) -> bool:
        """Write the state, if it changed since the last time; whether it did."""
        with self._saving:
            with self._fake.locked():
                revision = self._fake.revision
                if revision == self._saved_revision:
                    return False
                content = _STATE.dump_json(self._state())
            self._write(content)
            self._saved_revision = revision
            return True

    def _state(self) -> State:
        return State(
            instances=[replace(i) for i in self._fake.instances.values()],
            messages=self._fake.phone_book.all_messages(),
            not_on_whatsapp=self._fake.phone_book.absent(),
            rules=self._fake.rules(),
            usual_acks=self._fake.acks,
            ack_rules=self._fake.rule_book(AckRule).entries,
            webhook_rules=self._fake.rule_book(WebhookRule).entries,
            lids=self._fake.phone_book.lids(),
            replies=self._fake.phone_book.all_replies(),
        )

    def _write(self, content: bytes) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_name(f"{self._path.name}.new")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        draft.replace(self._path)
