"""What the table went through: every write of a head, a recipient, an instance's gate and books."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.recipient import RecipientStatus
from tests.fakes.dynamodb_expressions import Raw
from tests.fakes.dynamodb_model import DynamoModel, _Write
from tests.fakes.virtual_clock import Process, VirtualClock
from tests.simulator.faults import FaultKind
from tests.simulator.stated import SETTLED, counted, is_book

_HEAD = "VIEW#HEAD"
COUNTERS = "VIEW#COUNTERS"
_RECIPIENTS = "#BLOCK#"


@dataclass(frozen=True, slots=True)
class HeadWrite:
    """A head whose status changed, or whose mark was moved past somebody who is not settled."""

    at: int
    campaign_id: str
    instance_id: str
    before: CampaignStatus | None
    after: CampaignStatus | None
    unsettled: int


@dataclass(frozen=True, slots=True)
class RecipientWrite:
    at: int
    campaign_id: str
    sequence: int
    before: RecipientStatus | None
    after: RecipientStatus | None
    may_have_been_sent: bool


@dataclass(frozen=True, slots=True)
class GateWrite:
    at: int
    instance_id: str
    least_gap_ms: int
    daily_limit: int | None


@dataclass(frozen=True, slots=True)
class BooksSeen:
    at: int
    campaign_id: str
    kept: Counter[str]
    counted: Counter[str]
    cut_short: int


@dataclass
class Watch:
    """Sees each write of the table as it is made, and by which process."""

    model: DynamoModel
    table: str
    clock: VirtualClock
    heads: list[HeadWrite] = field(default_factory=list)
    recipients: list[RecipientWrite] = field(default_factory=list)
    gates: list[GateWrite] = field(default_factory=list)
    books: list[BooksSeen] = field(default_factory=list)

    def __post_init__(self) -> None:
        #: The counters of each campaign, and what its recipients would make of them.
        self._kept: dict[str, Counter[str]] = defaultdict(Counter)
        self._counted: dict[str, Counter[str]] = defaultdict(Counter)
        self._statuses: dict[str, dict[int, RecipientStatus]] = defaultdict(dict)
        #: Moves that a process has still to book.
        self._owed: Counter[tuple[Process, str]] = Counter()
        self._struck: set[Process] = set()
        self._cut_short: Counter[str] = Counter()
        self._moved: set[str] = set()
        stored = self.model._tables[self.table]
        put = stored.put

        def seen(write: _Write) -> None:
            put(write)
            self._see(write)

        stored.put = seen  # type: ignore[method-assign]

    def strike(self, name: str) -> None:
        """A fault strikes this call of the process at work. A slow one is made all the same."""
        if FaultKind.SLOW_CALL in name:
            return
        if COUNTERS in name:
            # Done twice, or not done though it may be thought so.
            self._struck.add(self.clock.process)
            self._cut_short[name.split("#CAMPAIGN#")[1].split()[0]] += 1
        elif _RECIPIENTS in name and f": {FaultKind.TIMEOUT}, " in name:
            # A move that its process may not know of, and then does not book. One whose answer is
            # lost it knows: the repeat is known by its token.
            self._struck.add(self.clock.process)

    def look(self) -> None:
        """Nobody is at work: the books are as right now as they will be without a recount."""
        for (process, campaign_id), count in list(self._owed.items()):
            del self._owed[process, campaign_id]
            if process.is_dead or process in self._struck:
                self._cut_short[campaign_id] += max(0, count)
        moved, self._moved = self._moved, set()
        for campaign_id in moved:
            kept, counted = +self._kept[campaign_id], +self._counted[campaign_id]
            if kept != counted:
                cut_short = self._cut_short[campaign_id]
                self.books.append(
                    BooksSeen(self.clock.now(), campaign_id, kept, counted, cut_short)
                )

    def _see(self, write: _Write) -> None:
        pk, sk = write.place
        if sk == _HEAD:
            self._see_head(pk.split("#")[3], write)
        elif sk == COUNTERS:
            self._see_counters(pk.split("#")[3], write)
        elif _RECIPIENTS in pk:
            self._see_recipient(pk.split("#")[3], int(sk), write)
        elif sk == "GATE" and pk.startswith("INSTANCE#") and write.new:
            self._see_gate(pk.removeprefix("INSTANCE#"), write.new)

    def _see_head(self, campaign_id: str, write: _Write) -> None:
        before, after = (
            CampaignStatus(each["status"]["S"]) if each else None for each in (write.old, write.new)
        )
        unsettled = self._unsettled(campaign_id, write)
        if before is not after or unsettled:
            instance_id = (write.new or write.old or {})["instance_id"]["S"]
            self.heads.append(
                HeadWrite(self.clock.now(), campaign_id, instance_id, before, after, unsettled)
            )

    def _unsettled(self, campaign_id: str, write: _Write) -> int:
        """Whom a mark passes without their being settled."""
        if write.new is None or write.old is None:
            return 0
        old, new = (int(each["mark"]["N"]) for each in (write.old, write.new))
        statuses = self._statuses[campaign_id]
        if write.new["status"]["S"] == CampaignStatus.COMPLETED != write.old["status"]["S"]:
            old, new = 0, int(write.new["total"]["N"])
        return sum(statuses.get(place) not in SETTLED for place in range(old, new))

    def _see_counters(self, campaign_id: str, write: _Write) -> None:
        before = self._kept[campaign_id]
        kept = Counter(
            {
                name: int(value["N"])
                for name, value in (write.new or {}).items()
                if is_book(name) and "N" in value
            }
        )
        self._kept[campaign_id] = kept
        self._moved.add(campaign_id)
        # One write books many moves, and where its answer is lost it books them twice.
        size = max((abs(kept[name] - before[name]) for name in kept | before), default=0)
        owed = self.clock.process, campaign_id
        self._owed[owed] = max(0, self._owed[owed] - max(1, size))
        if self.clock.process in self._struck:
            self._cut_short[campaign_id] += size

    def _see_recipient(self, campaign_id: str, sequence: int, write: _Write) -> None:
        old, new = write.old, write.new
        if old and new and old["recipient_id"] != new["recipient_id"]:
            # Another person is laid in this place.
            self._book(campaign_id, old, -1)
            old = None
        before, after = (
            RecipientStatus(each["status"]["S"]) if each else None for each in (old, new)
        )
        self.recipients.append(
            RecipientWrite(
                self.clock.now(),
                campaign_id,
                sequence,
                before,
                after,
                any("may_have_been_sent" in each for each in (old, new) if each),
            )
        )
        self._statuses[campaign_id].pop(sequence, None)
        if after is not None:
            self._statuses[campaign_id][sequence] = after
        if set(_counters(old)) != set(_counters(new)):
            self._owed[self.clock.process, campaign_id] += 1
        self._book(campaign_id, old, -1)
        self._book(campaign_id, new, 1)

    def _book(self, campaign_id: str, item: Raw | None, sign: int) -> None:
        self._moved.add(campaign_id)
        for name in _counters(item):
            self._counted[campaign_id][name] += sign

    def _see_gate(self, instance_id: str, item: Raw) -> None:
        limit: Any = item.get("daily_limit", {}).get("N")
        write = GateWrite(
            self.clock.now(),
            instance_id,
            int(item["delay_min_ms"]["N"]),
            None if limit is None else int(limit),
        )
        latest = next(
            (each for each in reversed(self.gates) if each.instance_id == instance_id), None
        )
        if latest is None or (latest.least_gap_ms, latest.daily_limit) != (
            write.least_gap_ms,
            write.daily_limit,
        ):
            self.gates.append(write)


def _counters(item: Raw | None) -> Iterator[str]:
    """Every counter in which a stored recipient is one."""
    if item is None:
        return iter(())
    return counted(
        RecipientStatus(item["status"]["S"]),
        item.get("message_id", {}).get("S"),
        is_sent="sent_at" in item,
        has_responded="responded_at" in item,
    )
