"""What the rules are judged from, however it was gathered: in a simulated run, or of a real stack.

All times are epoch milliseconds of true time.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.model import Campaign, Recipient
from campaigns.domain.recipient import RecipientStatus
from tests.simulator.plan import ActionKind, DayHours

#: What a test message begins with; a campaign's begins with `C`, its number and a colon.
TEST_TEXT = "Teste"
_CAMPAIGN = re.compile(r"C(\d+): ")


@dataclass(frozen=True, slots=True)
class CampaignOf:
    """A campaign of the run; `number` is the one that its texts begin with, as `C0: `."""

    number: int
    tenant_id: str
    campaign_id: str
    instance: str
    instance_id: str
    contacts: tuple[str, ...]


@dataclass(slots=True)
class Departure:
    """A request of a send that left through an instance; `ended_at` None: it never ended.

    `is_sent`: the server took it, so that there is a message. False: known to have been refused.
    """

    at: int
    instance: str
    phone: str
    text: str
    ended_at: int | None = None
    is_sent: bool = True


@dataclass(frozen=True, slots=True)
class Shown:
    """A message that reached a phone; `is_refused`: WhatsApp answered ERROR afterwards."""

    phone: str
    text: str
    arrived_at: int
    is_refused: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """The answer that says no: its status and codes; `state`: the one that does not allow it."""

    at: int
    status: int
    codes: frozenset[str]
    state: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """Something that somebody asked for; `answered_at` None: it was refused, failed or crashed.

    What a person writes began when she wrote it, and is answered when it was first taken. `detail`:
    the `Resolution` of a RESOLVE.
    """

    kind: ActionKind
    campaign: int
    phone: str
    began_at: int
    answered_at: int | None
    detail: str = ""
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was reported of a message, in WhatsApp's word, once we had answered that we took it."""

    whatsapp_message_id: str
    status: str
    taken_at: int


@dataclass(frozen=True, slots=True)
class HeadMove:
    """A campaign's head as a write left it, with the status before."""

    at: int
    campaign: int
    instance_id: str
    before: CampaignStatus | None
    after: CampaignStatus | None
    #: How many recipients were not settled below its mark, or in a completed one at all.
    unsettled: int = 0


@dataclass(frozen=True, slots=True)
class RecipientMove:
    """One write of a recipient's status. None before: laid; after: removed."""

    at: int
    campaign: int
    sequence: int
    before: RecipientStatus | None
    after: RecipientStatus | None
    may_have_been_sent: bool = False


@dataclass(frozen=True, slots=True)
class Pace:
    """What an instance's gate held from then on: the shortest gap and the day's limit."""

    at: int
    instance: str
    least_gap_ms: int
    daily_limit: int | None = None


@dataclass(frozen=True, slots=True)
class Booked:
    """A campaign's books at a moment at which nobody was at work, and what the recipients said.

    `cut_short`: how many writes of them were cut short until then.
    """

    at: int
    campaign: int
    kept: Mapping[str, int]
    counted: Mapping[str, int]
    cut_short: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known at the end.

    `phones` (digits) by contact id; `heads`, `people` and `counters` by the campaign's number;
    `empty` names campaigns in which nobody was left to start with. `skew_ms` is by how much one
    process's clock may be off true time, steps included; `step_ms` by how much it may step while
    the process lives. What is left empty is not judged.
    """

    campaigns: Sequence[CampaignOf]
    phones: Mapping[str, str]
    heads: Mapping[int, Campaign]
    people: Mapping[int, Sequence[Recipient]]
    counters: Mapping[int, Mapping[str, int]]
    shown: Sequence[Shown]
    departures: Sequence[Departure]
    done: Sequence[Done]
    hours: DayHours
    least_gap_ms: int
    skew_ms: int = 0
    step_ms: int = 0
    log_lines: Sequence[str] = ()
    faults: Sequence[BaseException] = ()
    empty: frozenset[int] = frozenset()
    #: Secrets that no log may hold.
    secrets: frozenset[str] = frozenset()
    #: What a tenant could read or change of another's.
    leaks: Sequence[str] = ()
    head_moves: Sequence[HeadMove] = ()
    recipient_moves: Sequence[RecipientMove] = ()
    paces: Sequence[Pace] = ()
    booked: Sequence[Booked] = ()
    receipts: Sequence[Receipt] = ()
    #: Who is out of whose list at the end: tenant and phone. None: not known.
    suppressed: frozenset[tuple[str, str]] | None = None
    #: In which a tenant's calendar days begin and end.
    zone: str = "America/Sao_Paulo"
    #: Nothing of ours failed, so that no store and no server has an excuse.
    is_undisturbed: bool = False

    @property
    def skew_between_ms(self) -> int:
        """By how much two processes' clocks may differ."""
        return 2 * self.skew_ms


def campaign_of(text: str) -> int:
    """The number of the campaign whose text it is; -1 of any other message."""
    found = _CAMPAIGN.match(text)
    return int(found[1]) if found else -1


def is_test(text: str) -> bool:
    return text.startswith(TEST_TEXT)


def at(instant: float) -> str:
    """As a report shows it."""
    return f"{datetime.fromtimestamp(instant / 1_000, UTC):%d %H:%M:%S.%f}"[:-3]
