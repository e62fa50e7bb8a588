"""A local stack with functions whose doings a test can see."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.config import Config
from local.resources import client
from local.supervisor import Stack

TOY = Path(__file__).parent / "toy"
_PATIENCE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Toy:
    """A running stack, and what its functions wrote down."""

    stack: Stack

    def journal(self, kind: str) -> list[dict[str, Any]]:
        """What functions of that kind saw, in the order of time."""
        dynamodb = client("dynamodb", self.stack.ministack.url)
        rows = dynamodb.scan(TableName=self.stack.resources.table_name)["Items"]
        return [
            json.loads(row["content"]["S"])
            for row in sorted(rows, key=lambda row: str(row["pk"]["S"]))
            if row["kind"]["S"] == kind
        ]

    def jobs(self, name: str) -> list[dict[str, Any]]:
        """The deliveries of the job of that name."""
        return [job for job in self.journal("job") if job["name"] == name]

    def send(self, group: str, *jobs: dict[str, Any]) -> None:
        """Queues jobs, each named by its `name`, in one group."""
        client("sqs", self.stack.ministack.url).send_message_batch(
            QueueUrl=self.stack.resources.queue_url,
            Entries=[
                {
                    "Id": job["name"],
                    "MessageBody": json.dumps(job),
                    "MessageGroupId": group,
                    "MessageDeduplicationId": job["name"],
                }
                for job in jobs
            ],
        )

    def dead_letters(self) -> list[str]:
        """The names of the jobs that were given up."""
        answer = client("sqs", self.stack.ministack.url).receive_message(
            QueueUrl=self.stack.resources.dead_letter_queue_url,
            MaxNumberOfMessages=10,
            VisibilityTimeout=0,
        )
        return [json.loads(message["Body"])["name"] for message in answer.get("Messages", [])]

    def get(self, path: str) -> httpx.Response:
        """A request to the API."""
        return httpx.get(self.stack.api_url + path, timeout=40)

    def control(self, path: str, **body: Any) -> httpx.Response:
        """A command to the control port."""
        return httpx.post(f"{self.stack.control_url}/control/{path}", json=body, timeout=40)

    def status(self) -> dict[str, Any]:
        """What the control port tells."""
        status: dict[str, Any] = httpx.get(f"{self.stack.control_url}/control/status").json()
        return status


def eventually(holds: Callable[[], object], seconds: float = _PATIENCE_SECONDS) -> None:
    """Polls until it holds; an assertion fails when it never does."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)


def toy_config(state_dir: Path) -> Config:
    return Config(state_dir=state_dir, api_port=0, evolution_port=0, template=TOY / "template.yaml")


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Toy]:
    stack = Stack(toy_config(tmp_path_factory.mktemp("stack")))
    try:
        stack.start()
        stack.start_events()
        yield Toy(stack)
    finally:
        stack.stop()
