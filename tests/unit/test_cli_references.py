"""Things by the names that people use, and what to do when something is refused."""

import httpx
import pytest

from campaigns_cli.api import Api
from campaigns_cli.connection import Server
from campaigns_cli.errors import CliError, Problem, UnusableInput
from campaigns_cli.hints import Asked, hint
from campaigns_cli.references import CAMPAIGN, CONTACT, GROUP, KEY, find, one_of
from campaigns_cli.send_campaign import find_instance

GROUPS = [
    {"id": "gr_01hzaaaa", "name": "VIP"},
    {"id": "gr_01hzbbbb", "name": "Clientes VIP"},
    {"id": "gr_01hzbbcc", "name": "Fornecedores"},
    {"id": "gr_01hzdddd", "name": "fornecedores"},
]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("gr_01hzaaaa", "gr_01hzaaaa"),
        ("vip", "gr_01hzaaaa"),
        ("clientes vip", "gr_01hzbbbb"),
        ("gr_01hza", "gr_01hzaaaa"),
    ],
)
def test_an_id_a_name_and_the_beginning_of_an_id_name_a_thing(wanted, found):
    assert one_of(GROUP, wanted, GROUPS)["id"] == found


@pytest.mark.parametrize("wanted", ["Fornecedores", "gr_01hzbb"])
def test_two_that_may_be_meant_are_both_named(wanted):
    with pytest.raises(UnusableInput, match="gr_01hzbbcc") as refusal:
        one_of(GROUP, wanted, GROUPS)
    assert "use o id" in refusal.value.message


@pytest.mark.parametrize("wanted", ["", "  "])
def test_nothing_names_nothing_and_asks_no_server(wanted):
    with pytest.raises(UnusableInput, match="Diga qual é o contato"):
        find(api_over(lambda _: httpx.Response(500)), CONTACT, wanted)


def test_of_a_few_things_that_no_search_finds_all_are_named():
    with pytest.raises(CliError, match=r"O que há: VIP \(gr_01hzaaaa\), Clientes VIP"):
        one_of(GROUP, "natal", GROUPS)
    with pytest.raises(CliError, match="Veja o que há: campaigns list"):
        one_of(CAMPAIGN, "cp_x", [{"id": "cp_1", "name": "Natal"}])


def test_people_of_one_name_are_told_apart_by_their_phones():
    people = [
        {"id": "ct_1", "name": "Ana", "phone": "+5511990000101"},
        {"id": "ct_2", "name": "Ana", "phone": "+5511990000103"},
    ]
    with pytest.raises(UnusableInput) as refusal:
        one_of(CONTACT, "ana", people)
    assert refusal.value.message == (
        "“ana” pode ser mais de um; use o telefone ou o id: Ana, (11) 99000-0101 (ct_1), "
        "Ana, (11) 99000-0103 (ct_2)"
    )


def instances_api(*names):
    found = [{"id": f"in_01hz{name}", "name": name} for name in names]

    def answer(request):
        wanted = request.url.path.removeprefix("/api/instances/").removesuffix("/")
        if not wanted:
            return httpx.Response(200, json={"results": found, "next": None})
        one = next((one for one in found if one["id"] == wanted), None)
        return httpx.Response(200, json=one) if one else httpx.Response(404, json={"code": "x"})

    return api_over(answer)


@pytest.mark.parametrize("wanted", ["loja", "in_01hzLoja", "in_01hzL", None])
def test_a_whatsapp_is_named_as_any_other_thing_or_is_the_only_one(wanted):
    names = ["Loja"] if wanted is None else ["Loja", "Filial"]
    assert find_instance(instances_api(*names), wanted)["name"] == "Loja"


def test_a_whatsapp_that_has_to_be_chosen_is_asked_for():
    with pytest.raises(UnusableInput, match=r"Diga qual deles.*: Loja \(in_01hzLoja\), Filial"):
        find_instance(instances_api("Loja", "Filial"), None)
    with pytest.raises(UnusableInput, match="campaigns instances create"):
        find_instance(instances_api(), None)
    with pytest.raises(CliError, match="Não achei o WhatsApp “Centro”"):
        find_instance(instances_api("Loja"), "Centro")


@pytest.mark.parametrize("wanted", ["gr_", "gr_0", ""])
def test_too_little_of_an_id_names_nothing(wanted):
    with pytest.raises(CliError, match="Não achei o grupo"):
        one_of(GROUP, wanted, [{"id": "gr_01hzaaaa", "name": "VIP"}])


def test_what_comes_close_is_offered():
    with pytest.raises(CliError, match=r"Há de parecido: Clientes VIP \(gr_01hzbbbb\)"):
        one_of(GROUP, "clientes", GROUPS)


def test_a_key_is_found_by_its_name_and_by_the_beginning_of_its_id():
    keys = [{"id": "01hzaaaa", "name": "Sistema"}, {"id": "01hzbbbb", "name": "Ana"}]
    assert one_of(KEY, "ana", keys)["id"] == "01hzbbbb"
    assert one_of(KEY, "01hza", keys)["id"] == "01hzaaaa"


def api_over(answer):
    return Api(
        Server("http://api", "k"), transport=httpx.MockTransport(answer), sleep=lambda _: None
    )


def test_a_phone_finds_its_contact_under_any_spelling():
    def answer(request):
        assert request.url.params["search"] == "11 9 9000-2471"
        maria = {"id": "ct_1", "name": "Maria", "phone": "+5511990002471"}
        return httpx.Response(200, json={"results": [maria], "next": None})

    assert find(api_over(answer), CONTACT, "11 9 9000-2471")["id"] == "ct_1"


def test_a_whole_id_costs_one_request():
    requests = []

    def answer(request):
        requests.append(request)
        return httpx.Response(200, json={"id": "cp_1", "name": "Natal"})

    assert find(api_over(answer), CAMPAIGN, "cp_1")["name"] == "Natal"
    assert len(requests) == 1


def test_a_wrong_key_is_no_missing_thing():
    with pytest.raises(Problem, match="CAMPAIGNS_KEY"):
        find(api_over(lambda _: httpx.Response(401)), CAMPAIGN, "cp_1")


@pytest.mark.parametrize(
    ("status", "body", "help"),
    [
        (409, {"code": "contact_exists", "existing_id": "ct_9"}, "contacts show ct_9"),
        (409, {"code": "already_created", "existing_id": "k1"}, "keys delete k1"),
        (409, {"code": "last_owner_key"}, "keys create"),
        (
            409,
            {"code": "start_refused", "errors": [{"code": "missing_values", "message": "x"}]},
            "campaigns update cp_1 --allow-missing",
        ),
        (409, {"code": "instance_disconnected"}, "campaigns instances connect"),
        (403, {"code": "forbidden"}, "campaigns me"),
        (503, {"code": "unavailable"}, "Tente de novo"),
    ],
)
def test_a_refusal_names_the_command_that_helps(status, body, help):
    api = api_over(lambda _: httpx.Response(status, json=body))
    with pytest.raises(Problem, match=help):
        api.post("/api/campaigns/campaigns/cp_1/start/")


@pytest.mark.parametrize(
    ("method", "call", "state", "help"),
    [
        ("POST", "pause/", "draft", "campaigns start cp_1"),
        ("POST", "start/", "scheduled", "campaigns unschedule cp_1"),
        ("POST", "start/", "active", "campaigns watch cp_1"),
        ("POST", "start/", "paused", "campaigns resume cp_1"),
        ("POST", "resume/", "completed", "campaigns duplicate cp_1"),
        ("POST", "unschedule/", "active", "campaigns pause cp_1"),
        ("POST", "cancel/", "draft", "campaigns delete cp_1"),
        ("POST", "cancel/", "completed", "campaigns archive cp_1"),
        ("POST", "archive/", "draft", "campaigns delete cp_1"),
        ("POST", "archive/", "paused", "campaigns cancel cp_1"),
        ("DELETE", "", "active", "campaigns cancel cp_1"),
        ("DELETE", "", "cancelled", "campaigns archive cp_1"),
        ("PATCH", "", "scheduled", "campaigns unschedule cp_1"),
        ("PATCH", "", "active", "campaigns duplicate cp_1"),
        ("POST", "messages/", "paused", "campaigns duplicate cp_1"),
        ("DELETE", "messages/ms_1/", "completed", "campaigns duplicate cp_1"),
        ("POST", "contacts/", "completed", "campaigns duplicate cp_1"),
        ("POST", "contacts/", "scheduled", "campaigns unschedule cp_1"),
    ],
)
def test_what_helps_in_a_state_depends_on_what_was_asked(method, call, state, help):
    asked = Asked(method, f"/api/campaigns/campaigns/cp_1/{call}")
    said = hint(409, {"code": "invalid_state", "current_status": state}, asked)
    assert said is not None
    assert said.endswith(help)


@pytest.mark.parametrize("code", ["evolution_error", "evolution_unreachable"])
def test_what_the_evolution_server_refused_is_not_promised_to_pass(code):
    assert hint(502, {"code": code}, Asked("POST", "/api/instances/")) is None


def test_whose_campaigns_keep_an_instance_is_asked_for_by_its_id():
    asked = Asked("DELETE", "/api/instances/in_1/")
    assert "campaigns list --instance in_1" in str(hint(409, {"code": "instance_in_use"}, asked))


def test_a_test_without_a_reader_is_told_how_to_name_one():
    body = {
        "code": "validation_failed",
        "errors": [{"field": "contact_id", "code": "missing_values", "message": "x"}],
    }
    asked = Asked("POST", "/api/campaigns/campaigns/cp_1/messages/ms_1/test/")
    said = str(hint(422, body, asked))
    assert "--contact" in said
    assert "--allow-missing" not in said


def test_a_change_waits_while_the_server_is_busy_and_is_not_repeated_otherwise():
    answers = [httpx.Response(429, headers={"Retry-After": "7"}), httpx.Response(200, json={})]
    waits, told = [], []
    api = Api(
        Server("http://api", "k"),
        transport=httpx.MockTransport(lambda _: answers.pop(0)),
        sleep=waits.append,
        jitter=lambda: 0.5,
        on_wait=told.append,
    )
    api.patch("/x/", {})
    assert (waits, told) == ([7.0], [7.0])
    answers += [httpx.Response(503, json={"code": "concurrent_update"}), httpx.Response(204)]
    api.delete("/x/")
    assert waits == [7.0, 0.5]
    assert told == [7.0]
    answers += [httpx.Response(503, json={"code": "unavailable"})]
    with pytest.raises(Problem):
        api.delete("/x/")
    assert answers == []


def test_an_edit_is_made_of_what_is_there_now():
    stored = {"tags": ["a"], "version": 1}
    patches = []

    def answer(request):
        if request.method == "GET":
            return httpx.Response(200, json=stored, headers={"ETag": f'"{stored["version"]}"'})
        patches.append(request)
        if len(patches) == 1:
            # Somebody else was faster.
            stored.update(tags=["a", "b"], version=2)
            return httpx.Response(412, json={"code": "precondition_failed"})
        assert request.headers["If-Match"] == '"2"'
        return httpx.Response(200, content=request.content)

    changed = api_over(answer).edit("/x/", lambda now: {"tags": [*now["tags"], "c"]})
    assert changed == {"tags": ["a", "b", "c"]}
