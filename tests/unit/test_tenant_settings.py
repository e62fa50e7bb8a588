"""What a tenant may be set to."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.contact import fold_text
from campaigns.domain.hours import window_of
from campaigns.domain.model import Schedule, Tenant
from campaigns.domain.tenant_settings import check_tenant

TENANT = Tenant("tn_1", "Loja", "UTC", "en", "21:00", "08:00", ("STOP",), 0, 0)

clocks = st.one_of(
    st.builds("{:02}:{:02}".format, st.integers(0, 24), st.integers(0, 60)),
    st.text(max_size=5),
)


@given(clocks, clocks)
def test_quiet_hours_that_pass_are_quiet_hours_that_a_window_can_be_made_of(start, end):
    tenant = replace(TENANT, quiet_hours_start=start, quiet_hours_end=end)
    faults = check_tenant(tenant)
    if not faults:
        window_of(Schedule("immediate", "UTC"), tenant)
    else:
        assert {fault.field for fault in faults} <= {"quiet_hours_start", "quiet_hours_end"}
        assert {fault.code for fault in faults} == {"invalid_time"}


@given(st.lists(st.text("aAÁ b", max_size=4), min_size=1, max_size=6))
def test_keywords_that_pass_differ_by_more_than_case_and_accents(keywords):
    faults = check_tenant(replace(TENANT, opt_out_keywords=tuple(keywords)))
    folded = [fold_text(keyword) for keyword in keywords]
    assert (not faults) == (len(set(folded)) == len(folded) and all(folded))


def test_every_fault_is_told_at_once():
    wrong = Tenant("tn_1", "", "Mars", "fr", "x", "y", (), 0, 0)
    assert [fault.field for fault in check_tenant(wrong)] == [
        "name",
        "timezone",
        "locale",
        "quiet_hours_start",
        "quiet_hours_end",
        "opt_out_keywords",
    ]
