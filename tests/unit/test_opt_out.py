"""What counts as opting out and as coming back, and which of two choices is the newer one."""

import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from campaigns.domain.opt_out import (
    Choice,
    ChoiceKind,
    chosen_by_reply,
    confirmation,
    read_choice,
    said_at_of,
)
from campaigns.domain.opt_out_review import alias_of, review_id_of
from campaigns.domain.tenant_settings import DEFAULT_KEYWORDS, LOCALES

OUT, IN = ChoiceKind.OUT, ChoiceKind.IN
WORDS = ("SAIR", "PARAR", "STOP", "CANCELAR", "NÃO QUERO", "🛑", "👎")
#: What people put around a word, or a keyboard into it, without meaning anything by it.
NOTHING_MEANT = st.text(
    st.sampled_from(" \t\n\u00a0\u200b\u200d\u2060\ufeff\ufe0f\u3164"), max_size=3
)
MARKS = st.text(st.sampled_from(".!?…,;:-_*~\"'()🙏❤👍"), max_size=4)


def read(text: str | None, keywords: tuple[str, ...] = WORDS, locale: str = "pt-BR"):
    return read_choice(text, keywords, locale)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("SAIR", "SAIR"),
        ("sair", "SAIR"),
        ("  Sair.  ", "SAIR"),
        ("sáir!!!", "SAIR"),
        ("*SAIR*", "SAIR"),
        ("S A I R", "SAIR"),
        ("ｓａｉｒ", "SAIR"),
        ("Sair 🙏", "SAIR"),
        ("sair ❤️", "SAIR"),
        ("nao quero", "NÃO QUERO"),
        ("Não\u200b quero…", "NÃO QUERO"),
        ("stop", "STOP"),
        ("🛑", "🛑"),
        (" 🛑️!", "🛑"),
        ("👎", "👎"),
        ("👎🏽", "👎"),
        ("👎🏿!", "👎"),
        ("cancelar", "CANCELAR"),
    ],
)
def test_a_whole_message_that_is_a_word_opts_out(text: str, word: str) -> None:
    assert read(text) == (OUT, word)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "   ",
        "!!!",
        "quero sair",
        "sair da lista",
        "sairei",
        "não",
        "Vou sair. Parar por quê?",
        "SAIR" * 60,
        "SAIR" + "." * 400,
        "🙏",
    ],
)
def test_anything_else_is_no_choice(text: str | None) -> None:
    assert read(text) is None


@given(word=st.sampled_from(WORDS[:5]), before=NOTHING_MEANT, after=NOTHING_MEANT, end=MARKS)
def test_case_accents_gaps_and_a_final_mark_change_nothing(
    word: str, before: str, after: str, end: str
) -> None:
    for spelled in (word, word.lower(), word.title(), unicodedata.normalize("NFD", word)):
        assert read(before + spelled + after + end) == (OUT, word)


@given(word=st.sampled_from(WORDS[:5]), place=st.integers(0, 8), inside=NOTHING_MEANT)
def test_what_is_not_seen_within_a_word_changes_nothing(word: str, place: int, inside: str) -> None:
    assert read(word[:place] + inside + word[place:]) == (OUT, word)


@given(text=st.text(max_size=40), keywords=st.lists(st.text(min_size=1, max_size=20), max_size=3))
def test_no_text_and_no_keyword_is_an_error(text: str, keywords: list[str]) -> None:
    found = read(text, tuple(keywords))
    assert found is None or found[1] in [*keywords, "VOLTAR"]


@given(word=st.sampled_from(WORDS[:5]), more=st.text(st.sampled_from("abcxyz0189"), min_size=1))
def test_a_letter_more_makes_it_something_else(word: str, more: str) -> None:
    assert read(f"{word} {more}") is None
    assert read(more + word) is None


@given(keyword=st.text(min_size=1, max_size=60))
def test_every_word_that_is_seen_is_understood_as_it_was_entered(keyword: str) -> None:
    assume(read(keyword, ("x", keyword)) is not None)
    assert read(keyword, (keyword,)) == (OUT, keyword)


def test_voltar_comes_back_and_start_too_where_english_is_spoken() -> None:
    assert read("voltar!") == (IN, "VOLTAR")
    assert read("start") is None
    assert read("Start", locale="en") == (IN, "START")
    assert read("voltar", locale="en") == (IN, "VOLTAR")


def test_a_word_that_is_the_tenants_for_going_never_comes_back() -> None:
    assert read("voltar", ("Voltar",)) == (OUT, "Voltar")


def test_every_tenant_begins_with_these_words() -> None:
    assert DEFAULT_KEYWORDS == ("SAIR", "PARAR", "STOP", "CANCELAR")


@pytest.mark.parametrize("locale", LOCALES)
def test_the_confirmation_names_the_tenant_and_the_way_back(locale: str) -> None:
    text = confirmation("Loja da {words} Ana", DEFAULT_KEYWORDS, locale)
    assert "Loja da {words} Ana" in text
    assert "VOLTAR" in text
    assert read(text) is None


def test_the_confirmation_reads_well_where_the_name_ends_in_a_mark() -> None:
    for name in ("Ana & Cia.", "Oba!", "Quem?"):
        assert f"mensagens de {name} Se mudar" in confirmation(name, DEFAULT_KEYWORDS, "pt-BR")


def test_the_confirmation_promises_no_way_back_that_there_is_not() -> None:
    assert "VOLTAR" not in confirmation("Loja", ("voltar",), "pt-BR")
    assert confirmation("Loja", ("voltar",), "en").endswith("reply START.")


# Marks


def choice(kind: ChoiceKind, said_at: int, by: str = "M") -> Choice:
    return Choice(kind, said_at, by)


@given(
    first=st.integers(0, 4_102_444_800_000),
    second=st.integers(0, 4_102_444_800_000),
    kinds=st.tuples(st.sampled_from(ChoiceKind), st.sampled_from(ChoiceKind)),
    ids=st.tuples(st.text(max_size=5), st.text(max_size=5)),
)
def test_marks_sort_by_their_second_whatever_they_say(
    first: int, second: int, kinds: tuple[ChoiceKind, ChoiceKind], ids: tuple[str, str]
) -> None:
    earlier, later = sorted([first, second])
    assume(earlier // 1_000 < later // 1_000)
    assert choice(kinds[0], earlier, ids[0]).mark < choice(kinds[1], later, ids[1]).mark


@given(
    second=st.integers(0, 4_102_444_800),
    rests=st.tuples(st.integers(0, 999), st.integers(0, 999)),
    ids=st.tuples(st.text(max_size=5), st.text(max_size=5)),
)
def test_at_the_same_second_being_out_sorts_last(
    second: int, rests: tuple[int, int], ids: tuple[str, str]
) -> None:
    back, out = (
        choice(kind, second * 1_000 + rest, by)
        for kind, rest, by in zip((IN, OUT), rests, ids, strict=True)
    )
    assert back.mark < out.mark


def test_a_mark_tells_its_second() -> None:
    assert said_at_of(choice(OUT, 1_795_000_000_999, "a#b").mark) == 1_795_000_000_000


def test_an_opt_out_by_reply_says_so_and_in_which_message() -> None:
    said = chosen_by_reply(OUT, "SAIR", 5_000, "3A01")
    suppression = said.suppression("tn_1", "person")
    assert suppression is not None
    assert (suppression.source, suppression.reason) == ("reply", "SAIR")
    assert (suppression.said_in, suppression.opted_out_at) == ("3A01", 5_000)
    assert chosen_by_reply(IN, "VOLTAR", 5_000, "3A01").suppression("tn_1", "person") is None


# Entries of the review list


def test_an_entrys_id_tells_where_it_lies() -> None:
    alias, message = "a" * 26, "b" * 26
    assert alias_of(review_id_of(alias, message)) == alias


@pytest.mark.parametrize("text", ["", "or_", "or_x", "ct_" + "a" * 34, "or_" + "A" * 34, "or_#"])
def test_what_is_no_entrys_id_lies_nowhere(text: str) -> None:
    assert alias_of(text) is None
