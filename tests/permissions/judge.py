"""Holds what was called against what is allowed: in both directions, and against the adapters."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Final

from tests.permissions.calls import OR, Call
from tests.permissions.operators import COMMAND
from tests.permissions.processed import processed
from tests.permissions.roles import FUNCTIONS, Right, Role, roles_of
from tests.permissions.stack import Stack, arn

#: The parameters on which roles, or what they are needed for, depend: every value that matters.
VARIANTS: Final[tuple[Mapping[str, str], ...]] = (
    {},
    {"Tracing": "Active"},
    {"RestoredTableName": "restored"},
)

#: Actions for which AWS's service authorization reference has no type of resource at all.
NO_RESOURCE: Final = {"xray:PutTelemetryRecords", "xray:PutTraceSegments"}
_LOG_GROUP: Final = re.compile(r"(arn:.+:log-group:[^:]+):\*")
_LOGGING: Final = {"logs:CreateLogStream", "logs:PutLogEvents"}

type Roles = Mapping[str, Role]


@cache
def deployed() -> tuple[Roles, ...]:
    """The roles of `template.yaml` in each variant."""
    return in_each_variant(processed())


def in_each_variant(template: Mapping[str, Any]) -> tuple[Roles, ...]:
    """The roles of a processed template in each variant."""
    return tuple(roles_of(Stack(template, **parameters)) for parameters in VARIANTS)


def denied(calls: Iterable[Call], variants: Collection[Roles] | None = None) -> list[str]:
    """A sentence for each call of a function that its role does not allow, and for each actor that
    is neither a function nor a command."""
    made = list(calls)
    strangers = sorted(
        f"{who} acts, and is no function and no command of admin"
        for who in {call.who for call in made}.difference(FUNCTIONS)
        if not who.startswith(COMMAND)
    )
    ours = [call for call in made if call.who in FUNCTIONS]
    if not ours:
        return strangers
    chosen = deployed() if variants is None else variants
    return strangers + sorted({sentence for roles in chosen for sentence in _denied(ours, roles)})


def unused(calls: Iterable[Call], variants: Collection[Roles] | None = None) -> list[str]:
    """A sentence for each right of a function that neither it nor AWS in its name made use of."""
    ours = set(calls)
    chosen = deployed() if variants is None else variants
    return sorted({sentence for roles in chosen for sentence in _unused(ours, roles)})


def unseen(contained: Iterable[str], calls: Iterable[Call]) -> list[str]:
    """A sentence for each operation that adapters contain and nobody called."""
    called = {call.operation for call in calls}
    called |= {f"{call.operation}/{call.action.partition(':')[2]}" for call in calls}
    return [
        f"{operation} stands in an adapter, and no test has a function or a command call it"
        for operation in sorted(set(contained))
        if called.isdisjoint(operation.split(OR))
    ]


def arn_of(call: Call, role: Role) -> str | None:
    """The resource as the role's function would name it on AWS; None where it cannot."""
    setting = call.resource.partition("/")[0]
    value = role.environment.get(setting)
    match setting:
        case _ if not value:
            return None
        case "TABLE_NAME":
            return arn("dynamodb", f"table/{call.resource.replace(setting, value, 1)}")
        case "QUEUE_URL":
            return arn("sqs", value.rpartition("/")[2])
        case "KMS_KEY_ID":
            return value
        case "SCHEDULER_FUNCTION_NAME":
            return arn("lambda", f"function:{value}")
        case "EVOLUTION_SERVER_KEY_PARAMETER":
            return arn("ssm", f"parameter{value}")
    return None


def too_wide(variants: Collection[Roles] | None = None) -> list[str]:
    """A sentence for each right with a wildcard for which AWS has something narrower."""
    chosen = deployed() if variants is None else variants
    wide = {
        f"{role.function} may {right.action} on {right.resource} ({right.sid}): name what it is"
        for roles in chosen
        for role in roles.values()
        for right in role.rights
        if _has_wildcard(right.action) or not _is_narrow(right)
    }
    return sorted(wide)


def faults(
    calls: Collection[Call],
    contained: Iterable[str],
    variants: Collection[Roles] | None = None,
) -> list[str]:
    """Every sentence that there is to say of these calls."""
    return [
        *denied(calls, variants),
        *unused(calls, variants),
        *too_wide(variants),
        *unseen(contained, calls),
    ]


def short(arn: str) -> str:
    """An ARN without partition, service, region and account."""
    return arn.split(":", 5)[-1]


def _is_narrow(right: Right) -> bool:
    if right.action in NO_RESOURCE:
        return right.resource == "*"
    # What a log group's own ARN ends with: its streams, which are named by Lambda.
    if right.action in _LOGGING and (group := _LOG_GROUP.fullmatch(right.resource)):
        return not _has_wildcard(group[1])
    return not _has_wildcard(right.resource)


def _has_wildcard(text: str) -> bool:
    return "*" in text or "?" in text


def _denied(calls: Iterable[Call], roles: Roles) -> Iterator[str]:
    for call in calls:
        role = roles[call.who]
        resource = arn_of(call, role)
        if resource is None:
            yield f"{call.who} calls {call.operation} on {call.resource}, which no setting names"
        elif not role.allows(call.action, resource):
            yield (
                f"{call.who} calls {call.operation}, and no statement of its role allows "
                f"{call.action} on {resource}"
            )
    for role in roles.values():
        for own in role.own_calls:
            if not role.allows(*own.place):
                yield (
                    f"{role.function} is called for by {own.by}, and no statement of its role "
                    f"allows {own.action} on {own.resource}"
                )


def _unused(calls: Iterable[Call], roles: Roles) -> Iterator[str]:
    for role in roles.values():
        made = {own.place for own in role.own_calls}
        ours = [call for call in calls if call.who == role.function]
        made |= {(call.action, arn_of(call, role) or "") for call in ours}
        for right in role.rights:
            if not any(right.covers(*each) for each in made):
                yield (
                    f"{role.function} may {right.action} on {right.resource} ({right.sid}), and "
                    "no test has it do so"
                )
