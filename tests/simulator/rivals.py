"""What operators do in the very moment in which a process is about to write."""

from collections.abc import Callable
from functools import partial
from random import Random

from tests.simulator.people import People
from tests.simulator.plan import Action, ActionKind, Plan

#: Whatever changes an item that a planner or a dispatcher is about to change; a cancel ends it all.
_KINDS = (
    ActionKind.PAUSE,
    ActionKind.PAUSE,
    ActionKind.RESUME,
    ActionKind.OPT_OUT,
    ActionKind.ADD_CONTACTS,
    ActionKind.REMOVE_CONTACT,
    ActionKind.RETRY_FAILED,
    ActionKind.EDIT_INSTANCE,
    ActionKind.START,
    ActionKind.CANCEL,
)


def operators(people: People, plan: Plan) -> list[Callable[[], object]]:
    """Some of them, drawn from the seed."""
    random = Random(f"operators {plan.seed}")
    return [
        partial(
            people.act,
            Action(0, kind, random.randrange(plan.instances), random.randrange(1_000_000)),
        )
        for kind in random.sample(_KINDS, 3)
    ]
