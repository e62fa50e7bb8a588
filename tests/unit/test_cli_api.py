"""What the command line repeats, and how it words what the server answers."""

import httpx
import pytest

from campaigns_cli.api import Api
from campaigns_cli.connection import Server, find_server, read_stack
from campaigns_cli.errors import CliError, Problem, ServerUnreachable, UnusableInput
from campaigns_cli.language import language


def api_answering(*answers):
    """An API that gives these answers in turn, with what it was asked and how long it waited."""
    script, requests, waits = list(answers), [], []

    def answer(request):
        requests.append(request)
        step = script.pop(0)
        if isinstance(step, Exception):
            raise step
        return step

    api = Api(
        Server("http://api", "k"),
        transport=httpx.MockTransport(answer),
        sleep=waits.append,
        jitter=lambda: 0.5,
    )
    return api, requests, waits


def ok(**body):
    return httpx.Response(200, json=body)


@pytest.mark.parametrize(
    "fault",
    [
        httpx.Response(429),
        httpx.Response(503),
        httpx.Response(504),
        httpx.Response(409, json={"code": "idempotency_in_progress"}),
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("closed"),
    ],
)
def test_a_passing_fault_is_tried_again_with_the_same_idempotency_key(fault):
    api, requests, waits = api_answering(fault, ok(created=1))
    assert api.post("/x/", {"a": 1}) == {"created": 1}
    assert waits == [0.5]
    keys = [request.headers["Idempotency-Key"] for request in requests]
    assert keys[0] == keys[1]


def test_each_call_has_an_idempotency_key_of_its_own():
    api, requests, _ = api_answering(ok(), ok())
    api.post("/x/")
    api.post("/x/")
    assert len({request.headers["Idempotency-Key"] for request in requests}) == 2


def test_the_waits_double_and_a_retry_after_is_honoured():
    slow = httpx.Response(429, headers={"Retry-After": "7"})
    endless = httpx.Response(429, headers={"Retry-After": "3600"})
    api, _, waits = api_answering(httpx.Response(503), httpx.Response(503), slow, endless, ok())
    api.get("/x/")
    assert waits == [0.5, 1.0, 7.0, 30.0]


def test_a_lost_server_is_told_after_five_tries():
    api, requests, _ = api_answering(*[httpx.ConnectError("refused")] * 5)
    with pytest.raises(ServerUnreachable, match="http://api não responde"):
        api.get("/x/")
    assert len(requests) == 5


def test_a_change_without_idempotency_key_is_not_repeated():
    api, requests, _ = api_answering(httpx.ReadTimeout("slow"))
    with pytest.raises(ServerUnreachable):
        api.patch("/x/", {})
    assert len(requests) == 1


def test_a_refusal_is_not_repeated_and_tells_every_reason():
    errors = [
        {"field": "", "code": "instance_busy", "message": "A instância está ocupada."},
        {"field": "messages", "code": "no_active_message", "message": "Nenhuma mensagem ativa."},
    ]
    body = {"code": "start_refused", "detail": "Não pode iniciar.", "errors": errors}
    api, requests, _ = api_answering(httpx.Response(409, json=body))
    with pytest.raises(Problem) as refusal:
        api.post("/x/")
    assert refusal.value.message == (
        "A campanha ainda não pode ser iniciada:\n  - A instância está ocupada.\n"
        "  - messages: Nenhuma mensagem ativa.\n"
        "Veja qual campanha a ocupa: campaigns instances list"
    )
    assert len(requests) == 1


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (httpx.Response(401, json={"detail": "Chave inválida."}), "CAMPAIGNS_KEY"),
        (httpx.Response(500, text="<html>"), "O servidor respondeu 500"),
        (httpx.Response(404, json={"message": "Not Found"}), "Not Found.*Confira o endereço"),
        (httpx.Response(301, json=[]), "O servidor respondeu 301.*Confira o endereço"),
    ],
)
def test_an_answer_that_is_no_problem_document_is_worded_too(response, words):
    api, _, _ = api_answering(response)
    with pytest.raises(Problem, match=f"(?s){words}"):
        api.get("/x/")


@pytest.mark.parametrize(
    "answer", [httpx.Response(200, text="<html>"), httpx.Response(200, json=[])]
)
def test_a_page_of_something_else_is_no_empty_list(answer):
    api, _, _ = api_answering(answer, answer)
    with pytest.raises(CliError, match="http://api não é a API de campanhas"):
        api.listed("/x/", at_most=5)
    with pytest.raises(CliError, match="http://api não é a API de campanhas"):
        api.post("/x/")


def test_a_list_without_results_is_no_list():
    api, _, _ = api_answering(ok(results=5))
    with pytest.raises(CliError, match="http://api não é a API de campanhas"):
        api.listed("/x/", at_most=5)


def test_an_answer_without_a_body_is_none():
    api, _, _ = api_answering(httpx.Response(204))
    api.delete("/x/")


def test_any_limit_may_be_asked_for():
    api, _, _ = api_answering(ok(results=[{"id": 1}], next=None))
    assert api.listed("/x/", at_most=10**20) == ([{"id": 1}], False)


def test_a_wrong_key_is_told_without_the_words_of_http():
    detail = "Falta uma chave válida. Envie `Authorization: Bearer <chave>`."
    api, _, _ = api_answering(httpx.Response(401, json={"code": "unauthorized", "detail": detail}))
    with pytest.raises(Problem) as refusal:
        api.get("/x/")
    assert "Bearer" not in refusal.value.message
    assert refusal.value.message.startswith("O servidor http://api não aceita esta chave.")


@pytest.mark.parametrize(
    ("code", "head"),
    [
        ("validation_failed", "Confira:"),
        ("unknown_reference", "Isto não existe:"),
        ("read_only_field", "Isto não pode ser mudado aqui:"),
        ("start_refused", "A campanha ainda não pode ser iniciada:"),
    ],
)
def test_what_is_wrong_is_told_in_place_of_where_the_api_tells_it(code, head):
    errors = [{"field": "phone", "code": "x", "message": "O telefone tem letras."}]
    detail = "Há campos inválidos: veja `errors`."
    api, _, _ = api_answering(
        httpx.Response(422, json={"code": code, "detail": detail, "errors": errors})
    )
    with pytest.raises(Problem) as refusal:
        api.get("/x/")
    assert refusal.value.message == f"{head}\n  - phone: O telefone tem letras."


def test_whoever_runs_the_server_can_find_what_failed_in_it():
    api, _, _ = api_answering(
        httpx.Response(
            500,
            json={"code": "internal_error", "detail": "Erro interno. Informe o X-Request-Id."},
            headers={"X-Request-Id": "b82d-544d"},
        )
    )
    with pytest.raises(Problem) as refusal:
        api.get("/x/")
    assert refusal.value.message == (
        "O servidor falhou ao fazer isto (pedido b82d-544d).\nTente de novo em alguns instantes."
    )


def test_a_reason_is_not_told_twice():
    busy = "A instância está ocupada."
    errors = [{"field": "", "code": "instance_busy", "message": busy}]
    api, _, _ = api_answering(
        httpx.Response(409, json={"code": "instance_busy", "detail": busy, "errors": errors})
    )
    with pytest.raises(Problem) as refusal:
        api.get("/x/")
    assert refusal.value.message.count(busy) == 1


def test_a_list_is_read_page_after_page():
    pages = [ok(results=[{"id": 1}], next="c2"), ok(results=[{"id": 2}], next=None)]
    api, requests, _ = api_answering(*pages)
    assert [one["id"] for one in api.each("/x/")] == [1, 2]
    assert [dict(request.url.params) for request in requests] == [
        {"limit": "200"},
        {"limit": "200", "cursor": "c2"},
    ]


def test_the_key_goes_as_a_bearer_and_the_language_is_asked_for(monkeypatch):
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    api, requests, _ = api_answering(ok())
    api.get("/x/")
    assert requests[0].headers["Authorization"] == "Bearer k"
    assert requests[0].headers["Accept-Language"] == "en"


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "pt-BR"),
        ({"LANG": "C.UTF-8"}, "pt-BR"),
        ({"LANG": "pt_BR.UTF-8"}, "pt-BR"),
        ({"LANG": "en_US.UTF-8"}, "en"),
        ({"LC_ALL": "pt_BR.UTF-8", "LANG": "en_US.UTF-8"}, "pt-BR"),
    ],
)
def test_portuguese_unless_the_locale_is_english(environment, expected):
    assert language(environment) == expected


@pytest.fixture
def stack(tmp_path):
    (tmp_path / ".local").mkdir()
    file = tmp_path / ".local" / "stack.json"
    file.write_text('{"api_url": "http://127.0.0.1:8000", "owner_key": "from-stack"}')
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    return folder


def test_the_nearest_local_stack_is_the_server(stack):
    assert find_server(None, None, {}, stack) == Server("http://127.0.0.1:8000", "from-stack")


def test_what_the_user_gives_comes_first(stack):
    assert find_server("https://api.loja/", "k", {}, stack) == Server("https://api.loja", "k")
    assert find_server(None, "k", {}, stack) == Server("http://127.0.0.1:8000", "k")


def test_the_stacks_key_goes_to_the_stack_only(stack):
    assert find_server("http://127.0.0.1:8000/", None, {}, stack).key == "from-stack"
    with pytest.raises(UnusableInput, match="CAMPAIGNS_KEY"):
        find_server("https://elsewhere", None, {}, stack)


def test_state_dir_names_the_stack(stack, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "stack.json").write_text('{"api_url": "http://127.0.0.1:9000", "owner_key": "o"}')
    assert find_server(None, None, {"STATE_DIR": str(other)}, stack).url == "http://127.0.0.1:9000"
    assert read_stack({"STATE_DIR": str(tmp_path / "none")}, stack) is None


def test_without_any_server_the_user_is_told_how_to_give_one(tmp_path):
    with pytest.raises(UnusableInput, match="CAMPAIGNS_URL"):
        find_server(None, None, {"STATE_DIR": str(tmp_path)}, tmp_path)
    for address in ("api.loja", "ftp://api.loja", "http://", "http://api:port", "http://[api"):
        with pytest.raises(UnusableInput, match="não é um endereço"):
            find_server(address, "k", {}, tmp_path)
    with pytest.raises(UnusableInput, match="copie-a"):
        find_server("https://api.loja", "chave\n", {}, tmp_path)
