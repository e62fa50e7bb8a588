"""Reconciling: what becomes of a recipient whose outcome is unknown. Epoch milliseconds.

Its message is looked for on the server. A row that is found proves the send. One that is not found
proves nothing, since rows are written after the send: then the same message id is sent once more
where the server makes WhatsApp show it once, and otherwise the operator decides.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from campaigns.domain.instants import MINUTE_MS, SECOND_MS
from campaigns.domain.model import Campaign, InstanceGate, Recipient
from campaigns.domain.planning import VANISHED_AFTER_MS
from campaigns.domain.recipient import DOUBTFUL, RecipientErrorCode, RecipientStatus
from campaigns.domain.webhook_event import AckStatus

#: No row can be there before: the server writes it after the send.
LOOK_AFTER_MS = 5 * SECOND_MS
#: Two servers' clocks differ, and WhatsApp tells whole seconds. Less than half of what lies between
#: two messages to one person, so that no other message to her falls into the time looked at.
SLACK_MS = 25 * SECOND_MS
MAX_RESENDS = 3
#: Recipients of one lane looked for in one run; a minute later it is the next ones' turn.
LOOKED_FOR = 20

_HONOURS_IDS_SINCE = (2, 4)
_VERSION = re.compile(r"v?([0-9]{1,6})\.([0-9]{1,6})")
#: WhatsApp's words, the furthest first.
_STATUS_OF = (
    (AckStatus.PLAYED, RecipientStatus.READ),
    (AckStatus.READ, RecipientStatus.READ),
    (AckStatus.DELIVERY_ACK, RecipientStatus.DELIVERED),
    (AckStatus.ERROR, RecipientStatus.FAILED),
)


@dataclass(frozen=True, slots=True)
class Row:
    """A message as the server keeps it; what its row does not say is None or empty."""

    whatsapp_message_id: str
    remote_jid: str | None = field(default=None, repr=False)
    text: str | None = field(default=None, repr=False)
    sent_at: int | None = None
    statuses: frozenset[AckStatus] = frozenset()


@dataclass(frozen=True, slots=True)
class Doubts:
    """The recipients of a campaign whose outcome has to be looked for."""

    campaign: Campaign
    recipients: tuple[Recipient, ...]


@dataclass(frozen=True, slots=True)
class DoubtRules:
    """The settings that reconciling goes by, in milliseconds.

    `person_gap_ms` lies between two messages to one person, and so before a resend.
    """

    grace_ms: int
    lease_ms: int
    read_timeout_ms: int
    person_gap_ms: int


class NextStep(StrEnum):
    """What is done with a recipient whose message was not found."""

    HOLD = "hold"
    RESEND = "resend"
    UNCONFIRM = "unconfirm"


def decide(recipient: Recipient, gate: InstanceGate, rules: DoubtRules, *, now: int) -> NextStep:
    """After its grace it is the operator's. Before, it is sent again where WhatsApp shows that
    once: a minute and the read timeout after its last request, three times at most."""
    if is_grace_over(recipient, rules, now):
        return NextStep.UNCONFIRM
    is_early = now < last_left_at(recipient, rules) + rules.person_gap_ms
    if is_early or _resends(recipient) >= MAX_RESENDS or not may_be_resent(recipient, gate):
        return NextStep.HOLD
    return NextStep.RESEND


def may_be_resent(recipient: Recipient, gate: InstanceGate) -> bool:
    """The same id is shown once only by the server that got it before, through the same phone, and
    if that server passes it on at all."""
    is_same_way = (gate.instance_id, gate.config_version) == (
        recipient.instance_id,
        recipient.sent_under,
    )
    return is_same_way and gate.honours_message_id is True


def honoured_under(gate: InstanceGate) -> int | None:
    """The version of an instance whose server takes the id of what is sent now, as far as its last
    answer tells; None: nobody has seen it do so, and what it learns later is no promise for this
    one."""
    return gate.config_version if gate.honours_message_id else None


def honours_ids(version: str | None) -> bool:
    """Evolution takes a message's id from its sender since 2.4; 2.3 ignores it in silence."""
    found = _VERSION.match(version or "")
    return found is not None and (int(found[1]), int(found[2])) >= _HONOURS_IDS_SINCE


def is_resend_under_way(recipient: Recipient, now: int) -> bool:
    """It waits to be planned, or its job may still be on its way."""
    if recipient.retry_at is not None:
        return True
    return recipient.slot_at is not None and recipient.slot_at > now - VANISHED_AFTER_MS


def is_grace_over(recipient: Recipient, rules: DoubtRules, now: int) -> bool:
    """In the instant in which it ends."""
    return now >= _unknown_since(recipient) + rules.grace_ms


def is_worth_a_look(recipient: Recipient, rules: DoubtRules, now: int) -> bool:
    is_row_possible = now >= last_left_at(recipient, rules) + LOOK_AFTER_MS
    return is_row_possible or is_grace_over(recipient, rules, now)


def last_left_at(recipient: Recipient, rules: DoubtRules) -> int:
    """When its last request left: as noted, or at the claim where its sender died."""
    last = recipient.failed_tries[-1] if recipient.failed_tries else None
    if last is not None and last.code == RecipientErrorCode.LEASE_EXPIRED:
        return last.at - rules.lease_ms
    return _unknown_since(recipient)


def time_of_row(recipient: Recipient, rules: DoubtRules) -> tuple[int, int]:
    """Between when its row was made: the server goes on sending as long as its client waited."""
    left_at = last_left_at(recipient, rules)
    return left_at - SLACK_MS, left_at + rules.read_timeout_ms + SLACK_MS


def says_the_same(row: Row, recipient: Recipient, rules: DoubtRules) -> bool:
    """A row under an id of the server's own: text and time have to be the recipient's."""
    since, until = time_of_row(recipient, rules)
    is_in_time = row.sent_at is not None and since <= row.sent_at <= until
    return is_in_time and row.text is not None and row.text == recipient.rendered_text


def status_of(row: Row) -> RecipientStatus:
    """How far a message has come whose row is there: sent, by that alone. Failed: WhatsApp refused
    it afterwards."""
    further = (status for word, status in _STATUS_OF if word in row.statuses)
    return next(further, RecipientStatus.SENT)


def spellings(phone: str) -> tuple[str, ...]:
    """The addresses by which WhatsApp may call a phone (E.164): Brazil's ninth digit, Mexico's 1
    and Argentina's 9 are there or not."""
    digits = phone.removeprefix("+")
    others: tuple[str, ...] = ()
    if re.fullmatch(r"55[0-9]{2}9[6-9][0-9]{7}", digits):
        others = (digits[:4] + digits[5:],)
    elif re.fullmatch(r"52[0-9]{10}", digits):
        others = ("521" + digits[2:],)
    elif re.fullmatch(r"549[0-9]{10}", digits):
        others = ("54" + digits[3:],)
    elif re.fullmatch(r"54[0-9]{10}", digits):
        others = ("549" + digits[2:],)
    return tuple(f"{each}@s.whatsapp.net" for each in (digits, *others))


def by_turns[T](waiting: Sequence[T], step: int, now: int) -> Sequence[T]:
    """This minute's order, `step` further on than the last: so all come first in turn, and nothing
    has to be kept of it."""
    start = now // MINUTE_MS * step % len(waiting) if waiting else 0
    return [*waiting[start:], *waiting[:start]]


def _unknown_since(recipient: Recipient) -> int:
    return recipient.unknown_since or recipient.updated_at


def _resends(recipient: Recipient) -> int:
    """Each try since the first doubt was one: nothing else sends one again that is in doubt."""
    doubtful = [each.code in DOUBTFUL for each in recipient.failed_tries]
    return len(doubtful) - doubtful.index(True) - 1 if True in doubtful else 0
