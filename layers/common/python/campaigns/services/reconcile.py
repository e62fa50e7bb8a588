"""Reconcile recipients whose outcome is unknown: look for their messages, and go by what is found.

A server that does not answer is left alone for the rest of the run, and a run has an end of its
own, so that nothing else waits for it.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from campaigns.domain.campaign import LIVE
from campaigns.domain.errors import Unavailable
from campaigns.domain.instants import SECOND_MS
from campaigns.domain.model import Campaign, Instance, InstanceGate, Recipient
from campaigns.domain.recipient import RecipientStatus, RecipientTrigger, require_move
from campaigns.domain.recipient_changes import ended, resend_planned
from campaigns.domain.reconciling import (
    LOOKED_FOR,
    DoubtRules,
    Doubts,
    NextStep,
    Row,
    by_turns,
    decide,
    honours_ids,
    is_grace_over,
    is_worth_a_look,
    last_left_at,
    says_the_same,
    spellings,
    status_of,
    time_of_row,
)
from campaigns.services.advance_recipient import AdvanceRecipient
from campaigns.services.move_recipient import MoveRecipient
from campaigns.services.ports import (
    Campaigns,
    Clock,
    Concurrently,
    Contacts,
    Gates,
    Guard,
    Instances,
    Recipients,
    Suppressions,
    Vault,
)
from campaigns.services.ports_lookup import MessageLookup
from campaigns.services.ports_metrics import Count, Metrics
from campaigns.services.ports_webhooks import MessageIndex

#: No look begins later than this after a run began.
RUN_MS = 20 * SECOND_MS
#: What one look may take: a handful of requests of five seconds.
LOOK_MS = 30 * SECOND_MS

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Case:
    """What is asked on behalf of one campaign.

    `turn`: those of the `due` whose turn it is. `is_silent`: its server does not answer, or cannot
    be asked.
    """

    campaign: Campaign
    due: Sequence[Recipient]
    turn: Sequence[Recipient]
    is_silent: bool = False


@dataclass(frozen=True, slots=True)
class _Server:
    """The instance through which all of a campaign was sent, as it is now."""

    instance: Instance
    gate: InstanceGate
    api_key: str = field(repr=False)


class Reconcile:
    """Settles what was sent, plans again what may be, and leaves the rest to the operator."""

    def __init__(
        self,
        *,
        recipients: Recipients,
        campaigns: Campaigns,
        instances: Instances,
        gates: Gates,
        contacts: Contacts,
        suppressions: Suppressions,
        vault: Vault,
        lookup: MessageLookup,
        messages: MessageIndex,
        advance: AdvanceRecipient,
        clock: Clock,
        concurrently: Concurrently,
        metrics: Metrics,
        rules: DoubtRules,
    ) -> None:
        self._instances = instances
        self._gates = gates
        self._contacts = contacts
        self._suppressions = suppressions
        self._vault = vault
        self._lookup = lookup
        self._messages = messages
        self._advance = advance
        self._move = MoveRecipient(recipients=recipients, campaigns=campaigns, clock=clock)
        self._clock = clock
        self._concurrently = concurrently
        self._metrics = metrics
        self._rules = rules

    def __call__(self, doubts: Sequence[Doubts], deadline: int) -> None:
        """One run; nothing is raised. `deadline`: the end of the function's time, in epoch ms."""
        now = self._clock.now()
        until = min(now + RUN_MS, deadline - LOOK_MS)
        # Whoever comes last may find the time over: not always the same ones.
        cases = by_turns([self._case(each, now) for each in doubts], len(doubts) // 2 + 1, now)
        self._concurrently([partial(self._look_at_all, case, until) for case in cases])
        silent = [each for case in cases if case.is_silent for each in case.due]
        self._concurrently([partial(self._end_unseen, each) for each in silent])

    def _case(self, doubts: Doubts, now: int) -> _Case:
        due = [each for each in doubts.recipients if is_worth_a_look(each, self._rules, now)]
        return _Case(doubts.campaign, due, by_turns(due, LOOKED_FOR, now)[:LOOKED_FOR])

    def _server(self, case: _Case, until: int) -> _Server | None:
        instance_id = case.campaign.instance_id
        if not case.due or self._clock.now() >= until:
            return None
        try:
            instance = self._instances.read(instance_id)
            gate = self._gates.read(instance_id, consistent=True)
            if instance is not None and gate is not None:
                return _Server(instance, gate, self._vault.decrypt(instance))
        except Exception:
            _log.exception("reconcile_failed", extra={"campaign_id": case.campaign.campaign_id})
        case.is_silent = True
        return None

    def _look_at_all(self, case: _Case, until: int) -> None:
        """One after the other: a server that is slow takes the time of its own campaign alone."""
        server = self._server(case, until)
        if server is None:
            return
        for recipient in case.turn:
            if case.is_silent or self._clock.now() >= until:
                return
            self._look(case, server, recipient)

    def _look(self, case: _Case, server: _Server, recipient: Recipient) -> None:
        try:
            self._reconcile(case.campaign, server, recipient)
        except Unavailable:
            case.is_silent = True
        except Exception:
            _log.exception("reconcile_failed", extra={"recipient_id": recipient.recipient_id})
            self._end_unseen(recipient)

    def _reconcile(self, campaign: Campaign, server: _Server, recipient: Recipient) -> None:
        step = decide(recipient, server.gate, self._rules, now=self._clock.now())
        row = self._by_id(server, recipient)
        if row is None and (step is not NextStep.HOLD or not server.gate.honours_message_id):
            row = self._by_text(server, recipient)
        if row is not None:
            self._take(recipient, row)
        elif step is NextStep.UNCONFIRM:
            self._unconfirm(recipient)
        elif step is NextStep.RESEND and self._is_still_wanted(campaign, server, recipient):
            self._plan_again(recipient)

    # Look

    def _by_id(self, server: _Server, recipient: Recipient) -> Row | None:
        if recipient.whatsapp_message_id is None:
            return None
        rows = self._lookup.by_id(server.instance, server.api_key, recipient.whatsapp_message_id)
        return next(iter(rows), None)

    def _by_text(self, server: _Server, recipient: Recipient) -> Row | None:
        """Under an id of the server's own: one that says the same, and is nobody else's."""
        if recipient.rendered_text is None:
            return None
        contact = self._contacts.read(recipient.tenant_id, recipient.contact_id)
        addresses = spellings(contact.phone) if contact else ()
        if recipient.remote_jid:
            addresses = (recipient.remote_jid, *addresses)
        since, until = time_of_row(recipient, self._rules)
        for address in dict.fromkeys(addresses):
            rows = self._lookup.by_address(
                server.instance, server.api_key, address, since=since, until=until
            )
            for row in rows:
                if says_the_same(row, recipient, self._rules) and self._is_free(row, recipient):
                    return row
        return None

    def _is_free(self, row: Row, recipient: Recipient) -> bool:
        owner = self._messages.find(recipient.instance_id, row.whatsapp_message_id)
        if isinstance(owner, Recipient):
            return owner.recipient_id == recipient.recipient_id
        return owner is None

    def _is_still_wanted(self, campaign: Campaign, server: _Server, recipient: Recipient) -> bool:
        """Under a paused campaign it is planned, and waits for the resume like any other try."""
        contact = self._contacts.read(recipient.tenant_id, recipient.contact_id)
        return (
            campaign.status in LIVE
            and contact is not None
            and contact.is_active
            and self._suppressions.read(recipient.tenant_id, recipient.person) is None
            and honours_ids(self._lookup.version(server.instance.evolution_url))
        )

    # Move

    def _take(self, recipient: Recipient, row: Row) -> None:
        """A row proves the send, and may tell more."""
        now = self._clock.now()
        status = status_of(row)
        proven = partial(
            self._advance,
            recipient,
            at=now,
            sent_at=row.sent_at or last_left_at(recipient, self._rules),
            whatsapp_message_id=row.whatsapp_message_id,
            remote_jid=row.remote_jid,
        )
        if status is RecipientStatus.FAILED:
            # It was sent, and refused afterwards.
            proven(RecipientStatus.SENT)
        proven(status)

    def _unconfirm(self, recipient: Recipient) -> None:
        after = ended(recipient, RecipientStatus.UNCONFIRMED, None, now=self._clock.now())
        require_move(recipient.status, after.status, by=RecipientTrigger.GRACE_ENDED)
        if self._move(recipient, after, _as_looked_at(recipient)):
            self._metrics.count(Count.RECIPIENTS_UNCONFIRMED)
            _log.warning(
                "recipient_unconfirmed",
                extra={
                    "campaign_id": recipient.campaign_id,
                    "recipient_id": recipient.recipient_id,
                },
            )

    def _plan_again(self, recipient: Recipient) -> None:
        after = resend_planned(recipient, now=self._clock.now())
        self._move(recipient, after, _as_looked_at(recipient))

    def _end_unseen(self, recipient: Recipient) -> None:
        """The grace is not prolonged by a server that says nothing."""
        if not is_grace_over(recipient, self._rules, self._clock.now()):
            return
        try:
            self._unconfirm(recipient)
        except Exception:
            _log.exception("reconcile_failed", extra={"recipient_id": recipient.recipient_id})


def _as_looked_at(recipient: Recipient) -> Guard:
    return Guard(frozenset({RecipientStatus.UNKNOWN}), plan_number=recipient.plan_number)
