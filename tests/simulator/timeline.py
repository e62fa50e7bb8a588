"""A run as somebody reads it: when, who, what."""

from tests.simulator.evidence import at
from tests.simulator.run import Result


def shown(result: Result) -> str:
    plan = result.plan
    lines = [
        f"seed {plan.seed}: {plan.recipients} recipients, {plan.instances} instances,"
        f" {plan.tenants} tenants, Evolution {plan.version}, gap {plan.delay} s, {plan.hours}",
        *(f"  {at(when)}  {who:<14} {what}" for when, who, what in result.timeline),
        *(f"VIOLATION {each}" for each in result.violations),
    ]
    return "\n".join(lines)
