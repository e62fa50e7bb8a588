"""An instance is shown to a phone until the phone has scanned it."""

from collections.abc import Callable
from dataclasses import dataclass

from campaigns_cli.api import Api, Json
from campaigns_cli.errors import CliError
from campaigns_cli.language import t
from campaigns_cli.references import INSTANCE

#: A code lives for some twenty seconds; asking more often only loads the Evolution server.
POLL_SECONDS = 3.0
_PHONE_POLLS = 5


@dataclass(frozen=True, slots=True)
class Pairing:
    """What a phone is shown: the text of a QR code, a code to type, or neither yet."""

    code: str | None = None
    pairing_code: str | None = None


class NotScannedInTime(CliError):
    """The time was over and nobody had scanned."""

    def __init__(self, instance: Json, seconds: float) -> None:
        name, again = instance["name"], f"campaigns instances connect {instance['id']}"
        super().__init__(
            t(
                f"Ninguém leu o código em {seconds:g} s, e {name} continua desconectado. Deixe o "
                f"WhatsApp aberto em Aparelhos conectados e rode de novo: {again} (--timeout dá "
                "mais tempo, --phone usa um código para digitar).",
                f"Nobody scanned the code within {seconds:g} s, and {name} is still not connected. "
                f"Have WhatsApp open at Linked devices and run again: {again} (--timeout gives "
                "more time, --phone uses a code to type).",
            )
        )


def connect_instance(
    api: Api,
    instance: Json,
    *,
    phone: str | None,
    seconds: float,
    sleep: Callable[[float], None],
    clock: Callable[[], float],
    on_pairing: Callable[[Pairing], None],
) -> Json:
    """Returns the instance once it is connected, as it is then; raises `NotScannedInTime`.

    `on_pairing` gets each code that is new. `clock` tells seconds; `phone` asks for a code to type
    on that phone.
    """
    path = INSTANCE.path_of(instance, "qrcode/")
    deadline = clock() + seconds
    shown: Pairing | None = None
    while True:
        answer = api.get(path, {"phone": phone} if phone else None)
        if answer.get("connection_state") == "open":
            return _with_its_phone(api, str(instance["id"]), sleep)
        pairing = Pairing(answer.get("code"), answer.get("pairing_code"))
        if pairing != shown:
            on_pairing(pairing)
            shown = pairing
        if clock() + POLL_SECONDS > deadline:
            raise NotScannedInTime(instance, seconds)
        sleep(POLL_SECONDS)


def _with_its_phone(api: Api, instance_id: str, sleep: Callable[[float], None]) -> Json:
    """Evolution learns the phone's number a moment after the connection."""
    for _ in range(_PHONE_POLLS):
        instance = api.post(INSTANCE.path_of(instance_id, "refresh/"))
        if instance.get("connected_phone"):
            break
        sleep(POLL_SECONDS)
    return instance
