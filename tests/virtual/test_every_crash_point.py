"""Every crash of a small run, every pair of crashes, every other fault: the rules hold after each.

`python -m tests.simulator.small` does the same by hand, with a progress line and a timeline.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from campaigns.domain.model import Recipient
from campaigns.domain.recipient_changes import released
from campaigns.services import walk_mark
from tests.simulator.deployment import Ground, ground
from tests.simulator.faults import FaultKind
from tests.simulator.points import Call, Point, crashes
from tests.simulator.small import (
    Sum,
    go_through,
    go_through_pairs,
    main,
    seconds,
    single_crashes,
    single_others,
)
from tests.simulator.small_world import VERSIONS, Small, Story, lived

#: So many tests share the pairs of one version: they may run side by side.
PARTS = 4
PROCESSES = {"api", "layer", "scheduler", "dispatcher", "webhook"}
#: What can strike one call, but its crash.
KINDS = {
    FaultKind.TIMEOUT,
    FaultKind.THROTTLE,
    FaultKind.LOST_ANSWER,
    FaultKind.FAILED_CONDITION,
    FaultKind.CONFLICT,
    FaultKind.PARTIAL_BATCH,
    FaultKind.STALE_READ,
}


@pytest.fixture(scope="module")
def shared() -> Iterator[Ground]:
    with ground() as made:
        yield made


def _all_hold(total: Sum) -> None:
    """No rule broke, and no run was left out."""
    assert {" ".join(map(str, points)): broken for points, broken in total.failed.items()} == {}
    assert total.runs == total.wanted
    assert total.runs > 0


@pytest.mark.parametrize("version", VERSIONS)
def test_one_recipient_survives_a_crash_at_any_call(version: str, shared: Ground) -> None:
    small = Small(version=version)
    firsts = [group[0] for group in single_crashes(small, shared)]
    total = go_through(small, [(first,) for first in firsts], shared)
    _all_hold(total)
    assert total.counts[FaultKind.CRASH] == total.runs == len(firsts)


def test_one_recipient_survives_any_other_fault_of_a_call_that_does_something(
    shared: Ground,
) -> None:
    points = single_others(Small(), shared, wanted=_does_something)
    assert {point.fault.kind for point in points} >= KINDS - {FaultKind.STALE_READ}
    _all_hold(go_through(Small(), [(point,) for point in points], shared))


def test_every_process_and_every_step_of_the_way_is_among_the_calls(shared: Ground) -> None:
    calls = lived(Small(), (), shared).calls
    assert {call.process.kind for call in calls} >= PROCESSES
    assert [call.number for call in calls] == list(range(1, len(calls) + 1))
    made = Counter((call.process.kind, call.operation) for call in calls)
    # A draft, its kick and its start; laying; the send; receipts; the end of it and its books.
    for step in (
        ("api", "TransactWriteItems"),
        ("api", "Invoke"),
        ("api", "SendMessageBatch"),
        ("layer", "PutItem"),
        ("dispatcher", "POST"),
        ("webhook", "UpdateItem"),
        ("scheduler", "TransactWriteItems"),
        ("scheduler", "UpdateItem"),
    ):
        assert made[step] > 0, step
    found = lived(Small(story=Story.UNANSWERED), (), shared).calls
    assert any("findMessages" in call.name for call in found)


def test_what_is_called_a_second_crash_comes_behind_the_first_in_the_run_that_had_it(
    shared: Ground,
) -> None:
    small = Small(story=Story.UNANSWERED)
    [sending] = [
        group[0]
        for group in single_crashes(small, shared)
        if "sendText" in group[0].name and group[0].fault.after
    ]
    behind = seconds(small, sending, shared)
    assert all(point.number > sending.number for point in behind)
    # Nobody told of the send: it is looked for.
    assert any("findMessages" in point.name for point in behind)


def test_it_is_seen_where_a_send_that_crashed_is_simply_made_again(
    shared: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    def planned_again(recipient: Recipient, *, now: int) -> Recipient:
        fresh = replace(recipient, may_have_been_sent=False)
        return released(fresh, now=now, not_before=now)

    monkeypatch.setattr(walk_mark, "lease_expired", planned_again)
    small = Small(version="2.3.7", story=Story.UNANSWERED)
    sending = [
        (group[0],)
        for group in single_crashes(small, shared)
        if "sendText" in group[0].name and group[0].fault.after
    ]
    total = go_through(small, sending, shared)
    [broken] = total.failed.values()
    assert any(each.startswith("never_twice") for each in broken)


def test_a_point_that_is_never_reached_is_told(shared: Ground) -> None:
    far = Point.parsed("9999:crash:after")
    total = go_through(Small(), [(far,)], shared)
    assert total.failed == {(far,): ("every_point: 9999:crash:after was never reached",)}


def test_calls_are_one_point_only_without_anybody_elses_turn_in_between(shared: Ground) -> None:
    calls = list(lived(Small(), (), shared).calls)
    groups = crashes(calls)
    assert [point.number for group in groups for point in group] == [
        call.number for call in calls if FaultKind.CRASH in call.kinds for _ in range(2)
    ]
    for group in groups:
        members = [call for call in calls if call.number in {point.number for point in group}]
        assert len({(call.process, call.moment) for call in members}) == 1
        # Of all that lies between the first of them and the last, nothing has an effect.
        assert all(call.is_read for call in members[1:-1])


@pytest.mark.exhaustive
def test_whatever_crashes_the_way_goes_on_to_the_recount_through_more_calls(
    shared: Ground,
) -> None:
    groups = single_crashes(Small(), shared)
    behind = [len(seconds(Small(), group[0], shared)) for group in groups[:-2]]
    assert min(behind) > 0


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "small",
    [*(Small(version=version) for version in VERSIONS), Small(2, VERSIONS[1], Story.UNANSWERED)],
    ids=str,
)
def test_crash_points_that_are_called_the_same_come_to_the_same_end(
    small: Small, shared: Ground
) -> None:
    runs = 0
    for group in single_crashes(small, shared):
        outcomes = [lived(small, (point,), shared) for point in group]
        assert [each.result.violations for each in outcomes] == [()] * len(group)
        assert len({each.end for each in outcomes}) == 1, list(map(str, group))
        runs += len(outcomes)
    assert runs == 2 * sum(_can_crash(call) for call in lived(small, (), shared).calls)


@pytest.mark.exhaustive
def test_points_that_are_called_different_do_end_differently_for_the_most_part(
    shared: Ground,
) -> None:
    ends = [lived(Small(), (group[0],), shared).end for group in single_crashes(Small(), shared)]
    assert len(set(ends)) > len(ends) / 2


@pytest.mark.exhaustive
@pytest.mark.parametrize("version", VERSIONS)
def test_one_recipient_survives_any_other_fault_of_any_call(version: str, shared: Ground) -> None:
    small = Small(version=version)
    points = single_others(small, shared)
    assert {point.fault.kind for point in points} >= KINDS
    _all_hold(go_through(small, [(point,) for point in points], shared))


@pytest.mark.exhaustive
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("story", [Story.ANSWERED, Story.UNANSWERED])
@pytest.mark.parametrize("version", VERSIONS)
def test_one_recipient_survives_every_pair_of_crashes(
    version: str, story: Story, part: int, shared: Ground
) -> None:
    small = Small(version=version, story=story)
    firsts = [group[0] for group in single_crashes(small, shared)]
    total = Sum()
    for first in firsts[part::PARTS]:
        total.add(go_through_pairs(small, first, shared))
    _all_hold(total)
    assert total.counts[FaultKind.CRASH] == 2 * total.runs


@pytest.mark.exhaustive
@pytest.mark.parametrize("story", Story)
@pytest.mark.parametrize("version", VERSIONS)
def test_two_recipients_on_one_instance_survive_a_crash_at_any_call(
    version: str, story: Story, shared: Ground
) -> None:
    small = Small(recipients=2, version=version, story=story)
    firsts = [(group[0],) for group in single_crashes(small, shared)]
    _all_hold(go_through(small, firsts, shared))


@pytest.mark.exhaustive
@pytest.mark.parametrize("story", [Story.UNANSWERED, Story.VANISHED])
@pytest.mark.parametrize("version", VERSIONS)
def test_a_message_in_doubt_survives_a_crash_at_any_call(
    version: str, story: Story, shared: Ground
) -> None:
    small = Small(version=version, story=story)
    firsts = [(group[0],) for group in single_crashes(small, shared)]
    _all_hold(go_through(small, firsts, shared))


def test_by_hand_one_run_shows_its_timeline(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--at", "3:crash:after"]) == 0
    shown = capsys.readouterr().out
    assert re.search(r"operator +asks for a draft", shown)
    assert "crash, with its effect (fault 3)" in shown


def test_by_hand_a_point_that_is_never_reached_ends_with_1(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--at", "9999:crash:before"]) == 1
    assert "VIOLATION every_point" in capsys.readouterr().out


@pytest.mark.parametrize("wrong", ["3", "3:crash", "x:crash:after", "3:boom:after", "3:crash:now"])
def test_by_hand_a_point_that_says_nothing_is_refused(
    wrong: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as refused:
        main(["--at", wrong])
    assert refused.value.code == 2
    assert "--at" in capsys.readouterr().err


def _can_crash(call: Call) -> bool:
    return FaultKind.CRASH in call.kinds


def _does_something(call: Call) -> bool:
    return not call.is_read
