"""The way of one direct message: look, prepare, pass the gates, claim, look last, send.

As in ``send_one``, everything slow comes first, and what is taken is given back by its own token
when the request does not leave. There is no planner to release to: the job stays hidden on the
queue until it may be tried again.
"""

from dataclasses import dataclass, field
from random import Random

from campaigns.domain.delivery import GatewayAnswer, InstanceFault, Sent, Unknown, classify
from campaigns.domain.direct_message import (
    DirectErrorCode,
    DirectMessage,
    DirectPurpose,
    DirectStatus,
    ErrorCode,
    as_seen,
    barred,
    claimed,
    failed,
    is_over,
    released,
    retry_after_fault_at,
    retry_at,
    settled,
)
from campaigns.domain.errors import NotFound
from campaigns.domain.gates import (
    LEAVE_WITHIN_MS,
    MARGIN_MS,
    TIME_TO_LEAVE_MS,
    Refusal,
    Shut,
)
from campaigns.domain.hours import TenantDays
from campaigns.domain.identity import Identity, new_token
from campaigns.domain.instants import SECOND_MS
from campaigns.domain.job import DirectJob
from campaigns.domain.model import Instance
from campaigns.domain.try_report import report_of
from campaigns.services.dispatch_message import StayHidden
from campaigns.services.instance_cache import InstanceCache
from campaigns.services.make_request import MakeRequest
from campaigns.services.pass_gates import Pass, PassGates, Try
from campaigns.services.ports import Clock, Gateway, Suppressions, Tenants, Vault
from campaigns.services.ports_direct import DirectGuard, DirectMessages
from campaigns.services.reach_instance import ReachInstance
from campaigns.services.shut_instance import ShutInstance
from campaigns.services.trip_breaker import TripBreaker

#: Refusals that no waiting mends, and what its sender is told.
_FINAL = {
    Refusal.DISCONNECTED: DirectErrorCode.INSTANCE_DISCONNECTED,
    Refusal.DAY_LIMIT: DirectErrorCode.DAILY_LIMIT_REACHED,
    Refusal.NOT_LIVE: DirectErrorCode.INSTANCE_DELETED,
}
_QUEUED = frozenset({DirectStatus.QUEUED})
_SENDING = frozenset({DirectStatus.SENDING})
#: What a proof of a send moves forward, whoever holds the lease; where a receipt was faster, the
#: answer knows better when it left, and to where.
_PROVABLE = frozenset({DirectStatus.SENDING, DirectStatus.UNCONFIRMED, DirectStatus.SENT})


@dataclass(frozen=True, slots=True)
class _Ready:
    """All that a send needs, gathered before any gate is asked."""

    message: DirectMessage
    deadline: int
    instance: Instance
    api_key: str = field(repr=False)


class SendDirect:
    """Sends a direct message, if it may be sent now.

    None: its job is done with. It raises only where a store failed, and the job may be given to it
    again. `deadline` (epoch ms) is the end of the function's time.
    """

    def __init__(
        self,
        *,
        messages: DirectMessages,
        suppressions: Suppressions,
        tenants: Tenants,
        pass_gates: PassGates,
        gateway: Gateway,
        vault: Vault,
        instances: InstanceCache,
        identity: Identity,
        clock: Clock,
        random: Random,
        breaker: TripBreaker,
        shut: ShutInstance,
        lease_ms: int,
        read_timeout_ms: int,
    ) -> None:
        self._messages = messages
        self._suppressions = suppressions
        self._tenants = tenants
        self._gates = pass_gates
        self._reach = ReachInstance(gateway, instances)
        self._request = MakeRequest(gateway, clock)
        self._vault = vault
        self._instances = instances
        self._identity = identity
        self._clock = clock
        self._random = random
        self._breaker = breaker
        self._shut = shut
        self._lease_ms = lease_ms
        self._needed_ms = read_timeout_ms + MARGIN_MS

    def __call__(self, job: DirectJob, deadline: int) -> StayHidden | None:
        message = self._messages.read(job.tenant_id, job.direct_message_id)
        if message is None:
            return None
        if message.status is DirectStatus.SENDING:
            return self._held_by_another(message)
        if message.status is not DirectStatus.QUEUED:
            return None
        if is_over(message, self._clock.now()):
            return self._fail(message, DirectErrorCode.NOT_SENT_IN_TIME)
        return self._try(message, deadline)

    def _held_by_another(self, message: DirectMessage) -> StayHidden | None:
        """While a lease runs its sender may be at work; after that it may have been sent."""
        now = self._clock.now()
        seen = as_seen(message, now)
        if seen is message and message.lease_until is not None:
            return _hidden(message.lease_until, now)
        self._messages.save(seen, DirectGuard(_SENDING, lease_token=message.lease_token))
        return None

    def _try(
        self, message: DirectMessage, deadline: int, *, is_second: bool = False
    ) -> StayHidden | None:
        try:
            instance = self._reach(message.instance_id)
        except NotFound:
            return self._fail(message, DirectErrorCode.INSTANCE_DELETED)
        if not isinstance(instance, Instance):
            return self._unreachable(message, instance)
        ready = _Ready(message, deadline, instance, self._vault.decrypt(instance))
        self._clock.sleep(max(0, message.slot_at - self._clock.now()))
        taken = self._take(ready)
        if isinstance(taken, Pass):
            return self._claim_and_send(ready, taken)
        if taken.refusal is Refusal.RECONFIGURED and not is_second:
            self._instances.forget(message.instance_id)
            return self._try(message, deadline, is_second=True)
        return self._turned_away(message, taken)

    def _unreachable(self, message: DirectMessage, fault: GatewayAnswer) -> StayHidden | None:
        outcome, now = classify(fault), self._clock.now()
        if isinstance(outcome, Sent | Unknown):
            # Of a greeting, these say nothing of the message.
            return self._again(message)
        gate = self._breaker.note(message.instance_id, None, token=new_token(self._random))
        if gate:
            self._breaker.counted(gate, gate.failures_in_row, at=now)
        again_at = retry_after_fault_at(message, outcome, now=now)
        if again_at is None:
            return self._fail(message, outcome.error_code)
        return _hidden(again_at, now)

    # Gates

    def _take(self, ready: _Ready) -> Pass | Shut:
        message = ready.message
        attempt = Try(
            tenant_id=message.tenant_id,
            person=message.person,
            stamped_by=message.direct_message_id,
            holder=message.direct_message_id,
            # Of a message that is still queued nothing was sent.
            own_is_free=True,
        )
        days = TenantDays(self._tenants.rules(message.tenant_id).tenant.zone)
        return self._gates.take(attempt, ready.instance, days, token=new_token(self._random))

    def _turned_away(self, message: DirectMessage, shut: Shut) -> StayHidden | None:
        # She wrote through it just now: that it is connected again is about to be noted.
        comes_back = shut.refusal is Refusal.DISCONNECTED and _confirms(message)
        if shut.refusal in _FINAL and not comes_back:
            return self._fail(message, _FINAL[shut.refusal])
        # Another's mark is cleared long before it runs out; our own, by a crashed try, is not.
        is_anothers = shut.refusal is Refusal.BUSY and shut.holder != message.direct_message_id
        return self._again(message, opens_at=None if is_anothers else shut.opens_at)

    def _claim_and_send(self, ready: _Ready, taken: Pass) -> StayHidden | None:
        held: DirectMessage | None = None
        leaves = False
        try:
            held = self._claim(ready.message, taken)
            if held is None:
                return self._again(ready.message)
            bar = barred(held, is_opted_out=self._is_opted_out(held))
            if bar is not None:
                return self._fail(held, bar)
            leaves = self._is_in_time(ready, taken)
            if not leaves:
                return self._give_back(held)
        except Exception:
            if held is not None:
                self._give_back(held)
            raise
        finally:
            if not leaves:
                self._gates.undo(taken)
        return self._send(ready, held, taken)

    def _claim(self, message: DirectMessage, taken: Pass) -> DirectMessage | None:
        now = self._clock.now()
        held = claimed(message, now=now, lease_token=taken.token, lease_until=now + self._lease_ms)
        guard = DirectGuard(_QUEUED, wanted_at=taken.taken_at + LEAVE_WITHIN_MS)
        return held if self._messages.save(held, guard) else None

    def _is_opted_out(self, message: DirectMessage) -> bool:
        """Of a confirmation: by what it confirms. A later opt-out of hers has its own."""
        suppression = self._suppressions.read(message.tenant_id, message.person)
        if suppression is None or not _confirms(message):
            return suppression is not None
        confirmed_by = self._identity.confirmation_id(
            message.instance_id, suppression.said_in or ""
        )
        return message.direct_message_id == confirmed_by

    def _is_in_time(self, ready: _Ready, taken: Pass) -> bool:
        now = self._clock.now()
        is_late = now > taken.taken_at + LEAVE_WITHIN_MS - TIME_TO_LEAVE_MS
        return not is_late and ready.deadline - now >= self._needed_ms

    # Send

    def _send(self, ready: _Ready, held: DirectMessage, taken: Pass) -> StayHidden | None:
        made = self._request(
            ready.instance,
            ready.api_key,
            phone=held.phone,
            text=held.text,
            whatsapp_message_id=held.whatsapp_message_id,
            leave_within_ms=taken.taken_at + LEAVE_WITHIN_MS - self._clock.now(),
            log_id=held.direct_message_id,
        )
        if made is None:
            try:
                return self._give_back(held)
            finally:
                self._gates.undo(taken)
        now = self._clock.now()
        settlement = settled(held, made.outcome, now=now, left_at=made.left_at)
        is_proof = settlement.after.status is DirectStatus.SENT
        guard = DirectGuard(_PROVABLE) if is_proof else _own(held)
        try:
            self._messages.save(settlement.after, guard)
        finally:
            report = report_of(made.outcome, held.whatsapp_message_id)
            failures_in_row = self._gates.settle(
                taken, left_at=made.left_at, counts=settlement.counts, report=report
            )
        self._breaker.counted(taken.before, failures_in_row, at=made.left_at)
        if isinstance(made.outcome, InstanceFault):
            self._shut(taken.before, made.outcome.pause_reason)
        return None if settlement.retry_at is None else _hidden(settlement.retry_at, now)

    # What becomes of one that was not sent

    def _give_back(self, held: DirectMessage) -> StayHidden | None:
        """The request of this claim did not leave."""
        message = released(held, now=self._clock.now())
        self._messages.save(message, _own(held))
        return self._again(message)

    def _again(self, message: DirectMessage, *, opens_at: int | None = None) -> StayHidden | None:
        """Later, while its time is not over; nothing is written for that."""
        now = self._clock.now()
        again_at = retry_at(message, now=now, opens_at=opens_at)
        if again_at is None:
            return self._fail(message, DirectErrorCode.NOT_SENT_IN_TIME)
        return _hidden(again_at, now)

    def _fail(self, message: DirectMessage, code: ErrorCode) -> StayHidden | None:
        """Its job is done with."""
        is_held = message.status is DirectStatus.SENDING
        guard = _own(message) if is_held else DirectGuard(_QUEUED)
        self._messages.save(failed(message, code, now=self._clock.now()), guard)
        return None


def _confirms(message: DirectMessage) -> bool:
    return message.purpose is DirectPurpose.OPT_OUT_CONFIRMATION


def _own(held: DirectMessage) -> DirectGuard:
    """While the lease is this try's."""
    return DirectGuard(_SENDING, lease_token=held.lease_token)


def _hidden(until: int, now: int) -> StayHidden:
    """Whole seconds, rounded up: a gate that is asked too soon costs a receive."""
    return StayHidden(max(1, -(-(until - now) // SECOND_MS)))
