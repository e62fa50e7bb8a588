"""The way of one message: prepare, wait for its slot, pass the gates, claim, look last, send.

Everything slow comes first. What is taken (stamp, mark, claim) is given back by its own token when
the request does not leave.
"""

from dataclasses import dataclass
from random import Random

from campaigns.domain.delivery import AutoPauseReason, GatewayAnswer, classify
from campaigns.domain.errors import NotFound, TextTooLong, Unavailable
from campaigns.domain.gates import (
    LATE_MS,
    LEAVE_WITHIN_MS,
    MARGIN_MS,
    TIME_TO_LEAVE_MS,
    Refusal,
    Shut,
)
from campaigns.domain.identity import Identity, new_token
from campaigns.domain.instants import MINUTE_MS, to_datetime
from campaigns.domain.model import Contact, Instance, InstanceGate, Recipient, SendJob
from campaigns.domain.recipient import RecipientErrorCode, RecipientStatus
from campaigns.domain.recipient_changes import claimed, on_instance
from campaigns.domain.reconciling import honoured_under, honours_ids, may_be_resent
from campaigns.domain.rendering import contact_values, render
from campaigns.domain.rotation import message_for
from campaigns.domain.settlement import Settlement
from campaigns.domain.try_report import report_of
from campaigns.services.campaign_facts import CampaignFacts, FactsCache
from campaigns.services.instance_cache import InstanceCache
from campaigns.services.make_request import Made, MakeRequest
from campaigns.services.pass_gates import Pass, PassGates, Try
from campaigns.services.pause_campaign import PauseCampaign
from campaigns.services.ports import (
    Clock,
    Contacts,
    Gateway,
    Recipients,
    Suppressions,
    Vault,
)
from campaigns.services.ports_connection import ConnectionChecks
from campaigns.services.ports_lookup import MessageLookup
from campaigns.services.reach_instance import ReachInstance
from campaigns.services.settle_delivery import SettleDelivery
from campaigns.services.shut_instance import ShutInstance
from campaigns.services.trip_breaker import TripBreaker

#: What a job may find its recipient in.
_TRIED = frozenset({RecipientStatus.PENDING, RecipientStatus.UNKNOWN})
#: Where a window never opens again, its recipients are looked at once a day.
_NEVER_MS = 24 * 60 * MINUTE_MS


@dataclass(frozen=True, slots=True)
class _Ready:
    """All that a send needs, gathered before any gate is asked."""

    job: SendJob
    deadline: int
    recipient: Recipient
    facts: CampaignFacts
    contact: Contact
    instance: Instance
    api_key: str
    message_id: str
    text: str


class SendOne:
    """Sends what a job plans, if it may be sent now; otherwise it is released or skipped.

    When it returns, the job is done with. It raises only where a store failed, and the job may be
    given to it again. `deadline` (epoch ms) is the end of the function's time.
    """

    def __init__(
        self,
        *,
        recipients: Recipients,
        contacts: Contacts,
        suppressions: Suppressions,
        pass_gates: PassGates,
        gateway: Gateway,
        lookup: MessageLookup,
        vault: Vault,
        facts: FactsCache,
        instances: InstanceCache,
        settle: SettleDelivery,
        pause: PauseCampaign,
        shut: ShutInstance,
        checks: ConnectionChecks,
        breaker: TripBreaker,
        identity: Identity,
        clock: Clock,
        random: Random,
        lease_ms: int,
        read_timeout_ms: int,
    ) -> None:
        self._recipients = recipients
        self._contacts = contacts
        self._suppressions = suppressions
        self._gates = pass_gates
        self._reach = ReachInstance(gateway, instances)
        self._request = MakeRequest(gateway, clock)
        self._lookup = lookup
        self._vault = vault
        self._facts = facts
        self._instances = instances
        self._settle = settle
        self._pause = pause
        self._shut = shut
        self._checks = checks
        self._breaker = breaker
        self._identity = identity
        self._clock = clock
        self._random = random
        self._lease_ms = lease_ms
        self._needed_ms = read_timeout_ms + MARGIN_MS

    def __call__(self, job: SendJob, deadline: int) -> None:
        recipient = self._current(job)
        if recipient is None:
            return
        if self._clock.now() > job.slot_at + LATE_MS:
            self._settle.release(recipient, self._clock.now())
            return
        ready = self._prepare(job, recipient, deadline)
        if ready is None:
            return
        self._clock.sleep(max(0, job.slot_at - self._clock.now()))
        token, asked_at = new_token(self._random), self._clock.now()
        taken = self._gates.take(_try_of(recipient), ready.instance, ready.facts.hours, token=token)
        if isinstance(taken, Shut):
            self._turned_away(ready, taken, asked_at)
        else:
            self._claim_and_send(ready, taken)

    # Prepare

    def _current(self, job: SendJob) -> Recipient | None:
        """The job's recipient, while the job is not stale: a release has raised its plan number."""
        place = (job.tenant_id, job.campaign_id, job.sequence)
        recipient = self._recipients.read(*place)
        if recipient is None or recipient.plan_number < job.plan_number:
            # The read is older than the plan: to take it at its word would lose the job.
            recipient = self._recipients.read(*place, consistent=True)
        is_current = (
            recipient is not None
            and recipient.recipient_id == job.recipient_id
            and recipient.plan_number == job.plan_number
            and recipient.status in _TRIED
        )
        if recipient is None or not is_current:
            return None
        return on_instance(recipient, job.instance_id)

    def _prepare(self, job: SendJob, recipient: Recipient, deadline: int) -> _Ready | None:
        facts = self._facts.of(job.tenant_id, job.campaign_id)
        slot = max(job.slot_at, self._clock.now())
        if not facts.hours.open_at(slot + LEAVE_WITHIN_MS):
            self._settle.release(recipient, _opening(facts, slot))
            return None
        contact = self._contacts.read(job.tenant_id, recipient.contact_id)
        if contact is None:
            self._skip(recipient, RecipientErrorCode.CONTACT_DELETED)
            return None
        if not contact.is_active:
            self._skip(recipient, RecipientErrorCode.CONTACT_INACTIVE)
            return None
        message_id = recipient.message_id or message_for(
            recipient.sequence, facts.campaign.active_message_ids
        )
        try:
            text = recipient.rendered_text or _rendered(facts, message_id, contact, slot)
        except TextTooLong:
            self._settle.end(recipient, RecipientStatus.FAILED, RecipientErrorCode.TEXT_TOO_LONG)
            return None
        try:
            instance = self._reach(job.instance_id)
        except NotFound:
            # Deleted, which no live campaign allows: what is left of this one is skipped.
            self._settle.release(recipient, self._clock.now())
            return None
        if not isinstance(instance, Instance):
            self._unreachable(job, recipient, instance)
            return None
        if _is_resend(recipient) and not self._honours_ids(instance):
            self._settle.release(recipient, self._clock.now())
            return None
        api_key = self._vault.decrypt(instance)
        return _Ready(job, deadline, recipient, facts, contact, instance, api_key, message_id, text)

    def _honours_ids(self, instance: Instance) -> bool:
        """Asked now: a resend may have waited for a resume, and the server be another since."""
        try:
            return honours_ids(self._lookup.version(instance.evolution_url))
        except Unavailable:
            return False

    def _unreachable(self, job: SendJob, recipient: Recipient, fault: GatewayAnswer) -> None:
        """A try that failed before its gates; while the campaign is stopped it is none."""
        now = self._clock.now()
        gate = self._breaker.note(job.instance_id, job.campaign_id, token=_holder_of(recipient))
        if gate is None:
            self._settle.release(recipient, now)
            return
        if self._breaker.costs_a_try(gate.failures_in_row):
            self._after(job, self._settle.fail_before_claim(recipient, classify(fault)), gate)
        else:
            self._settle.release(recipient, now)
        self._breaker.counted(gate, gate.failures_in_row, at=now)

    # Gates

    def _turned_away(self, ready: _Ready, shut: Shut, asked_at: int) -> None:
        now, job = self._clock.now(), ready.job
        if shut.refusal is Refusal.BUSY and shut.holder == _holder_of(ready.recipient):
            return  # Another copy of this very job is being sent: nothing to give back.
        self._settle.release(ready.recipient, max(now, _waits_until(shut, now)))
        if shut.refusal is Refusal.RECONFIGURED:
            self._instances.forget(job.instance_id)
        if shut.refusal in {Refusal.CONNECTING, Refusal.DISCONNECTED}:
            # It may have no webhook that would tell how this ends, or be connected again by now.
            self._checks.leave_due(job.instance_id, now)
        if shut.refusal is Refusal.DISCONNECTED:
            reason = AutoPauseReason.INSTANCE_DISCONNECTED
            self._pause.auto_pause(job.tenant_id, job.campaign_id, reason, seen_at=asked_at)

    def _claim_and_send(self, ready: _Ready, taken: Pass) -> None:
        mine: Recipient | None = None
        may_leave = False
        try:
            mine = self._claim(ready, taken)
            may_leave = mine is not None and self._last_look(ready, mine, taken)
        except Exception:
            if mine is not None:
                self._settle.release_claimed(mine, self._clock.now())
            raise
        finally:
            if not may_leave:
                self._gates.undo(taken)
        if mine is None or not may_leave:
            return
        leave_within_ms = taken.taken_at + LEAVE_WITHIN_MS - self._clock.now()
        made = self._send(ready, mine, leave_within_ms)
        if made is None:
            try:
                self._settle.release_claimed(mine, self._clock.now())
            finally:
                self._gates.undo(taken)
            return
        counts = True
        report = report_of(made.outcome, mine.whatsapp_message_id)
        try:
            settlement = self._settle.settle(mine, made.outcome, left_at=made.left_at)
            counts = not settlement.proven_unsent
        finally:
            failures_in_row = self._gates.settle(
                taken, left_at=made.left_at, counts=counts, report=report
            )
        self._after(ready.job, settlement, taken.before)
        self._breaker.counted(taken.before, failures_in_row, at=made.left_at)

    def _claim(self, ready: _Ready, taken: Pass) -> Recipient | None:
        recipient, now = ready.recipient, self._clock.now()
        if _is_resend(recipient) and not may_be_resent(recipient, taken.before):
            self._settle.release(recipient, now)
            return None
        mine = claimed(
            recipient,
            now=now,
            lease_token=taken.token,
            lease_until=now + self._lease_ms,
            message_id=ready.message_id,
            text=ready.text,
            whatsapp_message_id=self._identity.whatsapp_message_id(
                recipient.recipient_id, recipient.instance_id
            ),
            sent_under=honoured_under(taken.before),
        )
        return mine if self._settle.claim(recipient, mine) else None

    def _last_look(self, ready: _Ready, mine: Recipient, taken: Pass) -> bool:
        """Suppression, hours and the second that all this may take, last of all."""
        if self._suppressions.read(mine.tenant_id, mine.person):
            self._skip(mine, RecipientErrorCode.OPTED_OUT)
            return False
        now = self._clock.now()
        hours = ready.facts.hours
        if not hours.open_at(now) or not hours.open_at(now + LEAVE_WITHIN_MS):
            self._settle.release_claimed(mine, _opening(ready.facts, now))
            return False
        is_late = now > taken.taken_at + LEAVE_WITHIN_MS - TIME_TO_LEAVE_MS
        if is_late or ready.deadline - now < self._needed_ms:
            self._settle.release_claimed(mine, now)
            return False
        return True

    # Send

    def _send(self, ready: _Ready, mine: Recipient, leave_within_ms: int) -> Made | None:
        assert mine.rendered_text is not None
        assert mine.whatsapp_message_id is not None
        return self._request(
            ready.instance,
            ready.api_key,
            phone=ready.contact.phone,
            text=mine.rendered_text,
            whatsapp_message_id=mine.whatsapp_message_id,
            leave_within_ms=leave_within_ms,
            log_id=mine.recipient_id,
        )

    def _after(self, job: SendJob, settlement: Settlement, gate: InstanceGate) -> None:
        if settlement.auto_pause_reason:
            self._pause.auto_pause(job.tenant_id, job.campaign_id, settlement.auto_pause_reason)
            self._shut(gate, settlement.auto_pause_reason)

    def _skip(self, recipient: Recipient, code: RecipientErrorCode) -> None:
        self._settle.end(recipient, RecipientStatus.SKIPPED, code)


def _holder_of(recipient: Recipient) -> str:
    """The plan number tells a copy of this very job from the mark that a crashed try of the same
    recipient left behind."""
    return f"{recipient.recipient_id}#{recipient.plan_number}"


def _is_resend(recipient: Recipient) -> bool:
    """Under its present plan number an unknown recipient has no other job."""
    return recipient.status is RecipientStatus.UNKNOWN


def _try_of(recipient: Recipient) -> Try:
    return Try(
        tenant_id=recipient.tenant_id,
        person=recipient.person,
        stamped_by=recipient.recipient_id,
        holder=_holder_of(recipient),
        own_is_free=not recipient.may_have_been_sent,
        campaign_id=recipient.campaign_id,
        sequence=recipient.sequence,
    )


def _opening(facts: CampaignFacts, instant: int) -> int:
    """When a request may leave next; where it never may, its recipient is looked at once a day."""
    return facts.hours.next_slot(instant + LEAVE_WITHIN_MS) or instant + _NEVER_MS


def _waits_until(shut: Shut, now: int) -> int:
    """A busy instance is free long before its mark runs out: its next slot will ask."""
    is_busy = shut.refusal is Refusal.BUSY
    return now if is_busy or shut.opens_at is None else shut.opens_at


def _rendered(facts: CampaignFacts, message_id: str, contact: Contact, instant: int) -> str:
    values = contact_values(contact.name, contact.quem_indicou, contact.custom_vars)
    local = to_datetime(instant).astimezone(facts.campaign.zone)
    return render(facts.texts[message_id], values, local)
