"""Shrinking: whatever a failing run fails without is left out, piece by piece."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from tests.simulator.deployment import Ground
from tests.simulator.plan import ActionKind, Plan, SourceKind
from tests.simulator.run import Result, run


def shrink(
    failing: Result,
    ground: Ground,
    told: Callable[[Plan], object] = lambda _: None,
    *,
    most: int = 1_000,
) -> Result:
    """The smallest run that was found, in so many runs at most, to break a rule that this one
    breaks too.
    """
    rules = _rules(failing)
    # Drawn faults are named by now: each can be left out, and the others stay where they are.
    smallest = run(replace(failing.plan, given=dict(failing.struck)), ground)
    if not rules & _rules(smallest):
        return failing
    made = 0
    is_shrinking = True
    while is_shrinking:
        is_shrinking = False
        for plan in _smaller(smallest.plan):
            if made == most:
                return smallest
            made += 1
            result = run(plan, ground)
            if rules & _rules(result):
                smallest, is_shrinking = result, True
                told(plan)
                break
    return smallest


def _rules(result: Result) -> set[str]:
    return {each.split(":")[0] for each in result.violations}


def _smaller(plan: Plan) -> Iterator[Plan]:
    """Each with one thing less; the greatest things first."""
    given = plan.given or {}
    numbers = sorted(given)
    for size in {len(numbers) // 2, len(numbers) // 4, 1} - {0}:
        for start in range(0, len(numbers), size):
            left_out = set(numbers[start : start + size])
            yield replace(plan, given={n: given[n] for n in numbers if n not in left_out})
    if plan.delivery_rate:
        yield replace(plan, delivery_rate=0.0)
    if plan.minute_rate:
        yield replace(plan, minute_rate=0.0)
    if plan.most_skew_ms:
        yield replace(plan, most_skew_ms=0)
    if plan.most_step_ms:
        actions = tuple(each for each in plan.actions if each.kind is not ActionKind.CLOCK_STEP)
        yield replace(plan, most_step_ms=0, actions=actions)
    if plan.daily_limit is not None:
        yield replace(plan, daily_limit=None)
    if plan.scheduled_in_ms is not None:
        actions = tuple(each for each in plan.actions if each.kind is not ActionKind.UNSCHEDULE)
        yield replace(plan, scheduled_in_ms=None, actions=actions)
    if plan.source is not SourceKind.CONTACTS:
        yield replace(plan, source=SourceKind.CONTACTS)
    if plan.is_eager:
        yield replace(plan, is_eager=False)
    if plan.is_contested:
        yield replace(plan, is_contested=False)
    if plan.resumes_on_reconnect:
        yield replace(plan, resumes_on_reconnect=False)
    if plan.rivals:
        yield replace(plan, rivals=plan.rivals - 1)
    for fewer in {1, plan.recipients // 2, plan.recipients - 1} - {0, plan.recipients}:
        yield replace(plan, recipients=fewer)
    if plan.pollers > 1:
        yield replace(plan, pollers=1)
    yield from (replace(plan, actions=each) for each in _one_less(plan.actions))
    yield from (replace(plan, rules=each) for each in _one_less(plan.rules))
    yield from (replace(plan, ack_rules=each) for each in _one_less(plan.ack_rules))
    yield from (replace(plan, webhook_rules=each) for each in _one_less(plan.webhook_rules))


def _one_less[T](things: tuple[T, ...]) -> Iterator[tuple[T, ...]]:
    for place in range(len(things)):
        yield things[:place] + things[place + 1 :]
