"""When a tenant last messaged a person: noted by her stamp, given back with it, its own alone."""

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.activity_store import ActivityStore, CorrespondenceStore
from campaigns.adapters.dynamodb.gate_items import PersonItem, replied_at
from campaigns.adapters.dynamodb.gate_store import PersonStore
from campaigns.adapters.dynamodb.table import Table
from campaigns.domain.latest_send import LatestSend
from campaigns.services.ports import Stamp
from campaigns.services.ports_activity import Activity
from tests.contract.lost_answers import losing_the_answer
from tests.contract.things import NOW, fresh

GAP_MS = 80_000
ANA, BIA = "tn_ana", "tn_bia"


def stamped(table: Table, person: str, tenant_id: str, now: int, token: str | None = None) -> Stamp:
    stamp = PersonStore(table).stamp(
        person,
        tenant_id=tenant_id,
        stamped_by="rc_1",
        token=token or fresh("token"),
        now=now,
        gap_ms=GAP_MS,
        own_is_free=False,
    )
    assert isinstance(stamp, Stamp)
    return stamp


def messaged(table: Table, tenant_id: str, person: str) -> int | None:
    activity = ActivityStore(table).of_persons(tenant_id, [person]).get(person, Activity())
    return activity.last_messaged_at


def test_whoever_was_never_messaged_is_missing(table: Table) -> None:
    assert ActivityStore(table).of_persons(ANA, [fresh("person")]) == {}
    assert ActivityStore(table).of_persons(ANA, []) == {}


def test_a_stamp_notes_when_and_for_which_tenant(table: Table) -> None:
    person, other = fresh("person"), fresh("person")
    stamped(table, person, ANA, NOW)
    stamped(table, other, BIA, NOW)
    assert ActivityStore(table).of_persons(ANA, [person, other]) == {person: Activity(NOW)}


def test_each_tenant_has_a_time_of_its_own_that_the_others_stamps_leave_alone(
    table: Table,
) -> None:
    person = fresh("person")
    stamped(table, person, ANA, NOW)
    stamped(table, person, BIA, NOW + GAP_MS)
    assert messaged(table, ANA, person) == NOW
    assert messaged(table, BIA, person) == NOW + GAP_MS


def test_an_undo_restores_the_time_before(table: Table) -> None:
    person = fresh("person")
    stamped(table, person, ANA, NOW)
    PersonStore(table).undo(stamped(table, person, ANA, NOW + GAP_MS))
    assert messaged(table, ANA, person) == NOW


def test_an_undo_of_the_first_message_leaves_none(table: Table) -> None:
    person = fresh("person")
    stamped(table, person, BIA, NOW)
    PersonStore(table).undo(stamped(table, person, ANA, NOW + GAP_MS))
    assert ActivityStore(table).of_persons(ANA, [person]) == {}
    assert messaged(table, BIA, person) == NOW


def test_an_undo_that_comes_late_leaves_alone_what_was_noted_since(table: Table) -> None:
    person = fresh("person")
    first = stamped(table, person, ANA, NOW)
    stamped(table, person, ANA, NOW + GAP_MS)
    PersonStore(table).undo(first)
    assert messaged(table, ANA, person) == NOW + GAP_MS


def test_a_stamp_whose_answer_was_lost_is_noted_once(table: Table) -> None:
    person = fresh("person")
    with losing_the_answer(table, "UpdateItem"):
        stamped(table, person, ANA, NOW, "mine")
    assert messaged(table, ANA, person) == NOW


def test_a_reply_is_told_beside_it_and_survives_every_stamp(table: Table) -> None:
    person = fresh("person")
    table.update(PersonItem, keys.person_gate(person), [replied_at(ANA).set(NOW - 5)])
    only_replied = ActivityStore(table).of_persons(ANA, [person])
    assert only_replied == {person: Activity(None, NOW - 5)}
    PersonStore(table).undo(stamped(table, person, ANA, NOW))
    stamped(table, person, ANA, NOW + GAP_MS)
    found = ActivityStore(table).of_persons(ANA, [person])
    assert found == {person: Activity(NOW + GAP_MS, NOW - 5)}


def test_more_people_than_one_request_takes_are_all_told(table: Table) -> None:
    persons = [fresh("person") for _ in range(130)]
    for person in persons[::2]:
        stamped(table, person, ANA, NOW)
    assert ActivityStore(table).of_persons(ANA, persons) == {
        person: Activity(NOW) for person in persons[::2]
    }


# What a campaign last sent her through an instance


def sent(table: Table, person: str, campaign_id: str, now: int, instance_id: str = "in_1") -> Stamp:
    stamp = PersonStore(table).stamp(
        person,
        tenant_id=ANA,
        stamped_by=campaign_id,
        token=fresh("token"),
        now=now,
        gap_ms=GAP_MS,
        own_is_free=False,
        latest=LatestSend(instance_id, campaign_id, 7, now),
    )
    assert isinstance(stamp, Stamp)
    return stamp


def latest(table: Table, person: str, instance_id: str = "in_1") -> LatestSend | None:
    return CorrespondenceStore(table).read(ANA, instance_id, person).latest


def test_the_newest_send_of_a_campaign_stands_by_instance(table: Table) -> None:
    person = fresh("person")
    assert latest(table, person) is None
    for number, instance_id in enumerate(["in_1", "in_2", "in_1"]):
        sent(table, person, f"cp_{number}", NOW + number * GAP_MS, instance_id)
    assert latest(table, person) == LatestSend("in_1", "cp_2", 7, NOW + 2 * GAP_MS)
    assert latest(table, person, "in_2") == LatestSend("in_2", "cp_1", 7, NOW + GAP_MS)


def test_an_undo_restores_the_send_before_and_leaves_none_of_the_first(table: Table) -> None:
    person = fresh("person")
    PersonStore(table).undo(sent(table, person, "cp_1", NOW))
    assert latest(table, person) is None
    sent(table, person, "cp_2", NOW)
    PersonStore(table).undo(sent(table, person, "cp_3", NOW + GAP_MS))
    assert latest(table, person) == LatestSend("in_1", "cp_2", 7, NOW)


def test_a_send_without_a_campaign_leaves_it_alone(table: Table) -> None:
    person = fresh("person")
    sent(table, person, "cp_1", NOW)
    PersonStore(table).undo(stamped(table, person, ANA, NOW + GAP_MS))
    stamped(table, person, ANA, NOW + GAP_MS)
    assert latest(table, person) == LatestSend("in_1", "cp_1", 7, NOW)


def test_the_newest_reply_is_noted_and_no_older_one(table: Table) -> None:
    person, store = fresh("person"), CorrespondenceStore(table)
    for at in (NOW, NOW - 5_000, NOW):
        store.note_reply(ANA, person, at)
    assert store.read(ANA, "in_1", person).activity == Activity(None, NOW)
    assert store.read(BIA, "in_1", person).activity == Activity()
