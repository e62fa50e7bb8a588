"""A deployment's dead-letter queue, found by its stack, by its URL, or in the local stack."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from campaigns_cli.admin_logs import stack_on_aws
from campaigns_cli.cloudwatch_logs import aws_explained
from campaigns_cli.command_group import interruptible
from campaigns_cli.deployment import use_local_stack
from campaigns_cli.errors import CliError, UnusableInput
from campaigns_cli.language import t
from campaigns_cli.stack_outputs import output_of

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

    from campaigns.adapters.dead_letter_queue import SqsDeadLetterQueue

#: The stack's output that names the queue of jobs.
_OUTPUT = "JobsQueueUrl"


@contextmanager
def dead_letter_queue(url: str | None, stack: str | None) -> "Iterator[SqsDeadLetterQueue]":
    """The queue where the jobs of a deployment end; what goes wrong is a sentence.

    `url` is that of its queue of jobs, and goes before the stack; without either and without
    TABLE_NAME it is the local stack's.
    """
    chosen = None if url else stack_on_aws(stack, os.environ, Path.cwd())
    if not url and not chosen:
        url = str(use_local_stack().get("queue_url", ""))
    # Late: no other command needs boto3, and the environment may just have been set.
    import boto3
    from botocore.config import Config

    from campaigns.adapters.dead_letter_queue import SqsDeadLetterQueue

    with interruptible(), aws_explained(chosen or str(url)), _explained():
        session = boto3.session.Session()
        patient = Config(retries={"mode": "standard", "max_attempts": 8})
        if chosen:
            url = output_of(session.client("cloudformation", config=patient), chosen, _OUTPUT)
        if not url:
            raise UnusableInput(_no_queue(chosen))
        sqs = session.client("sqs", config=patient)
        yield SqsDeadLetterQueue(sqs, _dead_letters_of(sqs, url), url)


def _dead_letters_of(sqs: "SQSClient", url: str) -> str:
    """The queue where the jobs of this one end: of the same account and region, as SQS wants it.

    A queue without one is refused: to look through what is no queue of dead letters would hold up
    what is on its way.
    """
    answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])
    policy = answer.get("Attributes", {}).get("RedrivePolicy")
    if policy is None:
        raise UnusableInput(
            t(
                f"{url} não é a fila de envios de uma instalação: use a saída {_OUTPUT} da pilha.",
                f"{url} is not a deployment's queue of jobs: use the stack's output {_OUTPUT}.",
            )
        )
    name = json.loads(policy)["deadLetterTargetArn"].rpartition(":")[2]
    return f"{url.rpartition('/')[0]}/{name}"


@contextmanager
def _explained() -> Iterator[None]:
    """What SQS refuses, in words; what any service may answer is left to who knows AWS at large."""
    from botocore.exceptions import ClientError, EndpointConnectionError

    try:
        yield
    except EndpointConnectionError as error:
        raise CliError(
            t(
                f"A fila não responde ({error}). Se é a pilha local, suba-a com `make run`.",
                f"The queue does not answer ({error}). If it is the local stack's, start that "
                "with `make run`.",
            )
        ) from error
    except ClientError as error:
        refusal = error.response.get("Error", {})
        code, message = refusal.get("Code", ""), refusal.get("Message", "")
        if "NonExistentQueue" in code or "QueueDoesNotExist" in code:
            raise CliError(_no_such_queue()) from error
        if "AccessDenied" in code:
            raise CliError(_not_allowed(message)) from error
        raise


def _no_queue(stack: str | None) -> str:
    return t(
        f"A pilha {stack or 'local'} não diz qual é sua fila de envios (saída "
        f"{_OUTPUT}): confira o nome em --stack, ou use --queue-url.",
        f"The {stack or 'local'} stack does not tell its queue of jobs (output {_OUTPUT}): "
        "check the name in --stack, or use --queue-url.",
    )


def _no_such_queue() -> str:
    region = os.environ.get("AWS_DEFAULT_REGION", t("a do perfil", "the profile's"))
    return t(
        f"Não há essa fila nesta conta e região ({region}): confira --queue-url ou --stack, "
        "AWS_PROFILE e AWS_DEFAULT_REGION.",
        f"There is no such queue in this account and region ({region}): check --queue-url or "
        "--stack, AWS_PROFILE and AWS_DEFAULT_REGION.",
    )


def _not_allowed(message: str) -> str:
    actions = (
        "sqs:GetQueueAttributes, sqs:ReceiveMessage, sqs:ChangeMessageVisibility, sqs:DeleteMessage"
    )
    return t(
        f"Suas credenciais não podem isto. Na fila de mensagens mortas elas precisam de {actions}; "
        "na fila de envios, de sqs:GetQueueAttributes e sqs:SendMessage; com --stack, de "
        f"cloudformation:DescribeStacks. ({message})",
        f"Your credentials may not do this. On the dead-letter queue they need {actions}; on the "
        "queue of jobs sqs:GetQueueAttributes and sqs:SendMessage; with --stack "
        f"cloudformation:DescribeStacks. "
        f"({message})",
    )
