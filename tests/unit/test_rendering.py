import unicodedata
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from campaigns.domain.errors import TextTooLong
from campaigns.domain.rendering import (
    TEXT_LIMIT,
    BuiltIn,
    Variable,
    VariableFindings,
    check_custom_vars,
    contact_values,
    fold_name,
    greeting,
    judge_variables,
    missing_variables,
    render,
    required_variables,
    variables_in,
)

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
#: A Wednesday morning.
LOCAL = datetime(2026, 11, 18, 9, 30, tzinfo=SAO_PAULO)
VALUES = contact_values("Célia Antunes", "João da Padaria", {"Cidade": "Ribeirão Preto"})


def rendered(text, values=VALUES, local=LOCAL):
    return render(text, values, local)


# --- the variables -----------------------------------------------------------------------------


def test_every_variable_of_the_contract_is_filled_in():
    text = (
        "{{saudacao}}, {{primeiro_nome}}! {{nome}} ({{quem_indicou}}), {{dia_semana}}: {{cidade}}"
    )
    assert rendered(text) == (
        "Bom dia, Célia! Célia Antunes (João da Padaria), Quarta-feira: Ribeirão Preto"
    )


@pytest.mark.parametrize(
    ("hour", "minute", "expected"),
    [
        (0, 0, "Bom dia"),
        (11, 59, "Bom dia"),
        (12, 0, "Boa tarde"),
        (17, 59, "Boa tarde"),
        (18, 0, "Boa noite"),
        (23, 59, "Boa noite"),
    ],
)
def test_the_greeting_follows_the_campaigns_clock(hour, minute, expected):
    assert greeting(datetime(2026, 11, 18, hour, minute, tzinfo=SAO_PAULO)) == expected


def test_greeting_and_weekday_are_those_of_the_zone_and_not_of_utc():
    instant = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
    text = "{{saudacao}} {{dia_semana}}"
    assert rendered(text, local=instant) == "Bom dia Segunda-feira"
    assert rendered(text, local=instant.astimezone(SAO_PAULO)) == "Boa noite Domingo"


def test_the_week_has_its_brazilian_names():
    days = [datetime(2026, 11, 16 + n, 9, tzinfo=SAO_PAULO) for n in range(7)]
    assert [rendered("{{dia_semana}}", local=day) for day in days] == [
        "Segunda-feira", "Terça-feira", "Quarta-feira", "Quinta-feira", "Sexta-feira", "Sábado",
        "Domingo",
    ]  # fmt: skip


def test_a_naive_time_is_refused():
    with pytest.raises(ValueError, match="aware"):
        render("{{saudacao}}", VALUES, datetime(2026, 11, 18, 9))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("name", "first"),
    [("Célia Antunes", "Célia"), ("  Ana  Brandão ", "Ana"), ("José", "José"), ("", ""), (" ", "")],
)
def test_the_first_name_is_the_first_word_of_the_name(name, first):
    assert contact_values(name, None, {})["primeiro_nome"] == first


def test_a_custom_variable_never_takes_the_place_of_a_built_in():
    values = contact_values("Ana", None, {"Nome": "Outra", "Saudação": "E aí"})
    assert rendered("{{saudacao}} {{nome}}", values) == "Bom dia Ana"


# --- names -------------------------------------------------------------------------------------


@st.composite
def spellings(draw, name):
    spaces = st.text(st.sampled_from(" \t\n\u00a0\u200b"), max_size=2)
    letters = [
        draw(spaces) + (letter.upper() if draw(st.booleans()) else letter) for letter in name
    ]
    return "".join(letters) + draw(spaces)


@given(st.data(), st.sampled_from([variable.value for variable in BuiltIn]))
def test_case_and_spaces_inside_the_braces_do_not_matter(data, name):
    spelled = data.draw(spellings(name))
    assert rendered("{{" + spelled + "}}") == rendered("{{" + name + "}}")


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_accents_do_not_matter_in_either_unicode_form(form):
    text = unicodedata.normalize(form, "{{Saudação}} {{quem_indicóu}} {{CIDADÊ}}")
    assert rendered(text) == "Bom dia João da Padaria Ribeirão Preto"


@given(st.text())
@example("\u1d2c")  # A modifier letter: a capital appears only once it is decomposed.
def test_folding_a_name_twice_changes_nothing_more(name):
    assert fold_name(fold_name(name)) == fold_name(name)


# --- defaults and missing values ---------------------------------------------------------------


@pytest.mark.parametrize("value", [None, "", " ", "\t\n", "\u00a0"])
def test_a_missing_or_blank_value_gives_way_to_the_default(value):
    values = {} if value is None else {"apelido": value}
    assert rendered("Oi, {{apelido|amigo}}!", values) == "Oi, amigo!"


def test_a_value_that_is_there_leaves_the_default_unused():
    assert rendered("{{ nome | amigo }}") == "Célia Antunes"


@pytest.mark.parametrize(
    ("placeholder", "expected"),
    [
        ("{{x| meu amigo }}", "meu amigo"),
        ("{{x|}}", ""),
        ("{{x|a|b}}", "a|b"),
        ("{{x|\\1 %s $1}}", "\\1 %s $1"),
        ("{{x}}", ""),
    ],
)
def test_a_default_is_taken_literally_without_its_outer_spaces(placeholder, expected):
    assert rendered(f"[{placeholder}]") == f"[{expected}]"


@given(st.text(st.characters(exclude_characters="{}"), max_size=50))
def test_any_default_without_braces_is_what_a_missing_value_renders_to(default):
    assert rendered("{{x|" + default + "}}") == default.strip()


# --- one pass ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        "Nome com {{nome}} dentro",
        "{{saudacao}}",
        "{{x|y}}",
        r"\1 \g<0> \n",
        "%s %(nome)s %",
        "{} {0} {nome}",
        "$nome ${nome} $1",
        "}} {{",
    ],
)
def test_a_value_is_inserted_literally(value):
    values = contact_values(value, value, {"cidade": value})
    assert rendered("<{{nome}}|{{quem_indicou}}|{{cidade}}>", values) == (
        f"<{value}|{value}|{value}>"
    )


def test_two_values_cannot_make_a_placeholder_together():
    values = {"a": "{{no", "b": "me}}"}
    assert rendered("{{a}}{{b}}", values | VALUES) == "{{nome}}"


PARTS = st.one_of(
    st.text(max_size=5),
    st.sampled_from(["{", "}", "{{", "}}", "|", "{{nome}}", "{{ x | y }}", "{{}}", "nome"]),
)
TEXTS = st.lists(PARTS, max_size=12).map("".join)
CUSTOM = st.dictionaries(st.text(min_size=1, max_size=5), PARTS, max_size=3)


@given(TEXTS, CUSTOM, PARTS)
def test_rendering_never_fails_whatever_texts_and_values_hold(text, custom, name):
    assert isinstance(rendered(text, contact_values(name, None, custom)), str)


@given(st.text(st.characters(exclude_characters="{"), max_size=100))
def test_a_text_without_placeholders_stays_as_it_is(text):
    assert rendered(text) == text


@given(st.lists(st.text(max_size=8), min_size=1, max_size=6))
def test_values_land_where_their_placeholders_stand_and_nothing_else_changes(pieces):
    values = {f"v{n}": piece for n, piece in enumerate(pieces)}
    text = "·".join(f"{{{{v{n}|-}}}}" for n in range(len(pieces)))
    assert rendered(text, values) == "·".join(piece if piece.strip() else "-" for piece in pieces)


@pytest.mark.parametrize(
    "text",
    [
        "{{}}",
        "{{ }}",
        "{{|amigo}}",
        "{nome}",
        "{{nome}",
        "{{nome",
        "nome}}",
        "{{ {nome} }}",
        "{{a{b}}",
    ],
)
def test_malformed_braces_stay_as_they_are(text):
    assert rendered(text) == text


def test_a_placeholder_inside_stray_braces_is_still_one():
    assert rendered("{{{primeiro_nome}}} {{ {{primeiro_nome}}") == "{Célia} {{ Célia"


# --- length ------------------------------------------------------------------------------------


def test_a_text_of_4096_characters_is_rendered_and_one_more_is_too_long():
    text = "{{x}}" + "a" * 100
    assert len(rendered(text, {"x": "b" * (TEXT_LIMIT - 100)})) == 4096
    with pytest.raises(TextTooLong) as refused:
        rendered(text, {"x": "b" * (TEXT_LIMIT - 99)})
    assert (refused.value.length, refused.value.limit) == (4097, 4096)


def test_an_emoji_counts_as_its_code_points():
    assert len(rendered("😀" * TEXT_LIMIT)) == TEXT_LIMIT


# --- what the texts ask for --------------------------------------------------------------------


def test_a_texts_variables_are_told_once_each_in_order_with_their_defaults():
    text = "{{ Nome }} {{cidade|sua cidade}} {{nome}} {{cidade}} {{}} {{x|}}"
    assert variables_in(text) == (
        Variable("nome", None),
        Variable("cidade", "sua cidade"),
        Variable("cidade", None),
        Variable("x", ""),
    )


def test_a_variable_is_required_if_it_stands_anywhere_without_a_default():
    texts = ["{{nome}} {{cidade|aqui}} {{apelido|amigo}}", "{{saudacao}} {{Cidade}} {{dia_semana}}"]
    assert required_variables(texts) == ("nome", "cidade")


def test_a_contact_lacks_what_it_has_no_value_or_a_blank_one_for():
    values = contact_values("Ana", None, {"Cidade": " ", "Bairro": "Centro"})
    required = ("nome", "quem_indicou", "cidade", "bairro", "cpf")
    assert missing_variables(required, values) == ("quem_indicou", "cidade", "cpf")


@given(st.lists(TEXTS, max_size=3), CUSTOM)
def test_a_contact_that_lacks_nothing_leaves_no_gap_and_one_that_does_leaves_one(texts, custom):
    values = contact_values("Ana", None, custom)
    missing = missing_variables(required_variables(texts), values)
    for name in missing:
        assert rendered("{{" + name + "}}", values) == ""
    for text in texts:
        for variable in variables_in(text):
            if variable.default is None and variable.name not in missing:
                assert rendered("{{" + variable.name + "}}", values).strip()


def test_what_nobody_has_is_unknown_and_what_some_lack_is_missing():
    required = ("nome", "cidade", "cpf", "bairro", "quem_indicou")
    counts = {"cidade": 3, "cpf": 10, "quem_indicou": 10}
    assert judge_variables(required, counts, 10) == VariableFindings(
        unknown=("cpf",), missing=(("cidade", 3), ("quem_indicou", 10))
    )


def test_without_contacts_nothing_is_unknown_or_missing():
    assert judge_variables(("cpf",), {}, 0) == VariableFindings((), ())


# --- custom variables --------------------------------------------------------------------------


def codes(custom_vars):
    return [(error.field, error.code) for error in check_custom_vars(custom_vars)]


def test_ordinary_custom_variables_are_accepted():
    assert codes({"Cidade": "Belém", "Data de nascimento": "", "nº do pedido": "7"}) == []
    assert codes({f"v{n}": "x" * 500 for n in range(50)}) == []


@pytest.mark.parametrize("name", ["nome", "NOME", " Primeiro_Nome ", "Saudação", "dia_semana"])
def test_a_custom_variable_may_not_shadow_a_built_in(name):
    assert codes({name: "x"}) == [(f"custom_vars.{name}", "shadows_built_in")]


def test_two_custom_variables_may_not_be_the_same_one():
    assert codes({"avó": "x", "Avo": "y"}) == [("custom_vars.Avo", "repeated_name")]


@pytest.mark.parametrize("name", ["", "  ", "a{b", "a}b", "a|b", "x" * 101])
def test_a_custom_variable_needs_a_name_that_a_placeholder_can_hold(name):
    assert codes({name: "x"}) == [(f"custom_vars.{name}", "invalid_name")]


def test_there_may_be_fifty_custom_variables_of_500_characters():
    assert codes({f"v{n}": "x" for n in range(51)}) == [("custom_vars", "too_many")]
    assert codes({"v": "x" * 501}) == [("custom_vars.v", "too_long")]


@given(st.dictionaries(st.text(max_size=6), st.text(max_size=6).filter(str.strip), max_size=4))
def test_every_accepted_custom_variable_is_reached_by_its_name(custom):
    if not check_custom_vars(custom):
        values = contact_values("Ana", None, custom)
        for name, value in custom.items():
            assert rendered("{{" + name + "}}", values) == value
