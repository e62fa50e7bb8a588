"""`campaigns admin dead-letters …` as it is typed, over real FIFO queues and their redrive."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from campaigns.adapters.job_queue import from_body, to_body
from campaigns.domain.job import DirectJob, Job
from campaigns_cli import dead_letter_words
from campaigns_cli.main import main
from local.resources import client
from local.template import Template
from tests.contract.things import NOW, a_recipient, job_of
from tests.fakes.aws import CREDENTIALS
from tests.permissions.operators import at_the_desk

pytestmark = pytest.mark.ministack

STACK = "shop"
type Run = Callable[..., tuple[int, str, str]]


@dataclass
class Queues:
    """The two queues of a deployment."""

    sqs: Any
    jobs_url: str
    dead_url: str

    def bury(self, *bodies: tuple[str, str]) -> None:
        """Bodies and their groups, as if each had come ten times."""
        for number, (body, group) in enumerate(bodies):
            self.sqs.send_message(
                QueueUrl=self.dead_url,
                MessageBody=body,
                MessageGroupId=group,
                MessageDeduplicationId=f"{number}:{group}:{hash(body)}",
            )

    def bury_jobs(self, *jobs: Job) -> None:
        self.bury(*((to_body(job), job.person) for job in jobs))

    def jobs(self) -> list[Job | None]:
        """What waits to be done, taken."""
        return [from_body(body, group) for body, group in self._drained(self.jobs_url)]

    def dead(self) -> list[tuple[str, str]]:
        return self._drained(self.dead_url)

    def _drained(self, url: str) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        while messages := self.sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"]
        ).get("Messages", []):
            for each in messages:
                found.append((each["Body"], each["Attributes"]["MessageGroupId"]))
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
        return found


@pytest.fixture
def queues(
    ministack_url: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Queues]:
    monkeypatch.delenv("TABLE_NAME", raising=False)
    for name, value in (CREDENTIALS | {"AWS_ENDPOINT_URL": ministack_url}).items():
        monkeypatch.setenv(name, value)
    sqs, template = client("sqs", ministack_url), Template()
    name = f"{abs(hash(request.node.name))}"[:12]
    urls = []
    for queue, logical_id in (("dead", "DeadLetterQueue"), ("jobs", "JobsQueue")):
        attributes = {
            key: value if isinstance(value, str) else json.dumps(value)
            for key, value in template.properties(logical_id).items()
        }
        url = sqs.create_queue(QueueName=f"{queue}-{name}.fifo", Attributes=attributes)["QueueUrl"]
        urls.append(url)
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        template.know({f"{logical_id}.Arn": arn["Attributes"]["QueueArn"]})
    yield Queues(sqs, urls[1], urls[0])
    for url in urls:
        sqs.delete_queue(QueueUrl=url)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], queues: Queues) -> Run:
    """Runs a command on these queues; gives its exit code, stdout and stderr."""

    def run(*arguments: str, where: tuple[str, ...] = ("--queue-url", queues.jobs_url)):
        command = ["campaigns", "admin", "dead-letters", *arguments, *where]
        monkeypatch.setattr(sys, "argv", command)
        with (
            at_the_desk("dead-letters", dead_letters=queues.dead_url),
            pytest.raises(SystemExit) as end,
        ):
            main()
        output = capsys.readouterr()
        return end.value.code or 0, output.out, output.err

    return run


def listed(run: Run) -> list[dict[str, Any]]:
    code, out, _ = run("list", "--json")
    assert code == 0
    return json.loads(out)


def some_jobs(count: int, person: str = "") -> list[Job]:
    jobs: list[Job] = []
    for number in range(count):
        job = job_of(a_recipient(sequence=number))
        jobs.append(replace(job, person=person) if person else job)
    return jobs


DIRECT = DirectJob("tn_1", "dm_1", "in_1", "person-direct", NOW)


def test_a_list_tells_ids_times_and_receives_and_leaves_everything_where_it_is(
    run: Run, queues: Queues
) -> None:
    (job,) = some_jobs(1)
    queues.bury_jobs(job, DIRECT)
    queues.bury(('{"kind": "of-tomorrow", "phone": "+5511990000000"}', "person-x"))

    first, second, third = listed(run)
    assert first | {"id": 0, "since": 0, "receives": 0} == {
        "id": 0,
        "kind": "campaign",
        "since": 0,
        "receives": 0,
        "slot_at": "2026-11-24T13:00:00.000Z",
        "tenant_id": job.tenant_id,
        "instance_id": job.instance_id,
        "campaign_id": job.campaign_id,
        "recipient_id": job.recipient_id,
        "sequence": 0,
        "plan_number": 1,
        "direct_message_id": None,
    }
    assert (second["kind"], second["direct_message_id"]) == ("direct", "dm_1")
    assert third["kind"] is None
    assert {each["receives"] for each in (first, second, third)} == {1}
    assert [each["receives"] for each in listed(run)] == [2, 2, 2]

    code, out, _ = run("list")
    assert code == 0
    for shown in ("campanha", "mensagem de teste", "ilegível", job.campaign_id, "dm_1"):
        assert shown in out
    for hidden in ("5511990000000", job.person, "person-x"):
        assert hidden not in out
        assert hidden not in json.dumps([first, second, third])
    assert len(queues.dead()) == 3


def test_each_is_listed_once_however_groups_and_batches_fall(run: Run, queues: Queues) -> None:
    groups = [f"person-{number % 4}" for number in range(23)]
    queues.bury(*((f"{number}", group) for number, group in enumerate(groups)))
    found = listed(run)
    assert len(found) == len({each["id"] for each in found}) == 23


def test_more_than_ten_of_one_person_are_told_as_left_out_and_all_of_them_go_back(
    run: Run, queues: Queues
) -> None:
    jobs = some_jobs(13, "person-1") + some_jobs(2, "person-2")
    queues.bury_jobs(*jobs)
    code, out, err = run("list", "--json")
    assert (code, len(json.loads(out))) == (0, 12)
    assert "Cerca de 3" in err

    code, out, err = run("redrive", "--all")
    assert (code, out, err) == (0, "Devolvidas à fila: 15\n", "")
    assert queues.dead() == []
    assert sorted(map(str, queues.jobs())) == sorted(map(str, jobs))


def test_what_is_redriven_keeps_body_and_group_and_the_rest_stays(run: Run, queues: Queues) -> None:
    first, second = some_jobs(2)
    queues.bury_jobs(first, second)
    letter = next(each for each in listed(run) if each["recipient_id"] == second.recipient_id)
    code, out, _ = run("redrive", letter["id"], "--json")
    assert (code, json.loads(out)) == (
        0,
        {"redriven": 1, "unreadable": 0, "failed": 0, "behind": 0, "unknown": []},
    )
    assert queues.jobs() == [second]
    assert queues.dead() == [(to_body(first), first.person)]


def test_unreadable_ones_are_left_unless_they_are_named(run: Run, queues: Queues) -> None:
    (job,) = some_jobs(1)
    queues.bury(("{", "person-x"))
    queues.bury_jobs(job)
    code, out, err = run("redrive", "--all")
    assert (code, out) == (0, "Devolvidas à fila: 1\n")
    assert "Ilegíveis, deixadas onde estão: 1" in err
    assert queues.jobs() == [job]

    (left,) = listed(run)
    assert run("redrive", left["id"])[0] == 0
    assert (queues.jobs(), queues.dead()) == ([None], [])


def test_a_crash_between_sending_and_deleting_doubles_no_job_for_five_minutes(
    run: Run, queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    (job,) = some_jobs(1)
    queues.bury_jobs(job)
    queue = "campaigns.adapters.dead_letter_queue.SqsDeadLetterQueue"
    with monkeypatch.context() as patched:
        patched.setattr(f"{queue}.delete", lambda _self, letters: [False] * len(letters))
        code, _, err = run("redrive", "--all")
    assert code == 1
    assert "rode o comando de novo" in err
    assert run("redrive", "--all")[0] == 0
    assert (queues.jobs(), queues.dead()) == ([job], [])


def test_letters_are_deleted_only_when_that_was_confirmed(run: Run, queues: Queues) -> None:
    queues.bury_jobs(*some_jobs(12, "person-1"), DIRECT)
    code, _, err = run("discard", "--all")
    assert code == 2
    assert "mensagens mortas (13)" in err
    assert "--yes" in err
    assert len(listed(run)) >= 10

    direct = next(each["id"] for each in listed(run) if each["kind"] == "direct")
    assert run("discard", direct, "--yes")[1] == "Apagadas: 1\n"
    assert run("discard", "--all", "--yes")[1] == "Apagadas: 12\n"
    assert (queues.dead(), queues.jobs()) == ([], [])


def test_an_unknown_id_is_named_and_nothing_is_held_back(run: Run, queues: Queues) -> None:
    queues.bury_jobs(*some_jobs(1))
    (known,) = listed(run)
    code, out, err = run("redrive", "nobody", known["id"])
    assert (code, out) == (1, "Devolvidas à fila: 1\n")
    assert "Não encontradas: nobody" in err
    assert "campaigns admin dead-letters list" in err


@pytest.mark.parametrize("arguments", [("redrive",), ("discard",), ("redrive", "x", "--all")])
def test_which_ones_are_meant_has_to_be_said(run: Run, arguments: tuple[str, ...]) -> None:
    code, _, err = run(*arguments)
    assert code == 2
    assert "--all" in err


def test_where_there_are_none_that_is_said(run: Run, queues: Queues) -> None:
    assert run("list")[1] == "Não há mensagens mortas.\n"
    assert listed(run) == []
    assert run("redrive", "--all")[1] == "Devolvidas à fila: 0\n"
    assert run("discard", "--all")[1] == "Apagadas: 0\n"


def test_what_another_command_holds_is_told_and_not_taken_for_nothing(
    run: Run, queues: Queues
) -> None:
    queues.bury_jobs(*some_jobs(3))
    queues.sqs.receive_message(QueueUrl=queues.dead_url, MaxNumberOfMessages=10)
    for command in (("list",), ("redrive", "--all"), ("discard", "--all", "--yes")):
        code, out, err = run(*command)
        assert code == 0
        assert "Não há" not in out
        assert "Cerca de 3" in err
        assert "cinco minutos" in err


def test_a_count_that_lags_behind_deletes_nothing_unasked(
    run: Run, queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQS counts its messages approximately."""
    queues.bury_jobs(*some_jobs(3))
    queue = "campaigns.adapters.dead_letter_queue.SqsDeadLetterQueue"
    with monkeypatch.context() as patched:
        patched.setattr(f"{queue}.waiting", lambda _self: 0)
        code, _, err = run("discard", "--all")
    assert code == 2
    assert "mensagens mortas (3)" in err
    assert len(queues.dead()) == 3


def test_an_interrupt_in_the_middle_holds_nothing_back(
    run: Run, queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = some_jobs(12)
    queues.bury_jobs(*jobs)
    call = BaseClient._make_api_call
    sent = []

    def interrupted(self: BaseClient, operation: str, arguments: Any) -> Any:
        if operation == "SendMessageBatch":
            if sent:
                raise KeyboardInterrupt
            sent.extend(arguments["Entries"])
        return call(self, operation, arguments)

    with monkeypatch.context() as patched:
        patched.setattr(BaseClient, "_make_api_call", interrupted)
        code, _, err = run("redrive", "--all")
    assert code == 130
    assert "Traceback" not in err
    assert len(listed(run)) == 12, "sent or not, each is still there"
    assert run("redrive", "--all")[0] == 0
    assert sorted(map(str, queues.jobs())) == sorted(map(str, jobs))


def test_many_are_told_of_on_the_way(
    run: Run, queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dead_letter_words, "_TOLD_EACH", 10)
    monkeypatch.setattr("campaigns.services.dead_letters.ROUND", 10)
    queues.bury_jobs(*some_jobs(25))
    code, out, err = run("redrive", "--all")
    assert (code, out) == (0, "Devolvidas à fila: 25\n")
    assert err == "10 lidas…\n20 lidas…\n"
    assert len(queues.jobs()) == 25


# Where the queue is found


def test_a_queue_whose_jobs_end_nowhere_is_none_of_a_deployment(run: Run, queues: Queues) -> None:
    queues.bury_jobs(DIRECT)
    code, _, err = run("list", where=("--queue-url", queues.dead_url))
    assert code == 2
    assert "JobsQueueUrl" in err
    assert len(queues.dead()) == 1, "nothing was hidden"


def test_a_queue_that_is_not_there_is_told_with_what_to_check(run: Run, queues: Queues) -> None:
    code, _, err = run("list", where=("--queue-url", queues.jobs_url + "x"))
    assert code == 1
    assert "AWS_DEFAULT_REGION" in err


def test_the_stacks_output_names_the_queue(run: Run, queues: Queues) -> None:
    queues.bury_jobs(DIRECT)
    cloudformation = boto3.client("cloudformation")
    template = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {"JobsQueueUrl": {"Value": queues.jobs_url}},
    }
    cloudformation.create_stack(StackName=STACK, TemplateBody=json.dumps(template))
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=STACK, WaiterConfig={"Delay": 1}
    )
    try:
        code, out, _ = run("list", "--json", where=("--stack", STACK))
        assert (code, len(json.loads(out))) == (0, 1)
        code, _, err = run("list", where=("--stack", "nobody"))
        assert code == 1
        assert "nobody" in err
    finally:
        cloudformation.delete_stack(StackName=STACK)


def test_the_local_stack_is_found_by_itself(
    run: Run, queues: Queues, monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    queues.bury_jobs(DIRECT)
    environment = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    monkeypatch.setenv("STATE_DIR", str(tmp_path))
    stack = {"environment": environment, "queue_url": queues.jobs_url}
    (tmp_path / "stack.json").write_text(json.dumps(stack))
    with pytest.MonkeyPatch.context() as kept:
        for name, value in environment.items():
            kept.setenv(name, value)
        code, out, _ = run("list", "--json", where=())
    assert (code, json.loads(out)[0]["direct_message_id"]) == (0, "dm_1")


@pytest.mark.parametrize(
    ("refused", "command"),
    [
        ("SendMessageBatch", ("redrive", "--all")),
        ("DeleteMessageBatch", ("discard", "--all", "-y")),
    ],
)
def test_what_one_may_not_do_is_told_with_the_rights_it_takes_and_nothing_is_held_back(
    run: Run, queues: Queues, monkeypatch: pytest.MonkeyPatch, refused: str, command
) -> None:
    queues.bury_jobs(DIRECT)
    call = BaseClient._make_api_call

    def refusing(self: BaseClient, operation: str, arguments: Any) -> Any:
        if operation == refused:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, operation)
        return call(self, operation, arguments)

    with monkeypatch.context() as patched:
        patched.setattr(BaseClient, "_make_api_call", refusing)
        code, out, err = run(*command)
    assert (code, out) == (1, "")
    assert "sqs:SendMessage" in err
    assert "Traceback" not in err
    assert [each["direct_message_id"] for each in listed(run)] == ["dm_1"]
    assert (queues.jobs(), len(queues.dead())) == ([], 1)


def test_english_is_spoken_where_the_locale_is(
    run: Run, queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    queues.bury(("{", "person-x"))
    assert "unreadable" in run("list")[1]
    assert "Unreadable, left where they are: 1" in run("redrive", "--all")[2]
    assert run("discard", "--all", "--yes")[1] == "Deleted: 1\n"
