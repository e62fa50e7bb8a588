"""What holds for every operation: keys, roles, tenants, problems, languages, lists, repeats."""

import json
from collections.abc import Iterator
from io import StringIO
from logging import StreamHandler

import pytest

import api_handler
from campaigns.domain.model import Role
from campaigns_api.routes import all_operations
from tests.fakes.api import CAMPAIGNS, CONTACTS, INSTANCES, Client, Shop

ANA = {"name": "Ana Paula", "phone": "(11) 99000-2471"}
OPERATIONS = [operation for operation in all_operations() if operation.role is not None]
PLACEHOLDER = "x"


def path_of(operation) -> str:
    return operation.path.format(**dict.fromkeys(operation.parameters, PLACEHOLDER))


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.handler.__name__)
def test_without_a_valid_key_every_operation_is_401(shop: Shop, operation):
    for key in (None, "ak_nonsense", f"ak_{'0' * 26}_{'0' * 64}"):
        answer = Client(key).call(operation.method, path_of(operation))
        assert (answer.status, answer.code) == (401, "unauthenticated")
        assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.handler.__name__)
def test_a_role_that_may_not_call_is_told_so_whatever_the_id_and_the_body(shop: Shop, operation):
    for role in Role:
        answer = shop.client(role).call(operation.method, path_of(operation), b"{")
        may_not = (answer.status, answer.status == 403 and answer.code) == (403, "forbidden")
        assert may_not is not operation.allows(role)


@pytest.mark.parametrize(
    ("path", "thing"),
    [(CAMPAIGNS, "campaign"), (CONTACTS, "contact"), (INSTANCES, "instance")],
)
def test_another_tenants_thing_reads_like_none(shop: Shop, path: str, thing: str):
    ids = {
        "contact": lambda: shop.contact(1)["id"],
        "campaign": lambda: shop.campaign([])["id"],
        "instance": lambda: shop.instance()["id"],
    }
    foreign = shop.stranger().get(f"{path}{ids[thing]()}/")
    unknown = shop.stranger().get(f"{path}{PLACEHOLDER}/")
    assert (foreign.status, foreign.text) == (404, unknown.text)


def test_a_problem_has_the_members_of_rfc_9457_and_a_stable_code(shop: Shop):
    answer = shop.owner.get("/nowhere")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json == {
        "type": "urn:alrea-campaigns:problem:not_found",
        "title": "Não encontrado",
        "status": 404,
        "detail": "Não encontrado.",
        "code": "not_found",
    }


def test_an_unknown_method_is_405_with_the_allowed_ones(shop: Shop):
    answer = shop.owner.put(CONTACTS, {})
    assert (answer.status, answer.code) == (405, "method_not_allowed")
    assert answer.headers["Allow"] == "GET, POST"
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_path_is_the_same_with_and_without_its_trailing_slash(shop: Shop):
    created = shop.contact(1)
    for path in (CONTACTS, CONTACTS + created["id"] + "/", "/api/me/", "/health/"):
        assert shop.owner.get(path).status == shop.owner.get(path.rstrip("/")).status == 200


@pytest.mark.parametrize(
    ("accept_language", "title"),
    [
        (None, "Não encontrado"),
        ("en", "Not found"),
        ("en-GB;q=0.8, pt;q=0.9", "Não encontrado"),
        ("de, en;q=0.1", "Not found"),
        ("de", "Não encontrado"),
        ("pt;q=0, *", "Not found"),
        ("en;q=nonsense", "Não encontrado"),
    ],
)
def test_a_problem_is_worded_in_the_language_that_is_accepted(shop: Shop, accept_language, title):
    client = shop.owner.speaking(accept_language) if accept_language else shop.owner
    assert client.get("/nowhere").json["title"] == title


def test_without_a_wanted_language_the_tenants_counts(shop: Shop):
    english = shop.app.tenants.create_tenant("Shop", locale="en")
    assert Client(english.owner_key).get(CONTACTS + "x/").json["title"] == "Not found"


# --- Bodies and queries ---


@pytest.mark.parametrize("body", [b"{", b"\xff", b'{"name": NaN}', b"[" * 200_000])
def test_a_body_that_is_no_json_is_422(shop: Shop, body: bytes):
    assert shop.owner.post(CONTACTS, body).faults == {"": "invalid_json"}


def test_a_body_that_is_no_object_is_422(shop: Shop):
    assert shop.owner.post(CONTACTS, []).faults == {"": "not_an_object"}


def test_all_faults_of_a_body_are_told_at_once(shop: Shop):
    answer = shop.owner.post(CONTACTS, {"phone": 5, "nome": "Ana", "tags": ["x" * 61]})
    assert answer.status == 422
    assert answer.code == "validation_failed"
    assert answer.faults == {
        "name": "required",
        "phone": "invalid_type",
        "nome": "unknown_field",
        "tags.0": "too_long",
    }
    assert all(error["message"] for error in answer.json["errors"])


def test_faults_of_the_rules_are_told_in_the_same_shape(shop: Shop):
    answer = shop.owner.post(CONTACTS, ANA | {"phone": "99000-2471"})
    assert answer.json["errors"] == [
        {"field": "phone", "code": "phone_no_area_code", "message": "Falta o DDD."}
    ]


@pytest.mark.parametrize("name", ["Ana \ud800", "\ud800"])
def test_a_lone_surrogate_is_a_fault_of_its_field(shop: Shop, name: str):
    assert shop.owner.post(CONTACTS, ANA | {"name": name}).faults == {"name": "invalid_text"}
    answer = shop.owner.post(CONTACTS, ANA | {name: "x"})
    assert answer.status == 422
    answer.text.encode()


def test_a_body_of_countless_faults_gets_an_answer_of_a_sane_size(shop: Shop):
    answer = shop.owner.post(CONTACTS, {f"f{number}": 1 for number in range(50_000)})
    assert answer.status == 422
    assert len(answer.text) < 100_000


def test_an_operation_without_a_body_takes_no_field(shop: Shop):
    campaign = shop.campaign([])
    answer = shop.owner.post(f"{CAMPAIGNS}{campaign['id']}/start/", {"force": True})
    assert answer.faults == {"force": "unknown_field"}


@pytest.mark.parametrize(
    ("path", "limit"), [(CONTACTS, 1_000_000), (CONTACTS + "bulk_create/", 4_000_000)]
)
def test_a_body_over_its_limit_is_413(shop: Shop, path: str, limit: int):
    assert shop.owner.post(path, b" " * limit).status == 422
    over = shop.owner.post(path, b" " * (limit + 1))
    assert (over.status, over.code) == (413, "body_too_large")


def test_an_unknown_query_parameter_is_422(shop: Shop):
    assert shop.owner.get(CONTACTS, sort="name").faults == {"sort": "unknown_parameter"}
    assert shop.owner.get("/api/me/", verbose="1").faults == {"verbose": "unknown_parameter"}


@pytest.mark.parametrize(
    "limit", ["0", "201", "x", "5,6", "", " 5", "+5", "5.0", "1_0", "٥", "9" * 5_000]
)
def test_a_page_holds_from_1_to_200(shop: Shop, limit: str):
    answer = shop.owner.get(CONTACTS, limit=limit)
    assert answer.status == 422
    assert "limit" in answer.faults


def test_an_id_that_could_not_be_one_is_not_looked_up(shop: Shop):
    for strange in ("a b", "a%23b", "é", "x" * 65):
        assert shop.owner.get(f"{CONTACTS}{strange}/").status == 404


# --- Lists and cursors ---


def walked(client: Client, path: str, **query: str | int) -> list[str]:
    """Every id of a list, page by page."""
    found: list[str] = []
    while True:
        page = client.get(path, **query).json
        found += [each["id"] for each in page["results"]]
        if page["next"] is None:
            return found
        query["cursor"] = page["next"]


def test_pages_hold_everything_once_and_in_order(shop: Shop):
    ids = shop.contacts(7)
    assert walked(shop.owner, CONTACTS, limit=3) == ids
    assert walked(shop.owner, CONTACTS, limit=7) == ids


def test_a_cursor_goes_on_with_another_page_size_and_without_the_slash(shop: Shop):
    ids = shop.contacts(4)
    cursor = shop.owner.get(CONTACTS, limit=1).json["next"]
    page = shop.owner.get(CONTACTS.rstrip("/"), limit=3, cursor=cursor).json
    assert [each["id"] for each in page["results"]] == ids[1:]


def test_a_cursor_is_good_only_where_it_came_from(shop: Shop):
    shop.contacts(4)
    cursor = shop.owner.get(CONTACTS, limit=1).json["next"]
    searched = shop.owner.get(CONTACTS, limit=1, search="cliente").json["next"]
    stranger = shop.stranger()
    attempts = [
        shop.owner.get(CONTACTS, cursor=searched),
        shop.owner.get(CONTACTS, cursor=cursor, search="cliente"),
        shop.owner.get(INSTANCES, cursor=cursor),
        stranger.get(CONTACTS, cursor=cursor),
        shop.owner.get(CONTACTS, cursor=cursor[:-6]),
        shop.owner.get(CONTACTS, cursor=("B" if cursor[0] == "A" else "A") + cursor[1:]),
        shop.owner.get(CONTACTS, cursor="não é um cursor"),
        shop.owner.get(CONTACTS, cursor=""),
    ]
    assert {(each.status, each.code) for each in attempts} == {(422, "invalid_cursor")}


# --- Versions ---


def test_a_change_happens_only_over_the_version_that_was_read(shop: Shop):
    path = f"{INSTANCES}{shop.instance()['id']}/"
    etag = shop.owner.get(path).headers["ETag"]
    assert shop.owner.patch(path, {"name": "Um"}, if_match=f'"other", {etag}').status == 200
    late = shop.owner.patch(path, {"name": "Dois"}, if_match=etag)
    assert (late.status, late.code) == (412, "precondition_failed")
    assert shop.owner.patch(path, {"name": "Três"}, if_match="*").status == 200


def test_a_contact_is_deleted_only_in_the_version_that_was_read(shop: Shop):
    path = f"{CONTACTS}{shop.contact(1)['id']}/"
    etag = shop.owner.get(path).headers["ETag"]
    assert shop.owner.delete(path, if_match='"other"').status == 412
    assert shop.owner.delete(path, if_match=etag).status == 204
    assert shop.owner.get(path).status == 404


def test_get_edit_and_send_back_works(shop: Shop):
    path = f"{INSTANCES}{shop.instance()['id']}/"
    instance = shop.owner.get(path).json
    answer = shop.owner.patch(path, instance | {"name": "Outra"})
    assert (answer.status, answer.json["name"]) == (200, "Outra")


def test_a_read_only_field_that_differs_is_422(shop: Shop):
    path = f"{INSTANCES}{shop.instance()['id']}/"
    answer = shop.owner.patch(path, {"id": "in_x", "server_version": "9"})
    assert (answer.status, answer.code) == (422, "read_only_field")
    assert answer.faults == dict.fromkeys(("id", "server_version"), "read_only_field")


# --- Idempotency ---


def test_the_same_key_and_body_have_the_same_outcome(shop: Shop):
    first = shop.owner.post(CONTACTS, ANA, key="k1")
    again = shop.owner.post(CONTACTS.rstrip("/"), ANA, key="k1")
    assert (again.status, again.text) == (201, first.text)
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Content-Type"] == "application/json"
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len(shop.owner.get(CONTACTS).json["results"]) == 1


def test_a_refusal_is_repeated_too(shop: Shop):
    wrong = ANA | {"phone": "x"}
    first = shop.owner.post(CONTACTS, wrong, key="k1")
    again = shop.owner.post(CONTACTS, wrong, key="k1")
    assert (again.status, again.text) == (422, first.text)
    assert again.headers["Content-Type"] == "application/problem+json"


def test_the_same_key_with_another_body_is_409(shop: Shop):
    shop.owner.post(CONTACTS, ANA, key="k1")
    answer = shop.owner.post(CONTACTS, ANA | {"name": "Bia"}, key="k1")
    assert (answer.status, answer.code) == (409, "idempotency_key_reused")


def test_a_key_is_good_for_one_path_and_tenant(shop: Shop):
    body = {"message_text": "Oi"}
    assert shop.owner.post("/api/campaigns/messages/preview/", body, key="k1").status == 200
    assert shop.owner.post(CONTACTS, ANA, key="k1").status == 201
    assert shop.stranger().post(CONTACTS, ANA, key="k1").status == 201


@pytest.mark.parametrize("key", ["com espaço", "é", "x" * 256])
def test_an_idempotency_key_is_visible_ascii(shop: Shop, key: str):
    answer = shop.owner.post(CONTACTS, ANA, key=key)
    assert (answer.status, answer.faults) == (422, {"Idempotency-Key": "invalid_key"})


def test_while_the_first_runs_a_repeat_is_409(shop: Shop):
    begun = []
    kind = type(shop.app.contacts)
    create = kind.create

    def slow(contacts, tenant_id, draft):
        begun.append(shop.owner.post(CONTACTS, ANA, key="k1"))
        return create(contacts, tenant_id, draft)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(kind, "create", slow)
        assert shop.owner.post(CONTACTS, ANA, key="k1").status == 201
    assert (begun[0].status, begun[0].code) == (409, "idempotency_in_progress")


# --- What nobody may see ---


@pytest.fixture
def log() -> Iterator[StringIO]:
    """What the function logs from now on."""
    (handler,) = api_handler.logger.handlers
    assert isinstance(handler, StreamHandler)
    stream = StringIO()
    before = handler.setStream(stream)
    yield stream
    handler.setStream(before)


def test_a_fault_of_ours_is_a_plain_500_and_its_message_is_not_logged(shop: Shop, log):
    def fail(*_, **__):
        raise RuntimeError("+5511990002471")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(type(shop.app.contacts), "read", fail)
        answer = shop.owner.get(f"{CONTACTS}ct_x/")
    assert (answer.status, answer.code) == (500, "internal_error")
    assert "Traceback" not in answer.text
    assert "99000" not in answer.text
    logged = log.getvalue()
    assert "RuntimeError" in logged
    assert "test_api_conventions.py" in logged
    assert "99000" not in logged


def test_a_fault_of_ours_frees_the_idempotency_key(shop: Shop):
    def fail(*_, **__):
        raise RuntimeError

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(type(shop.app.contacts), "create", fail)
        assert shop.owner.post(CONTACTS, ANA, key="k1").status == 500
    assert shop.owner.post(CONTACTS, ANA, key="k1").status == 201


def test_neither_phones_nor_keys_are_logged(shop: Shop, log):
    instance = shop.instance()
    shop.campaign([shop.contact(2471)["id"]], instance_id=instance["id"])
    shop.owner.get(CONTACTS, search="1199000")
    shop.owner.post(CONTACTS, ANA | {"phone": "(11) 99000-247x"})
    lines = log.getvalue().splitlines()
    assert len(lines) >= 6
    for line in lines:
        logged = json.loads(line)
        assert logged["correlation_id"]
        assert "99000" not in line
        assert str(shop.owner.key) not in line
        assert "chave-da-loja" not in line
