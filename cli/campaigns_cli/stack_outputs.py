"""What a deployment's stack on AWS tells of itself, and the option that names it."""

from typing import TYPE_CHECKING, Annotated

import typer

from campaigns_cli.language import t

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.client import CloudFormationClient

StackOption = Annotated[
    str | None,
    typer.Option(
        "--stack",
        envvar="CAMPAIGNS_STACK",
        metavar="NAME",
        help=t("O nome da instalação na AWS.", "The deployment's name on AWS."),
    ),
]


def output_of(client: "CloudFormationClient", stack: str, name: str) -> str | None:
    """The stack's output of that name; None where it has none. Raises botocore's `ClientError`."""
    (described,) = client.describe_stacks(StackName=stack)["Stacks"]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in described.get("Outputs", [])}
    return outputs.get(name)
