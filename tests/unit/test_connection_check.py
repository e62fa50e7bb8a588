"""How often a server in trouble is asked again."""

from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.connection_check import MOST_FAILURES, ConnectionCheck, retry_look_at
from campaigns.domain.instants import MINUTE_MS, SECOND_MS

NOW = 1_795_349_529_000


def test_a_server_in_trouble_is_asked_less_and_less_often_and_in_the_end_no_more():
    waits = [retry_look_at(failures, NOW) for failures in range(1, MOST_FAILURES + 1)]
    assert waits[-1] is None
    minutes = [(at - NOW) / MINUTE_MS for at in waits[:-1] if at is not None]
    assert minutes[:4] == [1, 2, 4, 8]
    assert minutes == sorted(minutes)
    assert max(minutes) == 60


@given(st.integers(0, 100 * SECOND_MS))
def test_a_look_is_made_again_only_when_what_it_learned_is_too_old(later: int):
    check = ConnectionCheck("in_1", "token", NOW)
    # Else the answer of a look and of its repeat could be written in either order.
    assert not NOW + later >= check.again_at or check.is_too_old(NOW + later)
