"""Sources as values: what was named becomes what is walked, each once and in its order."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.contact import tag_key
from campaigns.domain.group import GroupOf, TagOf
from campaigns.domain.model import Recipients, RecipientsState
from campaigns.domain.recipient import RecipientErrorCode, RecipientStatus
from campaigns.domain.sources import (
    PIECE_SIZE,
    Copied,
    GivenContacts,
    NamedSources,
    RecipientTally,
    check_sources,
    copied_source,
    sources_of,
    with_sources,
    without_recipient,
)
from tests.contract.things import a_campaign, a_recipient

S = RecipientStatus
_ids = st.lists(st.text("abc", min_size=1, max_size=3), max_size=20)
_tags = st.lists(st.text("aAáÁ b", min_size=1).filter(str.strip), max_size=20)


@given(contacts=st.integers(0, 2_000), groups=_ids, tags=_tags)
def test_every_source_that_was_named_is_walked_once(
    contacts: int, groups: list[str], tags: list[str]
) -> None:
    ids = [f"ct_{number}" for number in range(contacts)]
    sources = sources_of(NamedSources(ids, groups, tags))
    pieces = [each for each in sources if isinstance(each, GivenContacts)]
    assert [each for piece in pieces for each in piece.contact_ids] == ids
    assert all(len(piece.contact_ids) <= PIECE_SIZE for piece in pieces)
    walked = [each.group_id for each in sources if isinstance(each, GroupOf)]
    assert walked == list(dict.fromkeys(groups))
    found = [each.tag for each in sources if isinstance(each, TagOf)]
    assert list(map(tag_key, found)) == list(dict.fromkeys(map(tag_key, tags)))
    assert set(found) <= set(tags)


def test_the_first_spelling_of_a_tag_is_the_one_that_is_kept() -> None:
    assert sources_of(NamedSources(tags=("VIP", "vip", "Vip"))) == (TagOf("VIP"),)


def test_sources_are_checked_whole() -> None:
    named = NamedSources(["x"] * 10_001, ["x"] * 31, ["\u200b", "a\x00", "x" * 61] + ["y"] * 28)
    assert [(each.field, each.code) for each in check_sources(named)] == [
        ("contact_ids", "too_many"),
        ("group_ids", "too_many"),
        ("tags", "too_many"),
        ("tags.0", "blank"),
        ("tags.1", "invalid_text"),
        ("tags.2", "too_long"),
    ]


@pytest.mark.parametrize(
    ("copied", "selected"),
    [
        (Copied.SAME, set(S)),
        (Copied.FAILED, {S.FAILED}),
        (Copied.NOT_RESPONDED, {S.SENT, S.DELIVERED, S.READ}),
    ],
)
def test_a_duplicate_selects_by_status_and_never_who_was_removed(
    copied: Copied, selected: set[RecipientStatus]
) -> None:
    (source,) = copied_source(a_campaign(), copied)
    assert {status for status in S if source.selects(a_recipient(status=status))} == selected
    removed = a_recipient(status=S.SKIPPED, error_code=RecipientErrorCode.REMOVED)
    assert not source.selects(removed)


def test_only_a_campaign_that_has_started_keeps_its_recipients_at_their_places() -> None:
    draft, started = a_campaign(), a_campaign(started_at=1)
    ways = [copied_source(each, Copied.SAME) for each in (draft, started)]
    assert [source.from_end for (source,) in ways] == [True, False]


def test_a_duplicate_of_nobody_has_no_source() -> None:
    assert copied_source(a_campaign(), Copied.NONE) == ()
    assert copied_source(a_campaign(total=0), Copied.SAME) == ()


def test_added_sources_keep_a_campaign_from_completing_and_from_starting() -> None:
    old = a_campaign(sources=2, next_source=2, laying_epoch=7, laid_epoch=5, updated_at=9_000)
    failed = replace(old.recipients, state=RecipientsState.FAILED, error="laying_failed")
    named = NamedSources(["ct_1", "ct_1"], ["gr_1"])
    new = with_sources(
        replace(old, recipients=failed), named, sources_of(named), now=old.updated_at
    )
    assert (new.total_version, new.sources, new.next_source) == (old.total_version + 1, 4, 2)
    assert (new.recipients.state, new.recipients.error) == (RecipientsState.PREPARING, None)
    assert new.recipients.requested == old.recipients.requested + 2
    # What failed before counts no more, and whoever saw the old version does not see the new one.
    assert new.laid_epoch == 7
    assert new.updated_at > old.updated_at


@pytest.mark.parametrize(("was_first", "left"), [(True, 1), (False, 2)])
def test_a_removed_recipient_changes_the_total_and_not_what_was_made(
    was_first: bool, left: int
) -> None:
    made = Recipients(RecipientsState.READY, requested=3, added=3, first_contacts=2)
    old = a_campaign(recipients=made)
    new = without_recipient(old, RecipientTally((), was_first), old.updated_at + 5)
    assert (new.total, new.total_version) == (2, old.total_version + 1)
    assert new.recipients == replace(made, first_contacts=left)
