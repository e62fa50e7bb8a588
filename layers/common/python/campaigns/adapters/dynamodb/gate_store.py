"""The two gates: one conditional write each, which asserts the whole truth at that moment."""

from dataclasses import replace

from pynamodb.expressions.condition import Condition

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.gate_items import GateItem, PersonItem, to_gate
from campaigns.adapters.dynamodb.table import Done, Table
from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.gates import LEAVE_WITHIN_MS, Refusal, Shut, judge_instance_gate
from campaigns.domain.instants import SECOND_MS
from campaigns.domain.model import ConnectionState, InstanceGate
from campaigns.services.ports import Stamp

#: How long a stamp outlives the gap that it guards, for the expiry of items no longer needed.
_STAMP_KEPT_SECONDS = 3_600


class GateStore:
    """Instance gates (see :class:`campaigns.services.ports.Gates`)."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def read(self, instance_id: str, *, consistent: bool = False) -> InstanceGate | None:
        item = self._table.get(GateItem, keys.instance_gate(instance_id), consistent=consistent)
        return to_gate(item) if item else None

    def take(
        self,
        gate: InstanceGate,
        *,
        campaign_id: str | None,
        token: str,
        holder: str,
        now: int,
        busy_until: int,
        day: str,
        next_day_at: int,
    ) -> InstanceGate | Shut:
        known = gate
        # Twice: what was known may be old, and the refused write tells what is true.
        for _ in range(2):
            shut = judge_instance_gate(
                known,
                campaign_id=campaign_id,
                config_version=gate.config_version,
                now=now,
                day=day,
                next_day_at=next_day_at,
            )
            if shut:
                return replace(shut, holder=known.busy_holder)
            # A clock that is behind at midnight must not begin the old day anew.
            day = max(day, known.day or day)
            is_new_day = known.day != day
            result = self._table.update(
                GateItem,
                keys.instance_gate(gate.instance_id),
                [
                    GateItem.busy_token.set(token),
                    GateItem.write_token.set(token),
                    GateItem.busy_until.set(busy_until),
                    GateItem.busy_holder.set(holder),
                    GateItem.last_left_at.set(now + LEAVE_WITHIN_MS),
                    GateItem.day.set(day),
                    GateItem.day_count.set(1)
                    if is_new_day
                    else GateItem.day_count.set(GateItem.day_count + 1),
                ],
                _is_open(known, campaign_id, now, day, is_new_day=is_new_day),
                token=token,
                returning="ALL_OLD",
            )
            if isinstance(result, Done):
                stored = to_gate(result.item) if result.item else known
                return _without_own_mark(stored) if stored.busy_token == token else stored
            if result.item is None:
                return Shut(Refusal.NOT_LIVE)
            known = to_gate(result.item)
        # Refused twice, and open by what was seen last: somebody is at it this very moment.
        return Shut(Refusal.BUSY, now)

    def settle(
        self, before: InstanceGate, *, token: str, left_at: int | None, day: str, counts: bool
    ) -> None:
        actions = [
            GateItem.busy_token.remove(),
            GateItem.busy_until.remove(),
            GateItem.busy_holder.remove(),
            GateItem.last_left_at.set(before.last_left_at if left_at is None else left_at),
        ]
        if not counts:
            actions.append(GateItem.day_count.set(before.sent_on(day)))
        self._table.update(
            GateItem,
            keys.instance_gate(before.instance_id),
            actions,
            GateItem.busy_token == token,
        )


def _without_own_mark(stored: InstanceGate) -> InstanceGate:
    """What was before our write, seen only after it. Last-left stays on the safe side."""
    return replace(
        stored,
        busy_token=None,
        busy_until=None,
        busy_holder=None,
        day_count=stored.day_count - 1,
    )


def _is_open(
    known: InstanceGate, campaign_id: str | None, now: int, day: str, *, is_new_day: bool
) -> Condition:
    """The condition of the write says what :func:`judge_instance_gate` says."""
    condition: Condition = (
        (GateItem.connection_state == ConnectionState.OPEN)
        & (GateItem.config_version == known.config_version)
        & (GateItem.delay_min_ms == known.delay_min_ms)
        & (GateItem.last_left_at <= now - known.delay_min_ms)
        & (GateItem.busy_until.does_not_exist() | (GateItem.busy_until <= now))
    )
    if campaign_id is not None:
        condition &= GateItem.live_campaign_id == campaign_id
        condition &= GateItem.live_status == CampaignStatus.ACTIVE
    if is_new_day:
        condition &= GateItem.day.does_not_exist() | (GateItem.day < day)
        return condition
    has_room = GateItem.daily_limit.does_not_exist() | (GateItem.day_count < GateItem.daily_limit)
    condition &= (GateItem.day == day) & has_room
    return condition


class PersonStore:
    """Person gates (see :class:`campaigns.services.ports.Persons`)."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def stamp(
        self,
        person: str,
        *,
        recipient_id: str,
        token: str,
        now: int,
        gap_ms: int,
        own_is_free: bool,
    ) -> Stamp | Shut:
        is_free = (
            PersonItem.pk.does_not_exist()
            | (PersonItem.stamped_at <= now - gap_ms)
            | (PersonItem.write_token == token)
        )
        if own_is_free:
            is_free |= PersonItem.recipient_id == recipient_id
        result = self._table.update(
            PersonItem,
            keys.person_gate(person),
            [
                PersonItem.stamped_at.set(now),
                PersonItem.recipient_id.set(recipient_id),
                PersonItem.write_token.set(token),
                PersonItem.expires_at.set((now + gap_ms) // SECOND_MS + _STAMP_KEPT_SECONDS),
            ],
            is_free,
            token=token,
            returning="ALL_OLD",
        )
        old = result.item
        if isinstance(result, Done):
            if old is None:
                return Stamp(person, token, None, None)
            if old.write_token == token:
                return Stamp(person, token, now, recipient_id, is_repeat=True)
            return Stamp(person, token, int(old.stamped_at), old.recipient_id)
        free_at = now if old is None else int(old.stamped_at) + gap_ms
        return Shut(Refusal.PERSON, free_at)

    def undo(self, stamp: Stamp) -> None:
        before_at = 0 if stamp.before_at is None else stamp.before_at
        self._table.update(
            PersonItem,
            keys.person_gate(stamp.person),
            [
                PersonItem.stamped_at.set(before_at),
                PersonItem.recipient_id.set(stamp.before_recipient_id or "nobody"),
                PersonItem.write_token.set("restored"),
            ],
            PersonItem.write_token == stamp.token,
        )
