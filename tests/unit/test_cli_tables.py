"""Tables fit the terminal, and never break a word to do so."""

import io

import pytest
from rich.console import Console

from campaigns_cli import tables
from campaigns_cli.tables import print_details, print_table

TITLES = ["ID", "Nome", "Conexão", "Telefone"]
ROW = ["in_01m82566ykzb8qs0htvbkcw7ac", "Loja", "conectado", "(11) 99000-2471"]


@pytest.fixture
def printed(monkeypatch):
    """Prints to a terminal of some width; gives the lines."""

    def at_width(width, *call):
        target = io.StringIO()
        monkeypatch.setattr(tables, "output", lambda: Console(file=target, width=width))
        function, *arguments = call
        function(*arguments)
        return [line.rstrip() for line in target.getvalue().splitlines()]

    return at_width


def test_a_table_that_fits_has_a_line_per_row(printed):
    lines = printed(80, print_table, TITLES, [ROW, ROW])
    assert sum("conectado" in line for line in lines) == 2
    assert any(line.split() == TITLES for line in lines)


def test_the_last_column_without_room_is_left_out_and_named(printed, capsys):
    lines = printed(58, print_table, TITLES, [ROW])
    assert next(line.split() for line in lines if line) == TITLES[:3]
    assert capsys.readouterr().err.startswith("Não coube na janela: Telefone.")


def test_where_words_would_be_broken_each_row_is_a_record(printed):
    lines = printed(45, print_table, TITLES, [ROW, ["in_2", "Centro", None, None]])
    assert lines == [
        "ID        in_01m82566ykzb8qs0htvbkcw7ac",
        "Nome      Loja",
        "Conexão   conectado",
        "Telefone  (11) 99000-2471",
        "",
        "ID    in_2",
        "Nome  Centro",
    ]


def test_what_is_folded_is_folded_between_words(printed):
    titles = ["ID", "Nome", "Telefone", "Estado"]
    rows = [
        ["ct_e4doh6nyllqlizrdadawlhencq", "Caio", "(21) 3333-4444", "pediu para sair"],
        ["ct_ky2fvwekjlawu7q45wbdoseaca", "Du", "+14155552671", None],
    ]
    lines = printed(60, print_table, titles, rows)
    assert any("+14155552671" in line for line in lines)


def test_long_sentences_alone_do_not_make_records(printed):
    lines = printed(60, print_table, ["ID", "Texto"], [["ms_1", "muitas palavras " * 10]])
    assert any(line.split() == ["ID", "Texto"] for line in lines)


def test_no_line_ends_in_blanks(monkeypatch, capsys):
    print_table(TITLES, [ROW, ["in_2", "a", "b", "c"]])
    print_details({"Nome": "Loja", "Servidor": "http://127.0.0.1:8090"})
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line != line.rstrip()] == []
