"""What travels through the queue: ids, a slot and the person as its group; no text, no phone."""

from dataclasses import dataclass

from campaigns.domain.model import SendJob


@dataclass(frozen=True, slots=True)
class DirectJob:
    """The send of one direct message, not before `slot_at` (epoch ms)."""

    tenant_id: str
    direct_message_id: str
    instance_id: str
    person: str
    slot_at: int

    @property
    def deduplication_id(self) -> str:
        """A direct message is queued once; what a gate refuses is put back and never sent anew."""
        return self.direct_message_id


type Job = SendJob | DirectJob
