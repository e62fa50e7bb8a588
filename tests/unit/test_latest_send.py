"""Which send an answer without a quote is to."""

from campaigns.domain.latest_send import LatestSend

DAY = 86_400_000
SENT = LatestSend("in_1", "cp_1", 7, 1_795_000_000_400)


def test_it_reads_as_it_was_written() -> None:
    assert LatestSend.read("in_1", SENT.text) == SENT


def test_an_answer_is_written_after_it_as_far_as_whole_seconds_tell() -> None:
    assert SENT.is_answered_at(1_795_000_000_000)
    assert SENT.is_answered_at(SENT.at + 5_000)
    assert not SENT.is_answered_at(1_794_999_999_000)


def test_after_thirty_days_it_is_to_something_else() -> None:
    assert SENT.is_answered_at(SENT.at + 30 * DAY - 1)
    assert not SENT.is_answered_at(SENT.at + 30 * DAY)
