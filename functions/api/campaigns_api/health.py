"""Whether the service works: the table answers a read."""

from botocore.exceptions import BotoCoreError, ClientError

from campaigns.adapters.dynamodb import keys
from campaigns.adapters.dynamodb.table import Item
from campaigns.bootstrap import App
from campaigns.domain.instants import SECOND_MS, to_iso
from campaigns_api.models.service import HealthOut

KEPT_MS = 10 * SECOND_MS

_kept: tuple[int, HealthOut] | None = None


def checked(app: App) -> HealthOut:
    """Ask the table, or say what it said in the last ten seconds of this process."""
    global _kept
    now = app.clock.now()
    if _kept is None or not 0 <= now - _kept[0] < KEPT_MS:
        _kept = (now, _ask(app, now))
    return _kept[1]


def _ask(app: App, now: int) -> HealthOut:
    try:
        app.table.get(Item, keys.deployment_secret())
    except (BotoCoreError, ClientError):
        return HealthOut(status="unavailable", checked_at=to_iso(now))
    return HealthOut(status="ok", checked_at=to_iso(now))
