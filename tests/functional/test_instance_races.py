"""What two callers do to one instance at once: what a server said before is not the truth after."""

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from campaigns.domain.errors import NotFound
from campaigns.domain.model import ConnectionState
from campaigns.services.ports_evolution import GatewayAdmin
from campaigns.services.ports_registry import InstanceBook
from tests.fakes.api import EVOLUTION, INSTANCE_KEY, INSTANCES, Shop

#: A deployment has one place for each phone: every test scans with its own.
_NUMBERS = count(5_511_990_003_100)


class Meanwhile[T]:
    """Something happens right after (or before) a call was answered, once."""

    def __init__(self, inner: T, name: str, happens: Callable[[], object], *, before=False) -> None:
        self._inner = inner
        self._name = name
        self._happens = [happens]
        self._before = before

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)
        if name != self._name:
            return method

        def call(*arguments: Any, **options: Any) -> Any:
            if self._before:
                self._happen()
            answer = method(*arguments, **options)
            self._happen()
            return answer

        return call

    def _happen(self) -> None:
        if self._happens:
            self._happens.pop()()


def path_of(instance: dict[str, Any]) -> str:
    return f"{INSTANCES}{instance['id']}/"


def connecting(shop: Shop) -> dict[str, Any]:
    """An instance that was made and waits to be scanned."""
    instance = shop.owner.post(INSTANCES, {"name": "Filial", "create_on_server": True}).json
    shop.owner.get(path_of(instance) + "qrcode/")
    return instance


def scan(shop: Shop, instance: dict[str, Any]) -> str:
    """The phone that scanned, in digits."""
    phone = str(next(_NUMBERS))
    shop.deployment.evolution.scan(instance["evolution_instance"], phone)
    return phone


def refresh(shop: Shop, instance: dict[str, Any], **parts: Any) -> ConnectionState:
    manage = shop.app.instances
    follow = replace(manage.follow, instances=parts.get("instances", manage.instances))
    manage = replace(manage, follow=follow, **parts)
    return manage.refresh(shop.tenant_id, instance["id"]).gate.connection_state


def admin(shop: Shop) -> GatewayAdmin:
    return shop.app.connect_instance.admin


def store(shop: Shop) -> InstanceBook:
    return shop.app.instance_store


def registered(shop: Shop, phone: str) -> int:
    """The status of registering another instance that is connected with that phone."""
    name = shop.server_instance()
    shop.deployment.evolution.register_instance(name, INSTANCE_KEY, number=phone)
    body = {"name": "Outra", "evolution_url": EVOLUTION, "evolution_instance": name}
    return shop.owner.post(INSTANCES, body | {"api_key": INSTANCE_KEY}).status


def test_a_refresh_that_asked_before_a_disconnect_does_not_open_the_gate_again(shop: Shop):
    instance = shop.instance()

    def disconnect() -> None:
        assert shop.owner.post(path_of(instance) + "disconnect/").status == 200

    asking = Meanwhile(admin(shop), "connection", disconnect)
    # Another disconnecting has shut the gate and not yet asked the server.
    store(shop).note_state(instance["id"], ConnectionState.CLOSE)

    probe = replace(shop.app.instances.probe, admin=asking)
    assert refresh(shop, instance, probe=probe) is ConnectionState.CLOSE

    now = shop.owner.get(path_of(instance)).json
    assert (now["connection_state"], now["connected_phone"]) == ("close", None)


def test_a_refresh_while_the_server_lets_go_does_not_open_the_gate_again(shop: Shop):
    instance = connecting(shop)
    scan(shop, instance)
    shop.owner.get(path_of(instance) + "qrcode/")
    answered: list[ConnectionState] = []

    def ask_before_it_lets_go() -> None:
        answered.append(refresh(shop, instance))

    asking = Meanwhile(admin(shop), "logout", ask_before_it_lets_go, before=True)
    disconnect = replace(shop.app.connect_instance, admin=asking)
    view = disconnect.disconnect(shop.tenant_id, instance["id"])

    assert answered == [ConnectionState.OPEN]
    assert view.gate.connection_state is ConnectionState.CLOSE
    now = shop.owner.get(path_of(instance)).json
    assert (now["connection_state"], now["connected_phone"]) == ("close", None)


def test_a_code_that_was_shown_before_the_scan_does_not_shut_the_gate_after_it(shop: Shop):
    instance = connecting(shop)
    store(shop).note_state(instance["id"], ConnectionState.CLOSE)

    def scanned_and_seen() -> None:
        scan(shop, instance)
        assert shop.owner.get(path_of(instance) + "qrcode/").json["connected"]

    asking = Meanwhile(admin(shop), "connect", scanned_and_seen)
    replace(shop.app.connect_instance, admin=asking).show(shop.tenant_id, instance["id"])

    assert shop.owner.get(path_of(instance)).json["connection_state"] == "open"


def test_of_two_who_see_the_scan_at_once_both_are_told_that_it_is_connected(shop: Shop):
    instance = connecting(shop)
    phone = scan(shop, instance)

    def the_other_asks() -> None:
        assert shop.owner.get(path_of(instance) + "qrcode/").json["connected"]

    writing = Meanwhile(store(shop), "change", the_other_asks, before=True)
    assert refresh(shop, instance, instances=writing) is ConnectionState.OPEN
    assert shop.owner.get(path_of(instance)).json["connected_phone"] == "+" + phone


def test_a_refresh_of_an_instance_that_is_being_deleted_registers_no_phone(shop: Shop):
    instance = connecting(shop)
    phone = scan(shop, instance)
    # Open, and the phone is all that is new.
    store(shop).note_state(instance["id"], ConnectionState.OPEN)

    def begin_to_delete() -> None:
        kept = store(shop).read(instance["id"])
        assert kept is not None
        assert store(shop).retire(kept, [], whole=False) is None

    writing = Meanwhile(store(shop), "change", begin_to_delete, before=True)
    with pytest.raises(NotFound):
        refresh(shop, instance, instances=writing)

    assert registered(shop, phone) == 201
