"""Which column is what, by its header as people write it."""

import pytest

from campaigns_cli.contact_columns import recognise_columns, variable_key

PHONE = "(11) 99000-1234"


@pytest.mark.parametrize(
    "header",
    [
        "Telefone",
        "TELEFONE ",
        "celular",
        "Whatsapp",
        "WhatsApp",
        "Fone",
        "Tel.",
        "Telefone 1",
        "Telefone (com DDD)",
        "Nº do WhatsApp",
        "Número",
        "Contato",
        "Celular do aluno",
        "Mobile Phone",
    ],
)
def test_a_phone_column_is_known_however_it_is_called(header):
    assert recognise_columns(["Nome", header], [["Ana", PHONE]]).phones == (1,)


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("NOME", "name"),
        ("Nome completo", "name"),
        ("Quem indicou", "quem_indicou"),
        ("quem_indicou", "quem_indicou"),
        ("Indicação", "quem_indicou"),
        ("Tags", "tags"),
        ("Etiquetas", "tags"),
        ("E-mail", "email"),
        ("email", "email"),
        ("Observações", "notes"),
        ("OBS", "notes"),
    ],
)
def test_case_accents_and_spaces_of_a_header_do_not_matter(header, field):
    assert recognise_columns(["Telefone", header], [[PHONE, "x"]]).fields == {field: 1}


def test_other_columns_become_variables():
    columns = recognise_columns(["Telefone", "Cidade", "Último  Pedido (R$)"], [[PHONE, "a", "b"]])
    assert columns.variables == {"cidade": 1, "ultimo_pedido_r": 2}
    assert columns.renamed == {}


def test_a_variable_does_not_take_over_a_built_in_one():
    columns = recognise_columns(["Nome", "Telefone", "Saudação", "Primeiro nome"], [])
    assert columns.variables == {"saudacao_da_planilha": 2, "primeiro_nome_da_planilha": 3}
    assert columns.renamed == {
        "Saudação": "saudacao_da_planilha",
        "Primeiro nome": "primeiro_nome_da_planilha",
    }


def test_two_columns_of_one_name_are_both_kept():
    columns = recognise_columns(["Telefone", "Cidade", "cidade"], [[PHONE, "a", "b"]])
    assert columns.variables == {"cidade": 1, "cidade_2": 2}


def test_a_column_without_title_counts_only_where_it_holds_something():
    assert recognise_columns(["Telefone", ""], [[PHONE, " "]]).variables == {}
    assert recognise_columns(["Telefone", ""], [[PHONE, "a"]]).variables == {"coluna_2": 1}


def test_the_number_that_has_whatsapp_is_preferred():
    row = ["(11) 3000-1234", PHONE, "(21) 99000-1234", "(31) 3000-1234"]
    header = ["Telefone", "Celular", "WhatsApp", "Telefone fixo"]
    assert recognise_columns(header, [row]).phones == (2, 1, 0, 3)


def test_a_column_about_a_phone_is_none():
    header = ["Telefone", "Tem WhatsApp?", "Operadora do celular", "Telefone da mãe"]
    columns = recognise_columns(header, [[PHONE, "Sim", "Vivo", "(11) 99000-4321"]])
    assert columns.phones == (0,)
    assert set(columns.variables) == {
        "tem_whatsapp",
        "operadora_do_celular",
        "telefone_da_mae",
    }


def test_a_phone_column_of_which_no_cell_is_a_phone_is_one_all_the_same():
    assert recognise_columns(["Telefone"], [["12345"], ["?"]]).phones == (0,)


def test_a_house_number_is_no_phone():
    columns = recognise_columns(["Nome", "Rua", "Número"], [["Ana", "Rua A", "123"]])
    assert columns.phones == ()


def test_the_notes_of_an_earlier_refusal_are_not_imported():
    header = ["Telefone", "Linha no arquivo", "Motivo da recusa"]
    assert recognise_columns(header, [[PHONE, "3", "Telefone inválido"]]).variables == {}


def test_a_key_is_made_of_letters_digits_and_underscores():
    assert variable_key("  Data de  Nascimento: ") == "data_de_nascimento"
