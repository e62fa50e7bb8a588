"""Which files can be a contact list, and what their rows say."""

import csv
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns_cli import contact_file
from campaigns_cli.contact_file import read_contact_file
from campaigns_cli.errors import UnusableInput
from campaigns_cli.refused_file import Refused, refused_path, shielded, write_refused_file

TABLE = [
    ["Nome", "Telefone", "Quem indicou", "Tags", "Cidade"],
    ["Célia Antunes", "(17) 99000-2471", "", "cliente;vip", "Ribeirão Preto"],
    ["João, o Zé", "+55 19 99000-9548", "Feira; Centro", "", ""],
]
CONTACTS = [
    {
        "name": "Célia Antunes",
        "phone": "(17) 99000-2471",
        "tags": ["cliente", "vip"],
        "custom_vars": {"cidade": "Ribeirão Preto"},
    },
    {"name": "João, o Zé", "phone": "+55 19 99000-9548", "quem_indicou": "Feira; Centro"},
]


def written(path, table, *, separator=",", encoding="utf-8", line_end="\r\n"):
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator, lineterminator=line_end).writerows(table)
    path.write_bytes(text.getvalue().encode(encoding))
    return path


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_every_usual_export_reads_the_same(tmp_path, separator, encoding, line_end):
    path = written(
        tmp_path / "c.csv", TABLE, separator=separator, encoding=encoding, line_end=line_end
    )
    assert [row.contact for row in read_contact_file(path).rows] == CONTACTS


def test_rows_know_the_line_where_they_start(tmp_path):
    path = tmp_path / "c.csv"
    path.write_text(
        'Nome,Telefone,Obs\n\nAna,11 99000-0001,"duas\nlinhas"\n,,\nBia,11 99000-0002,\n',
        encoding="utf-8",
    )
    source = read_contact_file(path)
    assert [row.line for row in source.rows] == [3, 6]
    assert source.rows[0].contact == {
        "name": "Ana",
        "phone": "11 99000-0001",
        "notes": "duas\nlinhas",
    }


def test_an_empty_cell_clears_nothing(tmp_path):
    path = written(tmp_path / "c.csv", [["Nome", "Telefone", "Tags"], ["", "(11) 99000-0001", ""]])
    assert read_contact_file(path).rows[0].contact == {"phone": "(11) 99000-0001"}


def test_a_row_without_whatsapp_is_reached_at_its_other_phone(tmp_path):
    table = [["Telefone", "WhatsApp"], ["(11) 99000-0001", ""], ["(11) 3000-0001", "11990000002"]]
    phones = [
        row.contact["phone"] for row in read_contact_file(written(tmp_path / "c", table)).rows
    ]
    assert phones == ["(11) 99000-0001", "11990000002"]


def test_a_row_with_more_cells_than_the_header_is_refused(tmp_path):
    path = tmp_path / "c.csv"
    path.write_text("Nome,Telefone\nSilva, Ana,(11) 99000-0001\nBia,11990000002,,\n")
    first, second = read_contact_file(path).rows
    assert first.contact is None
    assert "mais células" in first.problem
    assert second.contact == {"name": "Bia", "phone": "11990000002"}


def test_a_quote_that_swallows_lines_is_no_contact(tmp_path):
    path = tmp_path / "c.csv"
    path.write_text('Nome,Telefone\nAna,11990000001\n"Bia,11990000002\nCaio,11990000003\n')
    first, second = read_contact_file(path).rows
    assert first.contact is not None
    assert second.contact is None
    assert "aspas" in second.problem


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "vazio"),
        (b"\r\n\r\n", "vazio"),
        (b"Nome;Telefone\r\n", "nenhum contato"),
        (b"Nome;Idade\r\nAna;30\r\n", "coluna de telefone"),
        (b"Ana;(11) 99000-0001\r\n", "coluna de telefone"),
        (b"PK\x03\x04rest of a zip", "planilha do Excel"),
        (b"\xd0\xcf\x11\xe0 old", "planilha do Excel"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "texto"),
        ("Nome;Telefone\r\n".encode("utf-16"), "texto"),
        (b"Nome;Telefone\r\n\x81;11990000001", "texto"),
        (b'Telefone\r\n"' + b"1" * 200_000, "aspas"),
    ],
)
def test_a_file_that_cannot_be_a_contact_list_is_refused_in_one_sentence(tmp_path, content, words):
    path = tmp_path / "c.csv"
    path.write_bytes(content)
    with pytest.raises(UnusableInput, match=words) as refusal:
        read_contact_file(path)
    assert refusal.value.exit_code == 2
    assert "\n" not in refusal.value.message


def test_what_is_no_file_is_refused(tmp_path):
    with pytest.raises(UnusableInput, match="não existe"):
        read_contact_file(tmp_path / "missing.csv")
    with pytest.raises(UnusableInput, match="pasta"):
        read_contact_file(tmp_path)


def test_a_file_over_the_limits_is_refused(tmp_path, monkeypatch):
    path = written(tmp_path / "c.csv", TABLE)
    monkeypatch.setattr(contact_file, "MOST_ROWS", 2)
    assert len(read_contact_file(path).rows) == 2
    monkeypatch.setattr(contact_file, "MOST_ROWS", 1)
    with pytest.raises(UnusableInput, match="mais de 1 linhas"):
        read_contact_file(path)
    monkeypatch.setattr(contact_file, "LARGEST_FILE_BYTES", path.stat().st_size - 1)
    with pytest.raises(UnusableInput, match="20 MB"):
        read_contact_file(path)


def test_the_refused_file_has_the_columns_the_line_and_the_reason(tmp_path):
    source = read_contact_file(written(tmp_path / "c.csv", TABLE, separator=";"))
    path = write_refused_file(source, [Refused(source.rows[1], "Telefone inválido.")])
    assert path == tmp_path / "c.csv.rejected.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file, delimiter=";")) == [
            [*TABLE[0], "Linha no arquivo", "Motivo da recusa"],
            [
                "João, o Zé",
                "'+55 19 99000-9548",
                "Feira; Centro",
                "",
                "",
                "3",
                "Telefone inválido.",
            ],
        ]


def test_a_list_without_refused_rows_leaves_no_refused_file(tmp_path):
    source = read_contact_file(written(tmp_path / "c.csv", TABLE))
    refused_path(source.path).write_text("from an earlier run")
    assert write_refused_file(source, []) is None
    assert not refused_path(source.path).exists()


@given(cell=st.text(st.sampled_from("=+-@'\"; ,a1\n\t"), max_size=8))
def test_no_spreadsheet_calculates_a_refused_cell(cell):
    assert not shielded(cell).lstrip().startswith(("=", "+", "-", "@"))


cells = st.text(st.sampled_from("=+-@'\"; ,|aé1"), max_size=6)


@given(rows=st.lists(st.tuples(cells, cells, cells).filter(lambda row: "".join(row).strip())))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_refused_file_reads_as_the_rows_that_were_refused(tmp_path, rows):
    rows = [*rows, ("Ana", "+55 11 99000-0001", "=1")]
    table = [["Nome", "Telefone", "=Nota"], *rows]
    source = read_contact_file(written(tmp_path / "c.csv", table))
    path = write_refused_file(source, [Refused(row, "-") for row in source.rows])
    again = read_contact_file(path)
    assert [row.contact for row in again.rows] == [row.contact for row in source.rows]
    again_path = write_refused_file(again, [Refused(row, "-") for row in again.rows])
    assert again_path.read_text("utf-8-sig").splitlines()[0] == "Nome,Telefone,'=Nota," + (
        "Linha no arquivo,Motivo da recusa"
    )
