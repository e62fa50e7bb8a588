"""Pass the person's gate, then the instance's: both within a second of the request, or neither."""

from dataclasses import dataclass
from threading import Lock
from typing import Protocol

from campaigns.domain.gates import LEAVE_WITHIN_MS, PATIENCE_MS, PERSON_GAP_MS, Refusal, Shut
from campaigns.domain.latest_send import LatestSend
from campaigns.domain.model import Instance, InstanceGate
from campaigns.domain.try_report import TryReport
from campaigns.services.ports import Clock, Gates, Persons, Stamp

#: A busy instance is asked again this often, for as long as patience lasts.
_ASK_AGAIN_MS = 250


class Days(Protocol):
    """A tenant's calendar days, by which an instance's daily limit counts. Epoch ms."""

    def day(self, instant: int) -> str: ...

    def next_day_at(self, instant: int) -> int: ...


@dataclass(frozen=True, slots=True)
class Try:
    """Who asks for the gates.

    `stamped_by` is what the person is stamped with; `own_is_free`: that stamp does not block the
    try itself, since nothing of it was sent. `holder` is what the instance is busy with: another
    copy of this very try is known by it. `campaign_id` None is a send without a campaign; else
    `sequence` is whose turn it is there.
    """

    tenant_id: str
    person: str
    stamped_by: str
    holder: str
    own_is_free: bool
    campaign_id: str | None = None
    sequence: int | None = None


@dataclass(frozen=True, slots=True)
class Pass:
    """Both gates taken for one request: what settling and undoing need."""

    token: str
    stamp: Stamp
    before: InstanceGate
    day: str
    taken_at: int


def person_gap_ms(read_timeout_ms: int) -> int:
    """Evolution goes on sending after its client gave up, for as long as that client waited."""
    return PERSON_GAP_MS + read_timeout_ms


class PassGates:
    """Takes both gates. One that is short by five seconds or less is waited for."""

    def __init__(
        self, *, persons: Persons, gates: Gates, clock: Clock, person_gap_ms: int, lease_ms: int
    ) -> None:
        self._persons = persons
        self._gates = gates
        self._clock = clock
        self._person_gap_ms = person_gap_ms
        self._lease_ms = lease_ms
        self._known: dict[str, InstanceGate] = {}
        self._lock = Lock()

    def take(self, attempt: Try, instance: Instance, days: Days, *, token: str) -> Pass | Shut:
        """The pass, or why there is none; then nothing is held."""
        patience_ends = self._clock.now() + PATIENCE_MS
        held: Stamp | None = None
        stamped_at = 0
        while True:
            now = self._clock.now()
            shut: Shut | None = None
            if held is None or now - stamped_at >= LEAVE_WITHIN_MS:
                stamp = self._stamp(attempt, instance.instance_id, token, now)
                if isinstance(stamp, Shut):
                    shut = stamp
                else:
                    # An undo restores the newest stamp that is not ours: another copy of this job
                    # may have stamped, and sent, while this one waited.
                    held = held if held and stamp.is_repeat else stamp
                    stamped_at = now
            if shut is None:
                taken = self._take_instance(attempt, instance, days, token, now)
                if isinstance(taken, InstanceGate):
                    assert held is not None
                    return Pass(token, held, taken, days.day(now), now)
                shut = taken
            wait = self._worth_waiting(shut, attempt, now, patience_ends)
            if wait is None:
                if held:
                    self._persons.undo(held)
                return shut
            self._clock.sleep(wait)

    def undo(self, taken: Pass) -> None:
        """Give both gates back: the request did not leave."""
        self._gates.settle(
            taken.before, token=taken.token, left_at=None, day=taken.day, counts=False
        )
        self._persons.undo(taken.stamp)

    def settle(
        self, taken: Pass, *, left_at: int, counts: bool, report: TryReport | None = None
    ) -> int:
        """The request left; its mark is cleared. Unless it `counts`, nothing of it was sent: then
        the day's count is given back, and the person was not messaged.

        How many tries of this instance have failed in a row.
        """
        failures_in_row = self._gates.settle(
            taken.before,
            token=taken.token,
            left_at=left_at,
            day=taken.day,
            counts=counts,
            report=report,
        )
        if not counts:
            self._persons.undo(taken.stamp)
        return failures_in_row

    def _stamp(self, attempt: Try, instance_id: str, token: str, now: int) -> Stamp | Shut:
        latest = None
        if attempt.campaign_id is not None and attempt.sequence is not None:
            latest = LatestSend(instance_id, attempt.campaign_id, attempt.sequence, now)
        return self._persons.stamp(
            attempt.person,
            tenant_id=attempt.tenant_id,
            stamped_by=attempt.stamped_by,
            token=token,
            now=now,
            gap_ms=self._person_gap_ms,
            own_is_free=attempt.own_is_free,
            latest=latest,
        )

    def _take_instance(
        self, attempt: Try, instance: Instance, days: Days, token: str, now: int
    ) -> InstanceGate | Shut:
        """What was last seen of the gate may be old: it may only open it, never keep it shut."""
        with self._lock:
            known = self._known.get(instance.instance_id)
        taken: InstanceGate | Shut = Shut(Refusal.NOT_LIVE)
        for gate in (known, None):
            current = gate or self._gates.read(instance.instance_id, consistent=True)
            if current is None:
                break
            with self._lock:
                self._known[instance.instance_id] = current
            if current.config_version != instance.config_version:
                taken = Shut(Refusal.RECONFIGURED)
                continue
            taken = self._gates.take(
                current,
                campaign_id=attempt.campaign_id,
                token=token,
                holder=attempt.holder,
                now=now,
                busy_until=now + self._lease_ms,
                day=days.day(now),
                next_day_at=days.next_day_at(now),
            )
            if isinstance(taken, InstanceGate):
                # What stood there before it: with an older day each write would be refused once.
                with self._lock:
                    self._known[instance.instance_id] = taken
                break
        return taken

    def _worth_waiting(self, shut: Shut, attempt: Try, now: int, patience_ends: int) -> int | None:
        """Milliseconds to wait before asking again, or None."""
        if shut.refusal is Refusal.BUSY:
            is_own = shut.holder == attempt.holder
            wait = None if is_own else _ASK_AGAIN_MS
        elif shut.refusal in {Refusal.GAP, Refusal.PERSON} and shut.opens_at is not None:
            wait = max(1, shut.opens_at - now)
        else:
            wait = None
        return wait if wait is not None and now + wait <= patience_ends else None
