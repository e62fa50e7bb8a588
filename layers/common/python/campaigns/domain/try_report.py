"""What a finished try tells of its instance, beside what it makes of its recipient."""

from dataclasses import dataclass

from campaigns.domain.delivery import Outcome, PermanentFailure, Sent


@dataclass(frozen=True, slots=True)
class TryReport:
    """None is silence: the try says nothing about it.

    `has_failed`: a send through this instance went wrong, for whatever reason that is not the
    number's or the text's. `honours_message_id`: the server used the id that it was given.
    """

    has_failed: bool | None = None
    honours_message_id: bool | None = None


def report_of(outcome: Outcome, whatsapp_message_id: str | None) -> TryReport:
    """`whatsapp_message_id` is the one that the request carried."""
    match outcome:
        case Sent():
            honours = None if whatsapp_message_id is None else outcome.honours(whatsapp_message_id)
            return TryReport(has_failed=False, honours_message_id=honours)
        case PermanentFailure():
            return TryReport()
    return TryReport(has_failed=True)
