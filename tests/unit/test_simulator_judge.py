"""The judge can fail: of each rule, evidence that breaks it and evidence that does not."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError
from pynamodb.exceptions import QueryError

from campaigns.domain.campaign import CampaignStatus
from campaigns.domain.errors import NotFound
from campaigns.domain.model import Campaign, Recipient, Recipients, RecipientsState, Schedule
from campaigns.domain.recipient import RecipientStatus
from tests.simulator.evidence import (
    Booked,
    CampaignOf,
    Departure,
    Done,
    Evidence,
    HeadMove,
    Pace,
    Receipt,
    RecipientMove,
    Refusal,
    Shown,
)
from tests.simulator.judge import RULES, judge
from tests.simulator.plan import ActionKind, DayHours

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
#: 12:00 of a Tuesday in São Paulo.
NOON = 1_795_618_800_000
PHONE = "551199000000"
A = ActionKind
R = RecipientStatus
C = CampaignStatus


def phone(number: int) -> str:
    return f"{PHONE}{number}"


def campaign(number: int, instance: str = "loja-0", tenant: str = "tn_0") -> CampaignOf:
    return CampaignOf(number, tenant, f"cp_{number}", instance, f"in_{instance}", ("ct_0", "ct_1"))


def head(number: int = 0, status: C = C.COMPLETED, **fields: Any) -> Campaign:
    return Campaign(
        **(
            {
                "campaign_id": f"cp_{number}",
                "tenant_id": "tn_0",
                "name": "Campanha",
                "instance_id": "in_loja-0",
                "status": status,
                "schedule": Schedule("immediate", "America/Sao_Paulo"),
                "created_at": 0,
                "updated_at": 0,
                "created_by": "key:test",
                "recipients": Recipients(RecipientsState.READY),
                "total": 2,
                "mark": 2,
            }
            | fields
        )
    )


def recipient(number: int, status: R = R.SENT, **fields: Any) -> Recipient:
    return Recipient(
        **(
            {
                "recipient_id": f"rc_{number}",
                "tenant_id": "tn_0",
                "campaign_id": "cp_0",
                "instance_id": "in_loja-0",
                "sequence": number,
                "person": f"person {number}",
                "contact_id": f"ct_{number}",
                "status": status,
                "plan_number": 0,
                "updated_at": 0,
            }
            | fields
        )
    )


def left(at: int, number: int = 0, text: str = "C0: Oi", **fields: Any) -> Departure:
    fields = {"ended_at": NOON + at + 200, "instance": "loja-0"} | fields
    return Departure(at=NOON + at, phone=phone(number), text=text, **fields)


def shown(at: int, number: int = 0, text: str = "C0: Oi", *, is_refused: bool = False) -> Shown:
    return Shown(phone(number), text, NOON + at, is_refused)


def done(
    kind: ActionKind,
    began_at: int,
    answered_at: int | None,
    *,
    number: int | None = None,
    detail: str = "",
    campaign: int = 0,
    refusal: Refusal | None = None,
) -> Done:
    answer = None if answered_at is None else NOON + answered_at
    who = "" if number is None else phone(number)
    return Done(kind, campaign, who, NOON + began_at, answer, detail, refusal)


def moved(at: int, before: C | None, after: C | None, number: int = 0, **fields: Any) -> HeadMove:
    fields = {"instance_id": "in_loja-0"} | fields
    return HeadMove(at=NOON + at, campaign=number, before=before, after=after, **fields)


def refused(at: int, *codes: str, status: int = 409, state: str = "") -> Refusal:
    return Refusal(NOON + at, status, frozenset(codes), state)


def told(*reports: str, status: R = R.SENT, **fields: Any) -> Evidence:
    """What was reported of the first one's message, and where that one stands."""
    first = recipient(0, status, whatsapp_message_id="3EB0", **fields)
    receipts = [Receipt("3EB0", each, NOON + SECOND) for each in reports]
    return replace(with_people(first, recipient(1)), receipts=receipts)


OUT, IN = frozenset({("tn_0", phone(0))}), frozenset[tuple[str, str]]()
THROTTLED = ClientError({"Error": {"Code": "ThrottlingException"}}, "PutItem")
BUSY = {"refusal": refused(MINUTE, "start_refused", "instance_busy")}
STARTED = moved(-SECOND, C.DRAFT, C.ACTIVE)

#: Two people, each reached once, at pace.
FINE = Evidence(
    campaigns=[campaign(0)],
    phones={"ct_0": phone(0), "ct_1": phone(1)},
    heads={0: head()},
    people={0: [recipient(0), recipient(1)]},
    counters={0: {"sent": 2}},
    shown=[shown(0), shown(30 * SECOND, 1)],
    departures=[left(0), left(30 * SECOND, 1)],
    done=[],
    hours=DayHours("America/Sao_Paulo"),
    least_gap_ms=20 * SECOND,
)


def broken(evidence: Evidence) -> set[str]:
    return {each.split(":")[0] for each in judge(evidence)}


def sent_to(*departures: Departure, **fields: Any) -> Evidence:
    """The first person's, each with the message that it became; the second has hers long since."""
    messages = [Shown(each.phone, each.text, each.at) for each in departures if each.is_sent]
    earlier = shown(-HOUR, 1)
    return replace(FINE, departures=departures, shown=[*messages, earlier], **fields)


def with_people(*people: Recipient, **fields: Any) -> Evidence:
    counts: dict[str, int] = {}
    for each in people:
        if each.status is not R.PENDING:
            counts[each.status] = counts.get(each.status, 0) + 1
    return replace(FINE, people={0: list(people)}, counters={0: counts}, **fields)


RESEND = {"number": 0, "detail": "resend"}
OTHERS = {
    "campaigns": [campaign(0), campaign(1)],
    "heads": {0: head(), 1: head(1)},
    "people": {0: FINE.people[0], 1: [recipient(0), recipient(1)]},
    "counters": {0: {"sent": 2}, 1: {"sent": 2}},
}
TWO = replace(
    FINE,
    **OTHERS,
    shown=[*FINE.shown, shown(HOUR, 0, "C1: Oi"), shown(HOUR, 1, "C1: Oi")],
)
WINDOW = DayHours("America/Sao_Paulo", 12 * 60, 13 * 60)
RESUMED = (STARTED, moved(5_000, C.ACTIVE, C.PAUSED), moved(9_000, C.PAUSED, C.ACTIVE))

TWICE = sent_to(left(0), left(5 * MINUTE))
PAUSE = done(A.PAUSE, 4_000, 6_000)
CHOICES = {"departures": [left(30 * SECOND)]}

BREAKS: list[tuple[str, str, Evidence]] = [
    ("never_twice", "a second message", TWICE),
    (
        "never_twice",
        "a third after one resend",
        sent_to(
            left(0),
            left(5 * MINUTE),
            left(9 * MINUTE),
            done=[done(A.RESOLVE, MINUTE, MINUTE, **RESEND)],
        ),
    ),
    (
        "never_twice",
        "a second before the resend",
        replace(TWICE, done=[done(A.RESOLVE, 6 * MINUTE, 6 * MINUTE, **RESEND)]),
    ),
    (
        "never_twice",
        "a second after it was resolved as sent",
        replace(TWICE, done=[done(A.RESOLVE, MINUTE, MINUTE, number=0, detail="sent")]),
    ),
    ("never_lost", "a campaign without end", replace(FINE, heads={0: head(status=C.ACTIVE)})),
    ("never_lost", "a recipient too few", with_people(recipient(0))),
    ("never_lost", "one person twice", with_people(recipient(0), recipient(1, person="person 0"))),
    ("never_lost", "somebody unsettled", with_people(recipient(0), recipient(1, R.PENDING))),
    ("never_lost", "a failure without a reason", with_people(recipient(0), recipient(1, R.FAILED))),
    ("never_lost", "sent and not reached", replace(FINE, shown=FINE.shown[:1])),
    (
        "never_lost",
        "failed and reached",
        with_people(recipient(0), recipient(1, R.FAILED, error_code="read_timeout")),
    ),
    ("never_lost", "a mark too low", replace(FINE, heads={0: head(mark=1)})),
    (
        "never_lost",
        "a mark that passed somebody",
        replace(FINE, head_moves=[STARTED, moved(HOUR, C.ACTIVE, C.COMPLETED, unsettled=1)]),
    ),
    (
        "never_hammered",
        "two within a minute",
        sent_to(left(0), left(59_999, text="Teste")),
    ),
    (
        "never_hammered",
        "two tenants' within a minute",
        sent_to(left(0), left(30 * SECOND, instance="loja-1", text="Teste")),
    ),
    ("human_pace", "a gap too short", sent_to(left(0), left(19_999, 1))),
    ("human_pace", "a test message too soon", sent_to(left(0), left(19_999, 2, "Teste"))),
    ("human_pace", "two in flight", sent_to(left(0, ended_at=NOON + 21_000), left(20_500, 1))),
    ("human_pace", "one that never ended", sent_to(left(0, ended_at=None), left(20_500, 1))),
    (
        "human_pace",
        "a gap that was made longer before",
        replace(
            FINE,
            paces=[Pace(0, "loja-0", 20 * SECOND), Pace(NOON + 5_000, "loja-0", 31 * SECOND)],
        ),
    ),
    (
        "daily_limit",
        "more than a limit that was made lower",
        replace(
            FINE,
            paces=[Pace(0, "loja-0", SECOND, 2), Pace(NOON + 9_000, "loja-0", SECOND, 1)],
        ),
    ),
    ("daily_limit", "more than the limit", replace(FINE, paces=[Pace(0, "loja-0", SECOND, 1)])),
    ("only_in_hours", "after the window", sent_to(left(HOUR), hours=WINDOW)),
    ("only_in_hours", "before the window", sent_to(left(-1), hours=WINDOW)),
    (
        "stop_means_stop",
        "after a cancel",
        replace(FINE, done=[done(A.CANCEL, 1_000, 28_999)]),
    ),
    ("stop_means_stop", "after a pause", replace(FINE, done=[PAUSE])),
    (
        "stop_means_stop",
        "resumed before the pause",
        replace(FINE, done=[done(A.RESUME, 2_000, 3_000), PAUSE]),
    ),
    (
        "stop_means_stop",
        "a resume that changed nothing",
        replace(FINE, done=[PAUSE, done(A.RESUME, 7_000, 8_000)], head_moves=RESUMED[:2]),
    ),
    (
        "stop_means_stop",
        "resumed by nobody",
        replace(FINE, done=[PAUSE], head_moves=RESUMED),
    ),
    (
        "stop_means_stop",
        "resumed by the system against a person's pause",
        replace(
            FINE,
            done=[PAUSE],
            head_moves=RESUMED,
            heads={0: head(resume_on_reconnect=True)},
        ),
    ),
    (
        "stop_means_stop",
        "paused by the system",
        replace(FINE, head_moves=[STARTED, moved(28_999, C.ACTIVE, C.PAUSED)]),
    ),
    (
        "stop_means_stop",
        "after an opt-out",
        replace(FINE, done=[done(A.OPT_OUT, 0, 28_999, number=1)]),
    ),
    (
        "stop_means_stop",
        "a test message after a word",
        replace(
            FINE,
            departures=[*FINE.departures, left(2 * MINUTE, 0, "Teste")],
            done=[done(A.REPLY_OUT, MINUTE, MINUTE, number=0)],
        ),
    ),
    (
        "stop_means_stop",
        "back before out, reported late",
        replace(
            FINE,
            **CHOICES,
            done=[
                done(A.REPLY_IN, 1_000, 20_000, number=0),
                done(A.REPLY_OUT, 5_000, 6_000, number=0),
            ],
        ),
    ),
    (
        "one_live_campaign",
        "two at the end",
        replace(TWO, heads={0: head(status=C.ACTIVE), 1: head(1, C.PAUSED)}),
    ),
    (
        "one_live_campaign",
        "two for a while",
        replace(
            TWO,
            head_moves=[
                STARTED,
                moved(0, C.DRAFT, C.ACTIVE, 1),
                moved(HOUR, C.ACTIVE, C.COMPLETED),
                moved(HOUR, C.ACTIVE, C.COMPLETED, 1),
            ],
        ),
    ),
    ("exact_books", "one too few", replace(FINE, counters={0: {"sent": 1}})),
    ("exact_books", "one that nobody is", replace(FINE, counters={0: {"sent": 2, "read": 1}})),
    (
        "exact_books",
        "off by more than was cut short",
        replace(FINE, booked=[Booked(NOON, 0, {"sent": 1}, {"sent": 3}, 1)]),
    ),
    (
        "legal_moves",
        "out of the end",
        replace(FINE, recipient_moves=[RecipientMove(NOON, 0, 0, R.SKIPPED, R.PENDING)]),
    ),
    (
        "legal_moves",
        "back",
        replace(FINE, recipient_moves=[RecipientMove(NOON, 0, 0, R.READ, R.DELIVERED)]),
    ),
    (
        "legal_moves",
        "a retry after a doubt",
        replace(
            FINE,
            recipient_moves=[
                RecipientMove(NOON, 0, 0, R.FAILED, R.PENDING, may_have_been_sent=True)
            ],
        ),
    ),
    (
        "legal_moves",
        "laid as sent",
        replace(FINE, recipient_moves=[RecipientMove(NOON, 0, 0, None, R.SENT)]),
    ),
    (
        "answers_hold",
        "a pause that was none",
        replace(FINE, done=[done(A.PAUSE, MINUTE, MINUTE + 1)], head_moves=[STARTED]),
    ),
    (
        "answers_hold",
        "a start that was none",
        replace(FINE, done=[done(A.START, -HOUR, -HOUR + 1)], head_moves=[STARTED]),
    ),
    (
        "answers_hold",
        "refused for a campaign that had ended",
        replace(
            TWO,
            done=[done(A.START, MINUTE, None, campaign=1, **BUSY)],
            head_moves=[STARTED, moved(SECOND, C.ACTIVE, C.COMPLETED)],
        ),
    ),
    (
        "answers_hold",
        "refused for its own sake",
        replace(FINE, done=[done(A.START, -HOUR, None, **BUSY)], head_moves=[STARTED]),
    ),
    (
        "answers_hold",
        "refused in a state that it was not in",
        replace(
            FINE,
            done=[done(A.PAUSE, 0, None, refusal=refused(1, "invalid_state", state="draft"))],
            head_moves=[STARTED],
        ),
    ),
    (
        "answers_hold",
        "another status than 409",
        replace(
            FINE,
            done=[done(A.START, 0, None, refusal=refused(1, "concurrent_update", status=503))],
            head_moves=[STARTED],
            is_undisturbed=True,
        ),
    ),
    (
        "choices_hold",
        "out, and still in",
        replace(FINE, done=[done(A.REPLY_OUT, HOUR, HOUR, number=0)], suppressed=IN),
    ),
    (
        "choices_hold",
        "back, and still out",
        replace(
            FINE,
            done=[
                done(A.OPT_OUT, HOUR, HOUR + 1, number=0),
                done(A.OPT_IN, HOUR + MINUTE, HOUR + MINUTE, number=0),
            ],
            suppressed=OUT,
        ),
    ),
    ("choices_hold", "out, and never asked", replace(FINE, suppressed=OUT)),
    ("receipts_hold", "delivered, and told as sent", told("DELIVERY_ACK")),
    ("receipts_hold", "read, and told as delivered", told("READ", status=R.DELIVERED)),
    ("receipts_hold", "refused, and told as sent", told("ERROR")),
    ("receipts_hold", "refused, and told as delivered", told("ERROR", status=R.DELIVERED)),
    (
        "receipts_hold",
        "delivered, and told as refused",
        told("DELIVERY_ACK", status=R.FAILED, error_code="refused_by_whatsapp"),
    ),
    ("no_leaks", "a phone", replace(FINE, log_lines=["to 5511990000001 at"])),
    ("no_leaks", "an address", replace(FINE, log_lines=["551190000001@s.whatsapp.net"])),
    ("no_leaks", "a phone as typed", replace(FINE, log_lines=["(11) 99000-0001"])),
    (
        "no_leaks",
        "a key",
        replace(FINE, log_lines=["apikey: chave"], secrets=frozenset({"chave"})),
    ),
    ("no_leaks", "a webhook's secret", replace(FINE, log_lines=["whs_1_0123"])),
    ("no_leaks", "another tenant's", replace(FINE, leaks=["GET: tn_1 got 200"])),
    ("no_fault_of_our_own", "a fault", replace(FINE, faults=[KeyError("sent_at")])),
    (
        "no_fault_of_our_own",
        "a request that no store takes",
        replace(FINE, faults=[ClientError({"Error": {"Code": "ValidationException"}}, "PutItem")]),
    ),
    (
        "no_fault_of_our_own",
        "a request that is none",
        replace(FINE, faults=[QueryError("Failed", ParamValidationError(report="Key"))]),
    ),
    (
        "no_fault_of_our_own",
        "a throttle where nothing was done",
        replace(FINE, faults=[THROTTLED], is_undisturbed=True),
    ),
]

HOLDS: list[tuple[str, Evidence]] = [
    ("what goes well", FINE),
    ("a resend", replace(TWICE, done=[done(A.RESOLVE, MINUTE, None, **RESEND)])),
    (
        "one that WhatsApp refused",
        replace(TWICE, shown=[shown(0, is_refused=True), shown(5 * MINUTE), shown(30_000, 1)]),
    ),
    (
        "a campaign with nobody in it",
        replace(
            FINE,
            heads={0: head(status=C.DRAFT, total=0, mark=0)},
            people={0: []},
            counters={0: {}},
            empty=frozenset({0}),
        ),
    ),
    (
        "failed with a reason",
        replace(
            with_people(recipient(0), recipient(1, R.FAILED, error_code="text_too_long")),
            shown=FINE.shown[:1],
        ),
    ),
    ("a refused try within a minute", sent_to(left(0, is_sent=False), left(30_000))),
    (
        "clocks that are off",
        sent_to(left(0), left(59_900, text="Teste"), skew_ms=50),
    ),
    (
        "a gap that is made longer afterwards",
        replace(FINE, paces=[Pace(0, "loja-0", 20_000), Pace(NOON + 30_000, "loja-0", 50_000)]),
    ),
    ("as many as the limit", replace(FINE, paces=[Pace(0, "loja-0", SECOND, 2)])),
    (
        "a limit that is raised",
        replace(
            FINE,
            paces=[Pace(0, "loja-0", SECOND, 1), Pace(NOON + 9_000, "loja-0", SECOND, 2)],
        ),
    ),
    (
        "one on each day",
        sent_to(
            left(0), left(12 * HOUR + MINUTE, 2, "Teste"), paces=[Pace(0, "loja-0", SECOND, 1)]
        ),
    ),
    ("the last moment of the window", sent_to(left(HOUR - 1), hours=WINDOW)),
    ("a test message at night", sent_to(left(HOUR, 0, "Teste"), left(0), hours=WINDOW)),
    ("within a second of a cancel", replace(FINE, done=[done(A.CANCEL, 1_000, 29_000)])),
    ("a pause that nobody was answered", replace(FINE, done=[done(A.PAUSE, 1_000, None)])),
    (
        "a pause and a resume",
        replace(FINE, done=[PAUSE, done(A.RESUME, 8_000, 9_000)], head_moves=RESUMED),
    ),
    (
        "resumed without the table's history",
        replace(FINE, done=[PAUSE, done(A.RESUME, 8_000, 9_000)]),
    ),
    (
        "resumed by the system",
        replace(FINE, head_moves=RESUMED, heads={0: head(resume_on_reconnect=True)}),
    ),
    (
        "out, and back",
        replace(
            FINE,
            **CHOICES,
            done=[
                done(A.OPT_OUT, 1_000, 2_000, number=0),
                done(A.REPLY_IN, 3_000, 4_000, number=0),
            ],
        ),
    ),
    (
        "another tenant's opt-out",
        replace(
            TWO,
            campaigns=[campaign(0), campaign(1, "loja-1", "tn_1")],
            done=[done(A.OPT_OUT, 0, 1_000, number=1, campaign=1)],
        ),
    ),
    (
        "the confirmation of an opt-out",
        replace(
            FINE,
            departures=[*FINE.departures, left(2 * MINUTE, 0, "Pronto!")],
            done=[done(A.REPLY_OUT, MINUTE, MINUTE, number=0)],
        ),
    ),
    (
        "one campaign after the other",
        replace(
            TWO,
            head_moves=[
                STARTED,
                moved(40_000, C.ACTIVE, C.COMPLETED),
                moved(41_000, C.DRAFT, C.ACTIVE, 1),
                moved(HOUR, C.ACTIVE, C.COMPLETED, 1),
            ],
        ),
    ),
    (
        "off by what was cut short",
        replace(FINE, booked=[Booked(NOON, 0, {"sent": 2}, {"sent": 3}, 1)]),
    ),
    (
        "a resend's moves",
        replace(
            FINE,
            recipient_moves=[
                RecipientMove(NOON, 0, 0, None, R.PENDING),
                RecipientMove(NOON, 0, 0, R.PENDING, R.SENDING),
                RecipientMove(NOON, 0, 0, R.SENDING, R.UNKNOWN),
                RecipientMove(NOON, 0, 0, R.UNKNOWN, R.UNCONFIRMED),
                RecipientMove(NOON, 0, 0, R.UNCONFIRMED, R.PENDING, may_have_been_sent=True),
            ],
        ),
    ),
    (
        "refused while another is live",
        replace(
            TWO,
            done=[done(A.START, MINUTE, None, campaign=1, **BUSY)],
            head_moves=[STARTED, moved(HOUR, C.ACTIVE, C.COMPLETED)],
        ),
    ),
    (
        "refused in the instant in which another took it",
        replace(
            TWO,
            done=[done(A.START, -SECOND, None, campaign=1, **BUSY)],
            head_moves=[STARTED, moved(HOUR, C.ACTIVE, C.COMPLETED)],
        ),
    ),
    (
        "a resume in the instant before a pause",
        replace(
            FINE,
            done=[done(A.RESUME, HOUR, HOUR)],
            head_moves=[STARTED, moved(HOUR, C.ACTIVE, C.PAUSED)],
        ),
    ),
    (
        "out since an hour",
        replace(FINE, done=[done(A.REPLY_OUT, HOUR, HOUR, number=0)], suppressed=OUT),
    ),
    (
        "in and out at one second",
        replace(
            FINE,
            done=[
                done(A.OPT_OUT, HOUR, HOUR, number=0),
                done(A.REPLY_IN, HOUR + 900, HOUR + 900, number=0),
            ],
            suppressed=OUT,
        ),
    ),
    (
        "out, and a word that nobody took",
        replace(
            FINE,
            done=[
                done(A.OPT_OUT, HOUR, HOUR, number=0),
                done(A.REPLY_IN, HOUR + MINUTE, None, number=0),
            ],
            suppressed=OUT,
        ),
    ),
    ("receipts out of order", told("READ", "DELIVERY_ACK", status=R.READ)),
    ("refused after it was delivered", told("DELIVERY_ACK", "ERROR", status=R.DELIVERED)),
    ("refused after she had answered", told("ERROR", status=R.RESPONDED)),
    (
        "a receipt in doubt",
        replace(
            told("DELIVERY_ACK"),
            recipient_moves=[RecipientMove(NOON, 0, 0, R.SENDING, R.UNKNOWN)],
        ),
    ),
    ("numbers that are no phones", replace(FINE, log_lines=["at 1795618800000, 99000 times"])),
    ("a refusal", replace(FINE, faults=[NotFound()])),
    ("a store in trouble", replace(FINE, faults=[THROTTLED, QueryError("Failed", THROTTLED)])),
]


def ids(cases: Iterable[tuple[Any, ...]]) -> list[str]:
    return [" - ".join(str(part) for part in case[:-1]) for case in cases]


@pytest.mark.parametrize(("rule", "_name", "evidence"), BREAKS, ids=ids(BREAKS))
def test_a_rule_that_is_broken_is_told_of(rule: str, _name: str, evidence: Evidence) -> None:
    assert rule in broken(evidence)


@pytest.mark.parametrize(("_name", "evidence"), HOLDS, ids=ids(HOLDS))
def test_what_is_allowed_breaks_no_rule(_name: str, evidence: Evidence) -> None:
    assert judge(evidence) == []


def test_every_rule_is_shown_to_be_breakable() -> None:
    assert {rule for rule, _, _ in BREAKS} == {rule.__name__ for rule in RULES}
