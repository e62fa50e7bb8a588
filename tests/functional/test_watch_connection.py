"""An event of the connection is a reason to ask, once; what the answer says is followed."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any
from unittest.mock import patch

import pytest

from campaigns.domain.connection_check import DEBOUNCE_MS, MOST_FAILURES, ConnectionCheck
from campaigns.domain.instants import MINUTE_MS
from campaigns.domain.model import ConnectionState, Instance, InstanceGate
from campaigns.domain.webhook_event import ConnectionChange
from campaigns.services.watch_connection import WatchConnection
from local.fake_evolution import Behaviour, FakeEvolution, Operation, Rule
from local.fake_evolution import ConnectionState as FakeState
from tests.fakes.api import CAMPAIGNS, INSTANCES, Deployment, Shop
from tests.permissions.recorder import acting_as

CHANGED = ConnectionChange(ConnectionState.CLOSE, None)
_NUMBERS = count(8_000)


@pytest.fixture(autouse=True)
def _a_server_in_good_health(deployment: Deployment, monkeypatch: pytest.MonkeyPatch):
    # What a process remembers belongs to the tenant before.
    monkeypatch.delitem(deployment.app.__dict__, "watch_connection", raising=False)
    yield
    deployment.evolution.clear_rules()


def server(shop: Shop) -> FakeEvolution:
    return shop.deployment.evolution


def record(shop: Shop, instance: dict[str, Any]) -> Instance:
    found = shop.app.instance_store.read(instance["id"])
    assert found is not None
    return found


def gate(shop: Shop, instance: dict[str, Any]) -> InstanceGate:
    found = shop.app.gates.read(instance["id"], consistent=True)
    assert found is not None
    return found


def happen(shop: Shop, instance: dict[str, Any]) -> None:
    """An event comes in, whatever it says."""
    with acting_as("api", shop.app.settings):
        shop.app.watch_connection(record(shop, instance), CHANGED)


def a_phone() -> str:
    """One that nobody has yet."""
    return f"551199000{next(_NUMBERS)}"


def paired(shop: Shop) -> dict[str, Any]:
    """An instance of which the phone is known."""
    made = shop.owner.post(INSTANCES, {"name": "Filial", "create_on_server": True}).json
    connect(shop, made, a_phone())
    found: dict[str, Any] = shop.owner.post(f"{INSTANCES}{made['id']}/refresh/").json
    return found


def later(shop: Shop, milliseconds: int) -> None:
    shop.clock.sleep(milliseconds)
    with acting_as("scheduler", shop.app.settings):
        shop.app.schedule.tick(shop.clock.now() + 300_000)


def connect(shop: Shop, instance: dict[str, Any], phone: str | None = None) -> None:
    place = server(shop).instances[instance["evolution_instance"]]
    if phone is None:
        server(shop).set_state(place.name, FakeState.OPEN)
    else:
        server(shop).scan(place.name, phone)


def disconnect(shop: Shop, instance: dict[str, Any], state: FakeState | None = FakeState.CLOSE):
    server(shop).set_state(instance["evolution_instance"], state)


def started(shop: Shop, instance: dict[str, Any], *, first: int = 0, **fields: object) -> str:
    """To one person, who is another one for each `first`."""
    contacts = shop.contacts(1, first=first)
    campaign = shop.campaign(contacts, instance_id=instance["id"], **fields)
    assert shop.owner.post(f"{CAMPAIGNS}{campaign['id']}/start/").status == 200
    return str(campaign["id"])


def campaign(shop: Shop, campaign_id: str) -> dict[str, Any]:
    found: dict[str, Any] = shop.owner.get(f"{CAMPAIGNS}{campaign_id}/").json
    return found


def stands(shop: Shop, campaign_id: str) -> tuple[str, str | None]:
    found = campaign(shop, campaign_id)
    return found["status"], found["auto_pause_reason"]


@contextmanager
def counted(shop: Shop, instance: dict[str, Any]) -> Iterator[list[str]]:
    """The requests about this instance from now on, to the table and to its server."""
    asked: list[str] = []
    dispatch, admin = shop.app.table.connection.dispatch, type(shop.app.set_webhook.admin)
    ask = admin._ask

    def note(operation: str, request: Any) -> Any:
        if request.get("Key", {}).get("pk") == {"S": f"INSTANCE#{instance['id']}"}:
            asked.append(operation)
        return dispatch(operation, request)

    def note_question(self: Any, method: str, url: str, *more: Any, **options: Any) -> Any:
        if url.endswith(f"/instance/connectionState/{instance['evolution_instance']}"):
            asked.append("connectionState")
        return ask(self, method, url, *more, **options)

    with (
        patch.object(shop.app.table.connection, "dispatch", note),
        patch.object(admin, "_ask", note_question),
    ):
        yield asked


# One look per storm


def test_a_storm_costs_one_look_and_leaves_one_behind(shop: Shop):
    instance = shop.instance()
    happen(shop, instance)
    shop.clock.sleep(DEBOUNCE_MS)
    with counted(shop, instance) as asked:
        for _ in range(300):
            happen(shop, instance)
            shop.clock.sleep(10)
    reads_by_the_test = 300
    assert asked.count("connectionState") == 1
    # Begun and ended; refused once, and one left due.
    assert asked.count("UpdateItem") == 4
    assert asked.count("GetItem") == reads_by_the_test + 2
    with counted(shop, instance) as asked:
        later(shop, MINUTE_MS)
        later(shop, MINUTE_MS)
    assert asked.count("connectionState") == 1
    assert asked.count("UpdateItem") == 2


def test_the_last_event_of_a_storm_is_never_lost(shop: Shop):
    instance = shop.instance()
    for _ in range(3):
        happen(shop, instance)
        shop.clock.sleep(100)
    disconnect(shop, instance)
    # Within the five seconds of the first, and known by this process to be due.
    happen(shop, instance)
    assert gate(shop, instance).connection_state is ConnectionState.OPEN
    later(shop, MINUTE_MS)
    assert gate(shop, instance).connection_state is ConnectionState.CLOSE


def test_processes_that_know_nothing_of_each_other_look_once(shop: Shop):
    instance = shop.instance()
    with counted(shop, instance) as asked:
        for _ in range(20):
            shop.app.__dict__.pop("watch_connection", None)
            happen(shop, instance)
    assert asked.count("connectionState") == 1
    assert asked.count("UpdateItem") == 2 + 19 + 1


def test_an_event_while_the_server_is_asked_is_looked_at_later(shop: Shop):
    instance = shop.instance()
    watch = shop.app.watch_connection
    ask = watch.admin.connection

    def closes_behind_the_question(*place: str) -> Any:
        told = ask(*place)
        disconnect(shop, instance)
        shop.app.__dict__.pop("watch_connection", None)
        happen(shop, instance)
        return told

    with patch.object(
        type(watch.admin), "connection", lambda _, *at: closes_behind_the_question(*at)
    ):
        watch(record(shop, instance), CHANGED)
    assert gate(shop, instance).connection_state is ConnectionState.OPEN
    later(shop, MINUTE_MS)
    assert gate(shop, instance).connection_state is ConnectionState.CLOSE


def test_a_process_that_knows_of_a_look_learns_when_that_is_over(shop: Shop):
    instance = shop.instance()
    check = shop.app.connection_checks.begin(instance["id"], token="t", now=shop.clock.now())
    assert isinstance(check, ConnectionCheck)
    shop.clock.sleep(1_000)
    happen(shop, instance)
    shop.app.connection_checks.end(check, due_at=None, unsettled_since=None, failures=0)
    later(shop, DEBOUNCE_MS)
    disconnect(shop, instance)
    # A second after the look that was left due: this process must not take it for still due.
    shop.clock.sleep(1_000)
    happen(shop, instance)
    later(shop, MINUTE_MS)
    assert gate(shop, instance).connection_state is ConnectionState.CLOSE


# What is found


def test_a_campaign_is_paused_with_its_reason_and_a_repeat_changes_nothing(shop: Shop):
    instance = shop.instance()
    campaign_id = started(shop, instance)
    disconnect(shop, instance)
    for _ in range(2):
        happen(shop, instance)
        assert stands(shop, campaign_id) == ("paused", "instance_disconnected")
        shop.clock.sleep(DEBOUNCE_MS)
    assert gate(shop, instance).connection_state is ConnectionState.CLOSE


@pytest.fixture
def lost(shop: Shop, capsys: pytest.CaptureFixture[str]) -> Callable[[], int]:
    """How many instances were told to be disconnected since this was asked last."""

    def told() -> int:
        shop.app.metrics.publish()
        lines = [line for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
        return sum(json.loads(line).get("InstancesDisconnected", 0) for line in lines)

    told()
    return told


def test_an_instance_that_was_connected_is_told_to_be_lost_once(shop: Shop, lost):
    instance = shop.instance()
    started(shop, instance)
    assert lost() == 0
    disconnect(shop, instance)
    happen(shop, instance)
    assert lost() == 1
    shop.clock.sleep(DEBOUNCE_MS)
    happen(shop, instance)
    assert lost() == 0


def test_an_instance_that_never_comes_back_is_told_to_be_lost_once(shop: Shop, lost):
    instance = shop.instance()
    started(shop, instance)
    disconnect(shop, instance, FakeState.CONNECTING)
    happen(shop, instance)
    assert lost() == 0
    later(shop, MINUTE_MS)
    assert lost() == 1
    later(shop, MINUTE_MS)
    assert lost() == 0


def test_one_that_was_never_connected_is_not_lost(shop: Shop, lost):
    made = shop.owner.post(INSTANCES, {"name": "Nova", "create_on_server": True}).json
    happen(shop, made)
    disconnect(shop, made)
    shop.clock.sleep(DEBOUNCE_MS)
    happen(shop, made)
    assert lost() == 0


def test_a_campaign_goes_on_once_its_phone_is_back_if_it_asked_for_that(shop: Shop):
    for asked, expected in ((True, ("active", None)), (False, ("paused", "instance_disconnected"))):
        instance = shop.instance()
        campaign_id = started(shop, instance, resume_on_reconnect=asked)
        disconnect(shop, instance)
        happen(shop, instance)
        shop.clock.sleep(DEBOUNCE_MS)
        connect(shop, instance)
        happen(shop, instance)
        assert stands(shop, campaign_id) == expected
        assert gate(shop, instance).connection_state is ConnectionState.OPEN
        log = shop.owner.get(f"{CAMPAIGNS}{campaign_id}/logs/").json["results"]
        resumed = [each for each in log if each["event_type"] == "campaign_resumed"]
        assert [each["actor"] for each in resumed] == (["system"] if asked else [])


def test_a_campaign_that_a_person_paused_stays_paused(shop: Shop):
    instance = shop.instance()
    campaign_id = started(shop, instance, resume_on_reconnect=True)
    shop.owner.post(f"{CAMPAIGNS}{campaign_id}/pause/")
    for change in (disconnect, connect):
        change(shop, instance)
        happen(shop, instance)
        shop.clock.sleep(DEBOUNCE_MS)
    assert gate(shop, instance).connection_state is ConnectionState.OPEN
    assert stands(shop, campaign_id) == ("paused", None)


def test_a_pause_by_a_person_keeps_a_campaign_from_going_on_by_itself(shop: Shop):
    instance = shop.instance()
    campaign_id = started(shop, instance, resume_on_reconnect=True)
    disconnect(shop, instance)
    happen(shop, instance)
    paused = shop.owner.post(f"{CAMPAIGNS}{campaign_id}/pause/")
    assert (paused.status, paused.json["status"]) == (200, "paused")
    shop.clock.sleep(DEBOUNCE_MS)
    connect(shop, instance)
    happen(shop, instance)
    assert stands(shop, campaign_id) == ("paused", None)
    # A repeat changes nothing any more.
    shop.clock.sleep(1_000)
    repeated = shop.owner.post(f"{CAMPAIGNS}{campaign_id}/pause/")
    assert (repeated.status, repeated.json["paused_at"]) == (200, paused.json["paused_at"])


def test_a_pause_by_a_person_while_a_campaign_is_about_to_go_on_wins(shop: Shop):
    instance = shop.instance()
    campaign_id = started(shop, instance, resume_on_reconnect=True)
    disconnect(shop, instance)
    happen(shop, instance)
    shop.clock.sleep(DEBOUNCE_MS)
    connect(shop, instance)
    lanes = type(shop.app.lanes)
    read = lanes.read

    def paused_meanwhile(self: Any, key: Any) -> Any:
        lane = read(self, key)
        if not paused:
            shop.clock.sleep(1)
            paused.append(shop.owner.post(f"{CAMPAIGNS}{campaign_id}/pause/").status)
        return lane

    paused: list[int] = []
    with patch.object(lanes, "read", paused_meanwhile):
        happen(shop, instance)
    assert paused == [200]
    assert stands(shop, campaign_id) == ("paused", None)


def test_a_look_that_ended_between_gate_and_campaign_is_finished_by_the_next_one(shop: Shop):
    instance = shop.instance()
    campaign_id = started(shop, instance, resume_on_reconnect=True)
    disconnect(shop, instance)
    happen(shop, instance)
    connect(shop, instance)
    # As a process leaves it that ended there.
    shop.app.instance_store.note_state(instance["id"], ConnectionState.OPEN)
    shop.clock.sleep(DEBOUNCE_MS)
    happen(shop, instance)
    assert stands(shop, campaign_id) == ("active", None)


def test_with_another_phone_a_campaign_does_not_go_on_by_itself_and_says_so(shop: Shop):
    instance = paired(shop)
    campaign_id = started(shop, instance, resume_on_reconnect=True)
    version = record(shop, instance).config_version
    disconnect(shop, instance)
    happen(shop, instance)
    shop.clock.sleep(DEBOUNCE_MS)
    other = a_phone()
    connect(shop, instance, other)
    happen(shop, instance)
    assert record(shop, instance).connected_phone == f"+{other}"
    assert record(shop, instance).config_version == version + 1
    assert gate(shop, instance).config_version == version + 1
    assert stands(shop, campaign_id) == ("paused", "instance_disconnected")
    assert campaign(shop, campaign_id)["last_error"] == "other_phone_connected"
    # Neither does it later, when the same phone comes and goes.
    for change in (disconnect, connect):
        change(shop, instance)
        shop.clock.sleep(DEBOUNCE_MS)
        happen(shop, instance)
    assert stands(shop, campaign_id) == ("paused", "instance_disconnected")
    assert record(shop, instance).config_version == version + 1
    # A person may want just that.
    assert shop.owner.post(f"{CAMPAIGNS}{campaign_id}/resume/").status == 200
    assert campaign(shop, campaign_id)["last_error"] is None


def test_a_campaign_does_not_follow_its_instance_to_another_number_by_itself(shop: Shop):
    instance, elsewhere = paired(shop), paired(shop)
    campaign_id = started(shop, instance, resume_on_reconnect=True)
    disconnect(shop, instance)
    happen(shop, instance)
    place = server(shop).instances[elsewhere["evolution_instance"]]
    assert shop.owner.delete(f"{INSTANCES}{elsewhere['id']}/").status == 204
    server(shop).register_instance(place.name, place.api_key, number=place.number)
    moved = {"evolution_instance": place.name, "api_key": place.api_key}
    patched = shop.owner.patch(f"{INSTANCES}{instance['id']}/", moved)
    assert (patched.status, patched.json["connection_state"]) == (200, "open")
    happen(shop, instance)
    assert stands(shop, campaign_id) == ("paused", "instance_disconnected")
    assert campaign(shop, campaign_id)["last_error"] == "other_phone_connected"


def test_another_phone_of_which_no_close_was_heard_stops_a_campaign_too(shop: Shop):
    instance = paired(shop)
    campaign_id = started(shop, instance, resume_on_reconnect=True)
    disconnect(shop, instance)
    connect(shop, instance, a_phone())
    happen(shop, instance)
    assert stands(shop, campaign_id) == ("paused", "instance_disconnected")
    assert campaign(shop, campaign_id)["last_error"] == "other_phone_connected"


def test_a_phone_that_was_let_go_of_and_comes_back_is_the_same(shop: Shop):
    instance = paired(shop)
    before = record(shop, instance)
    shop.owner.post(f"{INSTANCES}{instance['id']}/disconnect/")
    assert record(shop, instance).connected_phone is None
    connect(shop, instance)
    happen(shop, instance)
    after = record(shop, instance)
    assert (after.connected_phone, after.config_version) == (
        before.connected_phone,
        before.config_version,
    )


def test_the_first_phone_of_an_instance_is_no_other_one(shop: Shop):
    made = shop.owner.post(INSTANCES, {"name": "Nova", "create_on_server": True}).json
    shop.owner.get(f"{INSTANCES}{made['id']}/qrcode/")
    version = record(shop, made).config_version
    first = a_phone()
    connect(shop, made, first)
    happen(shop, made)
    assert record(shop, made).connected_phone == f"+{first}"
    assert record(shop, made).config_version == version
    assert gate(shop, made).connection_state is ConnectionState.OPEN


def test_a_phone_that_another_instance_holds_is_sent_nothing_through(shop: Shop):
    held = paired(shop)["connected_phone"].removeprefix("+")
    instance = shop.owner.post(INSTANCES, {"name": "Nova", "create_on_server": True}).json
    connect(shop, instance, held)
    happen(shop, instance)
    assert gate(shop, instance).connection_state is ConnectionState.UNKNOWN


# Neither open nor closed


@pytest.mark.parametrize("state", [FakeState.CONNECTING, None])
def test_what_does_not_settle_shuts_the_gate_and_counts_as_disconnected_in_the_end(
    shop: Shop, state: FakeState | None
):
    instance = shop.instance()
    campaign_id = started(shop, instance)
    disconnect(shop, instance, state)
    happen(shop, instance)
    assert gate(shop, instance).connection_state is ConnectionState.CONNECTING
    assert stands(shop, campaign_id) == ("active", None)
    later(shop, MINUTE_MS - 1)
    assert stands(shop, campaign_id) == ("active", None)
    later(shop, 1)
    assert stands(shop, campaign_id) == ("paused", "instance_disconnected")
    with counted(shop, instance) as asked:
        later(shop, MINUTE_MS)
    assert "connectionState" not in asked


def test_what_settles_in_time_has_paused_nothing(shop: Shop):
    instance = shop.instance()
    campaign_id = started(shop, instance)
    disconnect(shop, instance, FakeState.CONNECTING)
    happen(shop, instance)
    connect(shop, instance)
    later(shop, MINUTE_MS)
    assert gate(shop, instance).connection_state is ConnectionState.OPEN
    assert stands(shop, campaign_id) == ("active", None)


def test_a_moment_of_connecting_is_not_added_to_one_that_ended_unheard_of(shop: Shop):
    instance = shop.instance()
    disconnect(shop, instance, FakeState.CONNECTING)
    happen(shop, instance)
    # What ended it came by a refresh, and not by an event.
    connect(shop, instance)
    shop.clock.sleep(60 * MINUTE_MS)
    shop.owner.post(f"{INSTANCES}{instance['id']}/refresh/")
    campaign_id = started(shop, instance)
    disconnect(shop, instance, FakeState.CONNECTING)
    happen(shop, instance)
    assert stands(shop, campaign_id) == ("active", None)
    later(shop, MINUTE_MS)
    assert stands(shop, campaign_id) == ("paused", "instance_disconnected")


# Servers in trouble, instances that are gone


@pytest.mark.parametrize(
    "rule",
    [
        Rule(Behaviour.CONNECTION_REFUSED, operation=Operation.CONNECTION_STATE),
        Rule(Behaviour.NOT_SENT_BAD_GATEWAY, operation=Operation.CONNECTION_STATE),
        Rule(Behaviour.SLOW, operation=Operation.CONNECTION_STATE, seconds=30),
        Rule(Behaviour.LICENCE_NOT_ACTIVATED, operation=Operation.CONNECTION_STATE),
    ],
)
def test_a_server_in_trouble_changes_nothing_and_is_asked_again(shop: Shop, rule: Rule):
    instance = shop.instance()
    campaign_id = started(shop, instance)
    disconnect(shop, instance)
    server(shop).add_rule(rule)
    begun_at = shop.clock.now()
    happen(shop, instance)
    assert shop.clock.now() - begun_at <= 5_000
    assert gate(shop, instance).connection_state is ConnectionState.OPEN
    assert stands(shop, campaign_id) == ("active", None)
    server(shop).clear_rules()
    later(shop, MINUTE_MS)
    assert stands(shop, campaign_id) == ("paused", "instance_disconnected")


def test_a_server_that_stays_in_trouble_is_given_up(shop: Shop):
    instance = shop.instance()
    server(shop).add_rule(Rule(Behaviour.CONNECTION_REFUSED, operation=Operation.CONNECTION_STATE))
    with counted(shop, instance) as asked:
        happen(shop, instance)
        for _ in range(24):
            later(shop, 60 * MINUTE_MS)
    assert asked.count("connectionState") == MOST_FAILURES


def test_a_server_that_is_silent_while_it_connects_counts_as_disconnected_too(shop: Shop):
    instance = shop.instance()
    campaign_id = started(shop, instance, resume_on_reconnect=True)
    disconnect(shop, instance, FakeState.CONNECTING)
    happen(shop, instance)
    server(shop).add_rule(Rule(Behaviour.CONNECTION_REFUSED, operation=Operation.CONNECTION_STATE))
    later(shop, MINUTE_MS)
    assert stands(shop, campaign_id) == ("paused", "instance_disconnected")
    server(shop).clear_rules()
    connect(shop, instance)
    later(shop, MINUTE_MS)
    assert stands(shop, campaign_id) == ("active", None)


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (Behaviour.UNAUTHORIZED, "instance_unauthorized"),
        (Behaviour.INSTANCE_NOT_FOUND, "instance_not_found"),
    ],
)
def test_an_instance_that_is_of_no_more_use_pauses_with_what_is_wrong(
    shop: Shop, behaviour: Behaviour, reason: str
):
    instance = shop.instance()
    campaign_id = started(shop, instance, resume_on_reconnect=True)
    server(shop).add_rule(Rule(behaviour, operation=Operation.CONNECTION_STATE))
    happen(shop, instance)
    assert stands(shop, campaign_id) == ("paused", reason)
    assert gate(shop, instance).connection_state is ConnectionState.UNKNOWN
    # Once mended it may go on, but not by itself: somebody had to mend it.
    server(shop).clear_rules()
    assert shop.owner.post(f"{INSTANCES}{instance['id']}/refresh/").status == 200
    assert stands(shop, campaign_id) == ("paused", reason)
    assert shop.owner.post(f"{CAMPAIGNS}{campaign_id}/resume/").status == 200


def test_a_deleted_instance_is_asked_nothing_of_and_leaves_nothing_due(shop: Shop):
    instance = shop.instance()
    seen = record(shop, instance)
    shop.app.connection_checks.leave_due(instance["id"], shop.clock.now())
    assert shop.owner.delete(f"{INSTANCES}{instance['id']}/").status == 204
    with counted(shop, instance) as asked:
        shop.app.watch_connection(seen, CHANGED)
        later(shop, 10 * MINUTE_MS)
        later(shop, 10 * MINUTE_MS)
    assert "connectionState" not in asked


def test_what_was_asked_before_somebody_noted_something_newer_is_asked_again(shop: Shop):
    instance = shop.instance()
    watch: WatchConnection = shop.app.watch_connection
    ask, answers = watch.admin.connection, []

    def let_go_of_behind_the_question(*place: str) -> Any:
        told = ask(*place)
        answers.append(told)
        if len(answers) == 1:
            shop.owner.post(f"{INSTANCES}{instance['id']}/disconnect/")
        return told

    # Closed before, so that what it says would be written.
    shop.app.instance_store.note_state(instance["id"], ConnectionState.CLOSE)
    with patch.object(
        type(watch.admin), "connection", lambda _, *at: let_go_of_behind_the_question(*at)
    ):
        happen(shop, instance)
    assert answers[0].state is ConnectionState.OPEN
    assert gate(shop, instance).connection_state is ConnectionState.CLOSE


# What a send finds out by itself


@pytest.mark.parametrize(
    ("behaviour", "reason", "shut"),
    [
        (Behaviour.UNAUTHORIZED, "instance_unauthorized", ConnectionState.UNKNOWN),
        (Behaviour.INSTANCE_NOT_FOUND, "instance_not_found", ConnectionState.UNKNOWN),
        (Behaviour.LICENCE_NOT_ACTIVATED, "licence_required", ConnectionState.UNKNOWN),
        (Behaviour.NEVER_CONNECTED, "instance_disconnected", ConnectionState.CLOSE),
    ],
)
def test_an_instance_that_a_send_found_of_no_use_takes_no_campaign_until_it_is_refreshed(
    shop: Shop, behaviour: Behaviour, reason: str, shut: ConnectionState
):
    instance = shop.instance()
    campaign_id = started(shop, instance)
    server(shop).add_rule(Rule(behaviour, operation=Operation.SEND, count=1))
    shop.send_planned()
    assert stands(shop, campaign_id) == ("paused", reason)
    assert gate(shop, instance).connection_state is shut
    resumed = shop.owner.post(f"{CAMPAIGNS}{campaign_id}/resume/")
    assert (resumed.status, resumed.code) == (409, "instance_disconnected")
    shop.owner.post(f"{CAMPAIGNS}{campaign_id}/cancel/")
    following = shop.campaign(shop.contacts(1, first=1), instance_id=instance["id"])["id"]
    refused = shop.owner.post(f"{CAMPAIGNS}{following}/start/")
    assert (refused.status, refused.code) == (409, "instance_disconnected")
    assert shop.owner.post(f"{INSTANCES}{instance['id']}/refresh/").status == 200
    assert shop.owner.post(f"{CAMPAIGNS}{following}/start/").status == 200


def test_a_test_message_that_finds_it_of_no_use_shuts_the_instance_too(shop: Shop):
    instance = shop.instance()
    server(shop).add_rule(Rule(Behaviour.UNAUTHORIZED, operation=Operation.SEND, count=1))
    body = {"phone": "(11) 99000-7001", "text": "Oi"}
    shop.owner.post(f"{INSTANCES}{instance['id']}/test-message/", body)
    shop.send_planned()
    assert gate(shop, instance).connection_state is ConnectionState.UNKNOWN


def test_what_a_send_found_does_not_shut_what_was_mended_meanwhile(shop: Shop):
    instance = shop.instance()
    campaign_id = started(shop, instance)
    server(shop).add_rule(Rule(Behaviour.UNAUTHORIZED, operation=Operation.SEND, count=1))
    pause = shop.app.pause.auto_pause

    def mended_behind_the_pause(*arguments: Any, **options: Any) -> bool:
        paused = pause(*arguments, **options)
        shop.app.instance_store.note_state(instance["id"], ConnectionState.OPEN)
        return paused

    with patch.object(
        type(shop.app.pause), "auto_pause", lambda _, *at, **by: mended_behind_the_pause(*at, **by)
    ):
        shop.send_planned()
    assert stands(shop, campaign_id)[0] == "paused"
    assert gate(shop, instance).connection_state is ConnectionState.OPEN


def test_a_send_that_found_its_instance_closed_pauses_nothing_that_went_on_since(shop: Shop):
    instance = shop.instance()
    campaign_id = started(shop, instance, first=31, resume_on_reconnect=True)
    disconnect(shop, instance)
    # The gate is noted, and the process that noted it is slow.
    shop.app.instance_store.note_state(instance["id"], ConnectionState.CLOSE)
    release, called = type(shop.app.settle).release, []

    def reconnected_meanwhile(self: Any, *of: Any) -> Any:
        released = release(self, *of)
        if not called:
            called.append(released)
            happen(shop, instance)
            connect(shop, instance)
            shop.clock.sleep(DEBOUNCE_MS)
            happen(shop, instance)
        return released

    with patch.object(type(shop.app.settle), "release", reconnected_meanwhile):
        shop.send_planned()
    assert called
    assert gate(shop, instance).connection_state is ConnectionState.OPEN
    assert stands(shop, campaign_id) == ("active", None)


def test_an_instance_that_was_shut_behind_its_reconnect_is_looked_at_once_more(shop: Shop):
    instance = shop.instance()
    campaign_id = started(shop, instance, first=32, resume_on_reconnect=True)
    server(shop).add_rule(Rule(Behaviour.NEVER_CONNECTED, operation=Operation.SEND, count=1))
    pause, paused = shop.app.pause.auto_pause, []

    def reconnected_behind_the_pause(*arguments: Any, **options: Any) -> bool:
        paused.append(pause(*arguments, **options))
        if len(paused) == 1:
            happen(shop, instance)
        return paused[-1]

    with patch.object(
        type(shop.app.pause),
        "auto_pause",
        lambda _, *at, **by: reconnected_behind_the_pause(*at, **by),
    ):
        shop.send_planned()
    assert gate(shop, instance).connection_state is ConnectionState.CLOSE
    later(shop, MINUTE_MS)
    assert gate(shop, instance).connection_state is ConnectionState.OPEN
    assert stands(shop, campaign_id) == ("active", None)


# A refresh by its owner follows the same


def test_a_refresh_pauses_and_resumes_as_an_event_does(shop: Shop):
    instance = shop.instance()
    campaign_id = started(shop, instance, resume_on_reconnect=True)
    disconnect(shop, instance)
    refreshed = shop.owner.post(f"{INSTANCES}{instance['id']}/refresh/").json
    assert refreshed["active_campaign"]["status"] == "paused"
    assert stands(shop, campaign_id) == ("paused", "instance_disconnected")
    connect(shop, instance)
    refreshed = shop.owner.post(f"{INSTANCES}{instance['id']}/refresh/").json
    assert refreshed["active_campaign"]["status"] == "active"
    assert stands(shop, campaign_id) == ("active", None)
