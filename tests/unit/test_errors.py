import re

import pytest

from campaigns.domain import errors
from campaigns.domain.errors import (
    CampaignsError,
    CheckFailure,
    ConcurrentUpdate,
    Conflict,
    ConflictCode,
    FieldError,
    GatewayRefused,
    InvalidState,
    NotFound,
    StartRefused,
    TextTooLong,
    Throttled,
    Unavailable,
    UnknownReference,
    ValidationFailed,
)


def test_the_tree_in_the_docstring_is_the_tree_in_the_code():
    drawn = re.findall(r"^(    [ │├└─]*)(\w+)(?:  .*)?$", errors.__doc__ or "", re.MULTILINE)
    parents: dict[str, str] = {}
    path: list[str] = []
    for branch, name in drawn:
        depth = (len(branch) - 4) // 4
        path = [*path[:depth], name]
        if depth:
            parents[name] = path[-2]
    in_code = {
        member.__name__: member.__base__.__name__
        for member in vars(errors).values()
        if isinstance(member, type)
        and issubclass(member, CampaignsError)
        and member is not CampaignsError
    }
    assert parents == in_code
    assert len(in_code) > 10


def test_every_error_has_a_code_of_its_own():
    codes = [
        member.code
        for member in vars(errors).values()
        if isinstance(member, type)
        and issubclass(member, CampaignsError)
        and hasattr(member, "code")
    ]
    # A conflict's code comes with each one, so its class has the root's.
    own = [code for code in codes if code != "error"]
    assert len(own) == len(set(own)) == len(codes) - 2


def test_an_errors_text_is_its_code_and_its_context():
    assert str(NotFound()) == "not_found"
    assert str(NotFound(kind="campaign")) == "not_found (kind='campaign')"
    assert str(ConcurrentUpdate(what="lane")) == "concurrent_update (what='lane')"
    assert str(GatewayRefused(status=403)) == "evolution_error (status=403)"


def test_a_code_can_be_given_where_one_branch_has_several():
    assert Unavailable("store_unavailable").code == "store_unavailable"
    assert Unavailable().code == "evolution_unreachable"


def test_a_context_cannot_be_changed_on_its_way():
    with pytest.raises(TypeError):
        NotFound(kind="campaign").context["kind"] = "contact"  # type: ignore[index]


def test_a_wrong_state_tells_the_present_one():
    error = InvalidState("active", wanted_status="draft")
    assert error.code == "invalid_state"
    assert error.current_status == "active"
    assert error.context == {"current_status": "active", "wanted_status": "draft"}


def test_a_conflict_names_what_exists_only_where_it_is_given():
    known = Conflict(ConflictCode.CONTACT_EXISTS, existing_id="ct_1")
    assert (known.code, known.existing_id) == ("contact_exists", "ct_1")
    assert known.context == {"existing_id": "ct_1"}
    silent = Conflict(ConflictCode.ALREADY_REGISTERED)
    assert (silent.code, silent.existing_id, silent.context) == ("already_registered", None, {})


def test_a_refused_start_tells_every_failure_at_once():
    failures = (
        CheckFailure("instance_busy"),
        CheckFailure("missing_values", {"variable": "cidade", "count": 2}),
    )
    error = StartRefused(iter(failures))
    assert error.failures == failures
    assert error.context == {"failures": ["instance_busy", "missing_values"]}


def test_a_failed_validation_tells_every_field_but_its_text_holds_only_codes():
    wrong = FieldError("custom_vars.(11) 99000-0001", "too_long", "custom_vars.too_long")
    error = ValidationFailed([wrong])
    assert error.errors == (wrong,)
    assert str(error) == "validation_failed (errors=['too_long'])"


def test_an_unknown_reference_is_a_failed_validation_of_its_field():
    error = UnknownReference({"group_ids": ["gr_1", "gr_2"], "contact_ids": ["ct_1"] * 101})
    assert isinstance(error, ValidationFailed)
    assert error.code == "unknown_reference"
    groups, contacts = error.errors
    assert (groups.field, groups.code) == ("group_ids", "unknown_reference")
    assert groups.params == {"ids": ["gr_1", "gr_2"], "count": 2}
    assert contacts.params == {"ids": ["ct_1"] * 100, "count": 101}


def test_lengths_and_waits_can_be_read_from_the_errors_that_have_them():
    assert (TextTooLong(4097, 4096).length, TextTooLong(4097, 4096).limit) == (4097, 4096)
    assert Throttled(3).retry_after == 3
