"""The built functions on AWS's own runtime client: every event is answered as on AWS.

A package that the layer lacks, or a module from anywhere else, fails here and not after a deploy.
"""

from collections.abc import Iterator

import pytest

from campaigns.domain.recipient import RecipientStatus
from local.sam.events import EVENTS, kept
from tests.built.deployment import Asked, Deployment, deployment
from tests.built.modules import drift, foreign, listing, summary
from tests.built.runtime import FUNCTIONS
from tests.built.story import ANA, TESTER, Http, Told, tell

pytestmark = pytest.mark.built

PENDING, SENT, DELIVERED = (
    RecipientStatus.PENDING,
    RecipientStatus.SENT,
    RecipientStatus.DELIVERED,
)


@pytest.fixture(scope="module")
def deployed() -> Iterator[Deployment]:
    with deployment() as opened:
        yield opened


@pytest.fixture(scope="module")
def told(deployed: Deployment) -> Told:
    return tell(deployed)


@pytest.fixture
def afterwards(deployed: Deployment, told: Told) -> Deployment:
    """What loads or costs something is measured by then."""
    assert told.reports
    return deployed


def http(told: Told, name: str) -> Http:
    answer = told.answers[name]
    assert isinstance(answer, Http)
    return answer


# What AWS sends


def test_every_file_in_events_was_put_to_its_function(told: Told) -> None:
    assert set(told.answers) == {path.stem for path in EVENTS.glob("*.json")}


def test_an_instance_is_registered_and_its_server_told_where_to_report(told: Told) -> None:
    answer = http(told, "http-create-instance")
    assert answer.status == 201
    assert answer.body["connection_state"] == "open"
    assert answer.body["webhook_state"] == "set"


def test_contacts_are_imported_by_their_phones(told: Told) -> None:
    answer = http(told, "http-import-contacts")
    assert answer.status == 201
    assert [each["phone"] for each in answer.body["contacts"]] == [f"+{ANA}", "+5521990001002"]


def test_a_test_message_is_queued_and_its_job_reaches_the_phone(told: Told) -> None:
    assert http(told, "http-test-message").status == 202
    assert told.answers["direct-job"] == {"batchItemFailures": []}
    assert told.phones[TESTER] == ["Oi! É só um teste."]


def test_a_created_campaign_asks_for_its_laying_which_lays_each_person(told: Told) -> None:
    answer = http(told, "http-create-campaign")
    assert (answer.status, answer.body["status"]) == (201, "draft")
    wanted = kept("lay") | {
        "tenant_id": told.tenant_id,
        "campaign_id": told.campaign_id,
        "correlation_id": kept("http-create-campaign")["requestContext"]["requestId"],
    }
    assert told.asked == [Asked("campaigns-scheduler", "Event", wanted)]
    assert told.answers["lay"] == {"due": 1}
    assert told.laid == [PENDING, PENDING]


def test_a_started_campaign_is_due_each_minute(told: Told) -> None:
    answer = http(told, "http-start-campaign")
    assert (answer.status, answer.body["status"]) == (200, "active")
    assert answer.body["total_contacts"] == 2
    assert told.answers["schedule"] == {"due": 1}


def test_the_job_that_is_due_is_sent_and_the_early_one_named_and_hidden(told: Told) -> None:
    _first, early = told.jobs
    assert told.answers["jobs"] == {"batchItemFailures": [{"itemIdentifier": early}]}
    (text,) = told.phones[ANA]
    assert text.endswith(", Ana! Chegaram as novidades de novembro.")
    assert told.phones.keys() == {ANA, TESTER}
    assert told.due_again == 0
    assert told.after_jobs == [SENT, PENDING]


def test_a_receipt_moves_the_recipient_of_its_message(told: Told) -> None:
    assert http(told, "http-webhook-receipt") == Http(200, {"taken": True})
    assert told.after_receipt == [DELIVERED, PENDING]


def test_a_reply_that_asks_for_silence_opts_its_writer_out_and_nobody_else(told: Told) -> None:
    assert http(told, "http-webhook-reply") == Http(200, {"taken": True})
    assert told.have_opted_out == [True, False]


# What nobody should send


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_is_no_json_fails_before_the_handler(afterwards: Deployment, name: str) -> None:
    answer = afterwards.functions[name].invoke(b'{"kind":')
    assert (answer.failed, answer.value["errorType"]) == (True, "Runtime.UnmarshalError")


@pytest.mark.parametrize(
    ("name", "kind", "missing"),
    [("api", "schedule", "requestContext"), ("dispatcher", "lay", "Records")],
)
def test_an_event_for_another_function_fails_and_says_what_it_lacks(
    afterwards: Deployment, name: str, kind: str, missing: str
) -> None:
    answer = afterwards.functions[name].invoke(kept(kind))
    assert answer.failed
    assert (answer.value["errorType"], answer.value["errorMessage"]) == ("KeyError", f"'{missing}'")


def test_a_kind_that_the_scheduler_does_not_know_is_a_run_of_the_schedule(
    afterwards: Deployment,
) -> None:
    answer = afterwards.functions["scheduler"].invoke({"kind": "of-tomorrow"})
    assert not answer.failed
    assert answer.value.keys() == {"due"}


def test_a_job_of_a_kind_that_is_not_known_stays_in_the_queue(afterwards: Deployment) -> None:
    (record,) = kept("direct-job")["Records"]
    unknown = record | {"body": record["body"].replace('"direct"', '"of-tomorrow"')}
    assert unknown["body"] != record["body"]
    value = afterwards.invoke("dispatcher", {"Records": [unknown]})
    assert value == {"batchItemFailures": [{"itemIdentifier": record["messageId"]}]}


def test_a_request_without_a_valid_key_is_refused_as_a_problem(afterwards: Deployment) -> None:
    answer = afterwards.invoke("api", kept("http-start-campaign"))
    assert answer["statusCode"] == 401
    assert answer["headers"]["Content-Type"].startswith("application/problem+json")


# Which modules


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_loads_nothing_from_outside(deployed: Deployment, told: Told, name: str) -> None:
    assert foreign(deployed.functions[name].function, told.reports[name][-1]) == {}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_loads_the_modules_that_are_written_down(
    deployed: Deployment, told: Told, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    reports = told.reports[name]
    with capsys.disabled():
        print(f"\n{summary(name, reports)}")  # noqa: T201 - the figures of this run
    changes = drift(name, listing(deployed.functions[name].function, reports))
    assert not changes, f"{changes}\n\nIf that is meant, run: make modules"
