"""docs/iam: enough to deploy and to operate, and no more, by what AWS says its services do."""

import fnmatch
import json
import re
import subprocess
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from local.process import ROOT
from tests.deployed.reader import RIGHTS_IN_THE_EMULATOR
from tests.deployed.walk import GUIDE
from tests.permissions.operators import PAGE, granted
from tests.permissions.processed import processed

pytestmark = pytest.mark.built

#: The most that a managed policy may hold, white space not counted.
LIMIT = 6144
#: What CloudFormation would do for features that the template does not use.
UNUSED = {
    "dynamodb:*replica*": "one region",
    "dynamodb:*import*": "tables begin empty",
    "dynamodb:*kinesis*": "no stream",
    "dynamodb:*resourcepolicy": "roles say who may use the table",
    "dynamodb:updatecontributorinsights": "off",
    "dynamodb:*item": "for imports and replicas",
    "dynamodb:query": "for imports and replicas",
    "dynamodb:scan": "for imports and replicas",
    "kinesis:*": "no stream",
    "ec2:*": "no VPC",
    "elasticfilesystem:*": "no file system",
    "s3files:*": "no file system",
    "firehose:*": "logs go to CloudWatch",
    "iam:createservicelinkedrole": "for replicas",
    "iam:*group*": "policies of roles alone",
    "iam:*user*": "policies of roles alone",
    "iam:*permissionsboundary": "no boundary",
    "iam:*tachrolepolicy": "roles have policies of their own",
    "kms:creategrant": "AWS's keys encrypt table and code",
    "kms:revokegrant": "AWS's keys encrypt table and code",
    "kms:decrypt": "AWS's keys encrypt table, code and queue",
    "kms:encrypt": "AWS's keys encrypt table and code",
    "kms:generatedatakey": "AWS's keys encrypt code and queue",
    "kms:listaliases": "AWS's keys encrypt the table",
    "kms:disablekey": "the key is on",
    "kms:enablekey": "the key is on",
    "lambda:*codesigningconfig": "code is not signed",
    "lambda:*capacityprovider": "no instances",
    "lambda:putfunctionscalingconfig": "no instances",
    "lambda:publishversion": "one version",
    "lambda:associateruntimealias": "AWS updates the runtime",
    "lambda:putruntimemanagementconfig": "AWS updates the runtime",
    "logs:*kmskey": "AWS's keys encrypt logs",
    "logs:*dataprotectionpolicy": "nothing is logged that would have to be masked",
    "logs:*indexpolicy": "no index",
    "logs:deleteresourcepolicy": "the account's own",
    "logs:putbearertokenauthentication": "no tokens",
    "logs:putloggroupdeletionprotection": "logs go with the stack",
    "logs:createlogstream": "for imports",
    "logs:describelogstreams": "for imports",
    "logs:putlogevents": "for imports",
    "sns:putdataprotectionpolicy": "alarms hold no secrets",
}
#: What deploying takes beside what CloudFormation does for resources.
BESIDE = {
    "cloudformation:*": "sam deploy and sam delete",
    "s3:*": "the bucket of SAM",
    "logs:*logdeliver*": "the access log of an HTTP API",
}
#: Given over all resources, though AWS tells of narrower ones.
OVER_ALL = {"cloudwatch:describealarms": "CloudWatch asks for it over all alarms, named or not"}
#: What operating takes that no command of the guide or of `campaigns admin` is named after.
IN_OPERATING = {
    "dynamodb:batchwriteitem": "a restore writes the new table in the caller's name",
    "dynamodb:scan": "a restore reads in the caller's name",
    "apigateway:*": "the commands of apigatewayv2, by their HTTP methods",
    "iam:createservicelinkedrole": "API Gateway, at the first domain of an account",
}
#: An administrator runs their commands, or the rights to them are named otherwise.
NOT_BY_OPERATORS = ("iam", "sts", "s3api", "apigatewayv2", "sso", "configure")
_COMMAND = re.compile(r"\baws (\w+)\s+(?:wait )?([a-z-]+)")


@pytest.fixture(scope="module")
def declared() -> dict[str, Any]:
    types = {one["Type"] for one in processed()["Resources"].values()}
    done = subprocess.run(  # noqa: S603 - our own script
        [
            ROOT / "tools" / "sam" / ".venv" / "bin" / "python",
            ROOT / "tests" / "deployed" / "handlers.py",
            *sorted(types),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    told: dict[str, Any] = json.loads(done.stdout)
    assert told["types"].keys() == types
    return told


def policy(name: str) -> dict[str, Any]:
    text = (ROOT / "docs" / "iam" / f"{name}.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


def actions(name: str) -> set[str]:
    """Those that the policy allows, in lower case: IAM does not look at it."""
    given = [one["Action"] for one in policy(name)["Statement"]]
    listed = [each for one in given for each in ([one] if isinstance(one, str) else one)]
    assert {one["Effect"] for one in policy(name)["Statement"]} == {"Allow"}
    return {action.lower() for action in listed}


def is_one_of(action: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(action, pattern) for pattern in patterns)


def needed(declared: dict[str, Any]) -> set[str]:
    return {action.lower() for done in declared["types"].values() for action in done}


def missing(declared: dict[str, Any]) -> set[str]:
    allowed = actions("deploy")
    return {action for action in needed(declared) if not is_one_of(action, allowed)}


def test_whatever_cloudformation_does_for_a_resource_of_the_template_is_allowed(declared: Any):
    assert {action for action in missing(declared) if not is_one_of(action, UNUSED)} == set()


def test_nothing_is_allowed_that_deploying_does_not_do(declared: Any):
    more = actions("deploy") - needed(declared)
    assert {action for action in more if not is_one_of(action, BESIDE)} == set()


def test_each_exception_excepts_something(declared: Any):
    assert {one for one in UNUSED if not fnmatch.filter(missing(declared), one)} == set()
    more = actions("deploy") - needed(declared)
    assert {one for one in BESIDE if not fnmatch.filter(more, one)} == set()


@pytest.mark.parametrize("name", ["deploy", "operate"])
def test_a_policy_is_one_that_iam_takes(name: str, declared: Any):
    document = policy(name)
    assert len("".join(json.dumps(document).split())) <= LIMIT
    # Some that the schemas name are newer than the list of all actions.
    unknown = actions(name) - set(declared["known"]) - needed(declared)
    assert {action for action in unknown if not action.endswith(":*")} == set()
    sids = [one["Sid"] for one in document["Statement"]]
    assert len(sids) == len(set(sids))


def test_who_operates_may_do_what_the_commands_of_admin_do():
    rights = {action.lower() for _, action, _ in granted(PAGE.read_text(encoding="utf-8"))}
    assert rights
    assert rights - actions("operate") == set()


@pytest.mark.parametrize("name", ["deploy", "operate"])
def test_an_action_is_given_over_resources_that_it_can_be_narrowed_to(name: str, declared: Any):
    wide, without_effect = set(), set()
    for action, resources in narrowed(name):
        patterns = declared["known"].get(action, [])
        if resources == ["*"] and patterns:
            wide.add(action)
        if resources != ["*"] and action in declared["known"] and not fit(resources, patterns):
            without_effect.add(action)
    assert without_effect == set()
    assert wide == set(OVER_ALL)


def test_who_may_run_the_guides_commands_is_said_and_no_more(declared: Any):
    run = commands(GUIDE.read_text(encoding="utf-8"))
    assert run - actions("deploy") - actions("operate") == set()
    page = {action.lower() for _, action, _ in granted(PAGE.read_text(encoding="utf-8"))}
    more = actions("operate") - run - page
    assert {action for action in more if not is_one_of(action, IN_OPERATING)} == set()
    assert {one for one in IN_OPERATING if not fnmatch.filter(more, one)} == set()


def test_what_the_emulator_judges_otherwise_is_allowed_on_aws():
    listed = [action.lower() for one in RIGHTS_IN_THE_EMULATOR for action in one["Action"]]
    named_otherwise = {"lambda:listeventsourcemappings": "lambda:geteventsourcemapping"}
    assert {named_otherwise.get(action, action) for action in listed} <= actions("operate")


def narrowed(name: str) -> Iterator[tuple[str, list[str]]]:
    """Each action of the policy, in lower case, and the resources that it is given over."""
    for one in policy(name)["Statement"]:
        listed = [one["Action"]] if isinstance(one["Action"], str) else one["Action"]
        given = [one["Resource"]] if isinstance(one["Resource"], str) else one["Resource"]
        for action in listed:
            yield action.lower(), given


def fit(resources: list[str], patterns: list[str]) -> bool:
    """Whether one of the policy's resources can be one of the action's."""
    return any(
        re.fullmatch(pattern, resource)
        or fnmatch.fnmatchcase(pattern.replace("[^:]*", "aws"), resource)
        for pattern in patterns
        for resource in resources
    )


def commands(text: str) -> set[str]:
    """The actions that the guide's calls of `aws` are named after, in lower case."""
    waits = {
        "stack-delete-complete": "describe-stacks",
        "certificate-validated": "describe-certificate",
    }
    return {
        f"{service}:{waits.get(verb, verb).replace('-', '')}"
        for service, verb in _COMMAND.findall(text)
        if service not in NOT_BY_OPERATORS
    }
