"""The event of the schedule rule."""

from datetime import UTC, datetime

from local.schedule import scheduled_event


def test_the_tick_is_the_event_of_a_schedule_rule() -> None:
    event = scheduled_event(datetime(2026, 11, 22, 13, 5, 7, 250_000, tzinfo=UTC))

    assert event.pop("id")
    assert event == {
        "version": "0",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "000000000000",
        "time": "2026-11-22T13:05:07Z",
        "region": "us-east-1",
        "resources": ["arn:aws:events:us-east-1:000000000000:rule/campaigns-each-minute"],
        "detail": {},
    }
