"""`campaigns test-campaign` over the whole API: a receipt, or the reason with its exit code."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from campaigns.domain.model import Role
from campaigns_cli import test_campaign as command
from campaigns_cli.api import Api
from campaigns_cli.connection import Server
from campaigns_cli.errors import CliError
from campaigns_cli.example_texts import TEST_MESSAGE
from campaigns_cli.prove_instance import (
    EXIT_CODES,
    Failed,
    Proof,
    ProofFailed,
    Until,
    Watch,
    contact_with,
    create_test,
    end_test,
    ready_instance,
    run_test,
)
from campaigns_cli.send_campaign import find_instance
from local.fake_evolution import Behaviour, ConnectionState, Operation, Rule
from tests.fakes.api import CAMPAIGNS, INSTANCES, Shop
from tests.fakes.cli import gateway, runner
from tests.fakes.fake_campaigns_api import served

PHONE = "(11) 99000-7001"
DIGITS = "5511990007001"
#: A look takes a while in tests: fewer of them.
LOOKS_EVERY_MS = 10_000


@dataclass
class Prover:
    """Somebody who tests an instance; while she waits, the system goes on as it would."""

    shop: Shop
    key: str
    goes_on: bool = True
    seen: list[str] = field(default_factory=list)
    draft: dict[str, Any] = field(default_factory=dict)

    def prove(self, *, phone: str = PHONE, until: Until = Until.SENT, seconds: float = 60) -> Any:
        transport = httpx.MockTransport(gateway(self.shop))
        server = Server("http://api", self.key)
        with Api(server, transport=transport, sleep=self._sleep) as api:
            instance = ready_instance(api, find_instance(api, None))
            proof = Proof(instance, phone, "Oi, {{nome}}!", until, seconds)
            contact = contact_with(api, phone)
            self.draft = create_test(api, proof, contact["id"], datetime.now(UTC))
            watch = Watch(
                self._sleep,
                lambda: self.shop.clock.now() / 1_000,
                lambda recipient: self.seen.append(recipient["status"]),
            )
            return run_test(api, proof, self.draft, watch)

    def end(self) -> dict[str, Any]:
        """The test's campaign once the test was ended."""
        transport = httpx.MockTransport(gateway(self.shop))
        with Api(Server("http://api", self.key), transport=transport) as api:
            end_test(api, self.draft["id"])
        return self.shop.owner.get(f"{CAMPAIGNS}{self.draft['id']}/").json

    def _sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.shop.clock.sleep(LOOKS_EVERY_MS)
        if self.goes_on:
            self.shop.app.schedule.tick(self.shop.clock.now() + 300_000)
            self.shop.send_planned()


@pytest.fixture
def prover(shop: Shop) -> Prover:
    shop.instance(name="Loja")
    assert shop.owner.key is not None
    return Prover(shop, shop.owner.key)


def server_name(shop: Shop) -> str:
    return str(shop.owner.get(INSTANCES).json["results"][0]["evolution_instance"])


def messages_of(shop: Shop, digits: str = DIGITS) -> list[str]:
    return [one.text for one in shop.deployment.evolution.received(digits)]


def failing(prover: Prover, **options: Any) -> ProofFailed:
    with pytest.raises(ProofFailed) as end:
        prover.prove(**options)
    assert end.value.exit_code == EXIT_CODES[end.value.failed] != 0
    return end.value


def test_one_message_reaches_the_phone_and_is_told_with_whatsapps_id(prover, shop):
    phone, digits = "(11) 99000-7002", "5511990007002"
    recipient = prover.prove(phone=phone)
    assert recipient["status"] == "sent"
    assert prover.seen == ["pending"]
    (message,) = shop.deployment.evolution.received(digits)
    assert message.text == "Oi, Teste!"
    (sent,) = recipient["history"]
    assert sent["metadata"]["whatsapp_message_id"] == message.id


def test_a_test_can_be_repeated_and_frees_the_instance_each_time(prover, shop):
    phone, digits = "(11) 99000-7003", "5511990007003"
    before = len(messages_of(shop, digits))
    for _ in range(2):
        prover.prove(phone=phone, seconds=300)
        assert prover.end()["status"] in {"completed", "cancelled"}
        available = f"{INSTANCES}{prover.draft['instance']['id']}/availability/"
        assert shop.owner.get(available).json["available"] is True
    assert len(messages_of(shop, digits)) == before + 2
    contacts = shop.owner.get("/api/contacts/contacts/").json["results"]
    assert [one["name"] for one in contacts] == ["Teste"]


def test_a_test_is_put_away_when_it_is_over(prover, shop):
    prover.prove(phone="(11) 99000-7004")
    assert prover.end()["archived_at"] is not None


def test_a_contact_that_is_there_keeps_its_name(prover, shop):
    shop.owner.post("/api/contacts/contacts/", {"name": "Ana", "phone": "(11) 99000-7005"})
    prover.prove(phone="11 99000 7005")
    assert messages_of(shop, "5511990007005")[-1] == "Oi, Ana!"


def test_an_operators_key_is_enough(prover, shop):
    key = shop.client(Role.OPERATOR).key
    assert key is not None
    assert Prover(shop, key).prove(phone="(11) 99000-7006")["status"] == "sent"


def test_a_number_without_whatsapp(prover, shop):
    shop.deployment.evolution.not_on_whatsapp("5511990007007")
    error = failing(prover, phone="(11) 99000-7007")
    assert error.failed is Failed.NOT_ON_WHATSAPP
    assert "Confira o número" in error.message


def test_a_disconnected_instance_says_how_to_connect_it(prover, shop):
    shop.deployment.evolution.set_state(server_name(shop), ConnectionState.CLOSE)
    error = failing(prover)
    assert error.failed is Failed.DISCONNECTED
    assert "campaigns instances connect in_" in error.message
    assert prover.draft == {}


@pytest.mark.parametrize("behaviour", [Behaviour.UNAUTHORIZED, Behaviour.CONNECTION_REFUSED])
def test_a_server_that_refuses_or_does_not_answer(prover, shop, behaviour):
    evolution = shop.deployment.evolution
    rule = evolution.add_rule(Rule(behaviour, instance=server_name(shop), operation=None))
    try:
        assert failing(prover).failed is Failed.SERVER_REFUSES
    finally:
        evolution.clear_rules(rule.rule_id)


def test_a_key_that_is_refused_only_at_the_send_pauses_the_test_and_says_why(prover, shop):
    evolution = shop.deployment.evolution
    name = server_name(shop)
    rule = evolution.add_rule(Rule(Behaviour.UNAUTHORIZED, instance=name, operation=Operation.SEND))
    try:
        error = failing(prover, phone="(11) 99000-7008")
    finally:
        evolution.clear_rules(rule.rule_id)
    assert error.failed is Failed.SERVER_REFUSES
    assert "recusou a chave" in error.message


def test_an_instance_that_another_campaign_holds(prover, shop):
    instance = shop.owner.get(INSTANCES).json["results"][0]
    other = shop.campaign(shop.contacts(1, first=7_100), instance_id=instance["id"])
    shop.owner.post(f"{CAMPAIGNS}{other['id']}/start/")
    assert failing(prover).failed is Failed.BUSY
    assert shop.owner.get(f"{CAMPAIGNS}{other['id']}/").json["status"] == "active"


def test_a_person_who_opted_out(prover, shop):
    phone = "(11) 99000-7009"
    contact = shop.owner.post("/api/contacts/contacts/", {"name": "Bia", "phone": phone}).json
    shop.owner.post(f"/api/contacts/contacts/{contact['id']}/opt-out/")
    error = failing(prover, phone=phone)
    assert error.failed is Failed.PERSON_LEFT_OUT
    assert f"opt-in {contact['id']}" in error.message


def test_what_does_not_leave_in_time_never_leaves(prover, shop):
    phone, digits = "(11) 99000-7010", "5511990007010"
    prover.goes_on = False
    error = failing(prover, phone=phone, seconds=30)
    assert error.failed is Failed.TOO_LATE
    assert prover.end()["status"] == "cancelled"
    shop.send_everything()
    assert messages_of(shop, digits) == []


def test_a_send_without_an_answer_is_doubtful(prover, shop):
    evolution = shop.deployment.evolution
    name = server_name(shop)
    rule = evolution.add_rule(Rule(Behaviour.SENT_ANSWER_LOST, instance=name, row=False))
    try:
        error = failing(prover, phone="(11) 99000-7011", seconds=60)
    finally:
        evolution.clear_rules(rule.rule_id)
    assert error.failed in {Failed.TOO_LATE, Failed.UNCONFIRMED}
    assert "celular" in error.message


def test_a_receipt_that_does_not_come_is_not_taken_for_a_message_that_did_not_leave(prover):
    error = failing(prover, phone="(11) 99000-7012", until=Until.READ, seconds=20)
    assert error.failed is Failed.TOO_LATE
    assert "Saiu, mas" in error.message
    assert "leitura" in error.message


def test_each_reason_has_an_exit_code_of_its_own():
    assert EXIT_CODES.keys() == set(Failed)
    assert len(set(EXIT_CODES.values())) == len(Failed)
    assert not {0, 2} & set(EXIT_CODES.values())


# ------------------------------------------------------------ as it is typed


@pytest.fixture
def run(shop, monkeypatch, capsys) -> Callable[..., Any]:
    """The command; each time a recipient is read, the system has gone on."""
    answer = gateway(shop)

    def answered(request: httpx.Request) -> httpx.Response:
        if "/contacts/rc_" in request.url.path:
            shop.send_planned()
        return answer(request)

    with served(answered) as url:
        monkeypatch.setenv("CAMPAIGNS_URL", url)
        monkeypatch.setenv("CAMPAIGNS_KEY", shop.owner.key or "")
        yield runner(monkeypatch, capsys)


def test_the_receipt_says_who_when_and_how_long(run, prover):
    ended = run("test-campaign", "--instance", "loja", "--phone", "(11) 99000-7021")
    assert ended.code == 0, ended.err
    lines = dict(line.split("  ", 1) for line in ended.out.splitlines()[1:])
    titles = {title: value.strip() for title, value in lines.items()}
    assert titles["De"].startswith("Loja")
    assert titles["Para"] == "Teste · (11) 99000-7021"
    assert titles["Texto"] == TEST_MESSAGE["pt-BR"]
    assert titles["Demorou"].endswith(" s")
    assert titles["Id no WhatsApp"].startswith("3EB0")
    assert "Entregue" not in titles


def test_the_receipt_in_json_and_the_texts_language(run, prover):
    receipt = run("test-campaign", "--phone", "(11) 99000-7022", "--language", "en", "--json").json
    assert receipt["ok"] is True
    assert (receipt["status"], receipt["failed"]) == ("sent", None)
    assert receipt["text"] == TEST_MESSAGE["en"]
    assert receipt["contact"]["phone"] == "+5511990007022"
    assert receipt["seconds"] >= 0
    assert receipt["whatsapp_message_id"].startswith("3EB0")


def test_a_failure_in_json_has_its_receipt_its_sentence_and_its_code(run, prover, shop):
    shop.deployment.evolution.not_on_whatsapp("5511990007023")
    ended = run("test-campaign", "--phone", "(11) 99000-7023", "--json")
    assert ended.code == 3
    receipt = json.loads(ended.out)
    assert (receipt["ok"], receipt["failed"]) == (False, "not_on_whatsapp")
    assert receipt["error_code"] == "number_not_on_whatsapp"
    assert "Confira o número" in ended.err
    assert "nada mais sai" in ended.err


def test_a_phone_that_is_none_is_refused_before_a_campaign_is_made(run, prover, shop):
    ended = run("test-campaign", "--phone", "123")
    assert ended.code == 1
    assert "phone" in ended.err
    assert shop.owner.get(CAMPAIGNS).json["results"] == []


def test_a_second_instance_asks_which(run, prover, shop):
    shop.instance(name="Filial")
    ended = run("test-campaign", "--phone", PHONE)
    assert ended.code == 2
    assert "Filial" in ended.err


def test_a_problem_of_the_api_is_a_plain_error(prover, shop):
    prover.key = shop.client(Role.VIEWER).key or ""
    with pytest.raises(CliError) as end:
        prover.prove()
    assert end.value.exit_code == 1


@pytest.mark.parametrize(("waits", "left"), [(0, []), (1, ["cancelled"])])
def test_ctrl_c_ends_the_test_so_that_nothing_is_sent_later(
    run, prover, shop, monkeypatch, waits, left
):
    """A draft is deleted, and what was started is cancelled."""
    sleeps = []

    def press_ctrl_c_later(_seconds):
        sleeps.append(_seconds)
        if len(sleeps) > waits:
            raise KeyboardInterrupt

    # Its turn has not come: nothing was sent when the key is pressed.
    monkeypatch.setattr(shop, "send_planned", lambda: None)
    monkeypatch.setattr(command.time, "sleep", press_ctrl_c_later)
    ended = run("test-campaign", "--phone", "(11) 99000-7024")
    assert ended.code == 130
    assert "nada mais sai" in ended.err
    listed = [
        one
        for archived in ("true", "false")
        for one in shop.owner.get(CAMPAIGNS, archived=archived).json["results"]
    ]
    assert [one["status"] for one in listed] == left
    assert all(one["name"].startswith("Teste de envio ") for one in listed)
