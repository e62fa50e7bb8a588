import csv
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from campaigns.domain.phone import InvalidPhone, Phone, evolution_number, parse_phone

CONTACTS = Path(__file__).parents[2] / "examples" / "contatos.csv"


def refusal(text, region="BR"):
    with pytest.raises(InvalidPhone) as refused:
        parse_phone(text, region)
    return refused.value.code


@pytest.mark.parametrize(
    ("typed", "e164"),
    [
        ("(17) 99000-2471", "+5517990002471"),
        ("+55 19 99000-9548", "+5519990009548"),
        ("+55 (41) 99000-3657", "+5541990003657"),
        ("(+55) 41 99000-3657", "+5541990003657"),
        ("041 99000 8387", "+5541990008387"),
        ("0 15 41 99000 8387", "+5541990008387"),
        ("041 11 99000 8387", "+5511990008387"),
        ("0xx41 99000-8387", "+5541990008387"),
        ("(0XX41) 99000-8387", "+5541990008387"),
        ("(0**41) 99000-8387", "+5541990008387"),
        ("0xx (41) 99000-8387", "+5541990008387"),
        ("tel. +55 (0xx41) 99000-8387", "+5541990008387"),
        ("+55 (0) 41 99000-8387", "+5541990008387"),
        ("055 41 99000-8387", "+5541990008387"),
        ("5551990007053", "+5551990007053"),
        ("71990008133", "+5571990008133"),
        (" (41)  99000 - 5555 ", "+5541990005555"),
        ("41.99000.5555", "+5541990005555"),
        ("5.541.990.005.555", "+5541990005555"),
        ("41/99000-5555", "+5541990005555"),
        ("41 9 9000 5555", "+5541990005555"),
        ("00 55 41 99000-5555", "+5541990005555"),
        ("005541990005555", "+5541990005555"),
        # area code 55
        ("(55) 99000-5555", "+5555990005555"),
        ("055 99000-5555", "+5555990005555"),
        ("5555990005555", "+5555990005555"),
        ("55 3000-5555", "+555530005555"),
        # unicode
        ("(41)\u00a099000‑5555", "+5541990005555"),
        ("\u202a+55 41 99000‐5555\u202c", "+5541990005555"),
        ("\ufeff(41) 99000–5555", "+5541990005555"),
        ("41 99000−5555", "+5541990005555"),
        ("(41) 99000-5555", "+5541990005555"),
        ("٤١ ٩٩٠٠٠ ٥٥٥٥", "+5541990005555"),
        ("📱 (41) 99000-5555", "+5541990005555"),
        # links and labels
        ("wa.me/5541990005555", "+5541990005555"),
        ("https://wa.me/5541990005555?text=Oi%2C+tudo+bem", "+5541990005555"),
        ("https://api.whatsapp.com/send?phone=5541990005555&text=oi", "+5541990005555"),
        ("https://api.whatsapp.com/send/?text=1234567890&phone=%2B5541990005555", "+5541990005555"),
        ("whatsapp://send?phone=5541990005555", "+5541990005555"),
        ("https://wa.me/14155552671", "+14155552671"),
        ("tel:+55-41-99000-5555", "+5541990005555"),
        ("whatsapp:+5541990005555", "+5541990005555"),
        ("Tel.: (41) 99000-5555", "+5541990005555"),
        ("Cel/WhatsApp 41 99000-5555", "+5541990005555"),
        ("(41) 99000-5555 (whats)", "+5541990005555"),
        # spreadsheets
        ("'41990005555", "+5541990005555"),
        ("’41990005555", "+5541990005555"),
        ('="41990005555"', "+5541990005555"),
        ('"41990005555"', "+5541990005555"),
        ("5541990005555.0", "+5541990005555"),
        ("5541990005555,00", "+5541990005555"),
    ],
)
def test_what_people_type_in_brazil_is_read(typed, e164):
    assert parse_phone(typed) == Phone(e164, evolution_number(e164))


@pytest.mark.parametrize(
    "typed", ["(48) 9000-1144", "4890001144", "048 9000-1144", "+55 48 9000-1144", "554890001144"]
)
def test_an_eight_digit_mobile_gets_the_ninth_digit_that_it_has_today(typed):
    assert parse_phone(typed).e164 == "+5548990001144"


@pytest.mark.parametrize("first", "6789")
def test_with_and_without_the_ninth_digit_is_one_person_from_6_on(first):
    short, long = parse_phone(f"(11) {first}000-1234"), parse_phone(f"(11) 9{first}000-1234")
    assert short.person_key == long.person_key


@pytest.mark.parametrize("first", "2345")
def test_a_landline_is_not_the_mobile_with_a_9_before_it(first):
    landline, mobile = parse_phone(f"(11) {first}000-1234"), parse_phone(f"(11) 9{first}000-1234")
    assert landline.e164 == f"+5511{first}0001234"
    assert landline.person_key != mobile.person_key


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "phone_missing"),
        ("  \u00a0", "phone_missing"),
        ("---", "phone_missing"),
        ("não tem", "phone_has_letters"),
        ("(11) 99000-1234 falar com João", "phone_has_letters"),
        ("0800-FLORES", "phone_has_letters"),
        ("11 99000-xx12", "phone_has_letters"),
        ("5,511990007053E+12", "phone_scientific_notation"),
        ("5.51199E+12", "phone_scientific_notation"),
        ("5e12", "phone_scientific_notation"),
        ("'5,51199E+12", "phone_scientific_notation"),
        ("(11) 99000-1234 / (11) 99000-5678", "phone_several"),
        ("11990001234;11990005678", "phone_several"),
        ("(11) 99000-1234 ou 99000-5678", "phone_several"),
        ("(11) 9000-1234/5", "phone_several"),
        ("+5511990001234 +5511990005678", "phone_several"),
        ("12345", "phone_too_short"),
        ("190", "phone_too_short"),
        ("+55 11 9900", "phone_too_short"),
        ("9000-1234", "phone_no_area_code"),
        ("3000-1234", "phone_no_area_code"),
        ("99000-1234", "phone_no_area_code"),
        ("+55 99000-1234", "phone_no_area_code"),
        ("119900012345", "phone_too_long"),
        ("351912345678", "phone_too_long"),
        ("+55 11 990001234567", "phone_too_long"),
        ("9" * 5000, "phone_too_long"),
        ("(20) 99000-1234", "phone_bad_area_code"),
        ("(10) 3000-1234", "phone_bad_area_code"),
        ("0800 123 4567", "phone_bad_area_code"),
        ("+55 00 0300 01234", "phone_bad_area_code"),
        ("(11) 1000-1234", "phone_invalid"),
        ("(11) 89000-1234", "phone_invalid"),
        ("11 99000+1234", "phone_invalid"),
        ("#31# 11 99000-1234", "phone_invalid"),
        ("wa.me/message/ABCDEF", "phone_has_letters"),
        ("https://wa.me/11990001234", "phone_invalid"),
        ("+999 1234 5678", "phone_bad_country_code"),
        ("+0 11 99000-1234", "phone_bad_country_code"),
        ("+351 912 345", "phone_too_short"),
        ("+351 912 345 678 901", "phone_too_long"),
        ("+1 555 555", "phone_too_short"),
        ("+1 199 000 1234", "phone_invalid"),
    ],
)
def test_what_is_no_phone_is_refused_with_its_reason(typed, code):
    assert refusal(typed) == code


@pytest.mark.parametrize(
    ("typed", "e164"),
    [
        ("+351 912 345 678", "+351912345678"),
        ("00351 912 345 678", "+351912345678"),
        ("+1 (415) 555-2671", "+14155552671"),
        ("+39 06 698 12345", "+390669812345"),
        ("+595 961 456789", "+595961456789"),
    ],
)
def test_a_foreign_number_with_its_country_code_is_read(typed, e164):
    assert parse_phone(typed) == Phone(e164, evolution_number(e164))


def test_without_a_country_code_a_number_belongs_to_the_default_region():
    assert parse_phone("912 345 678", "PT").e164 == "+351912345678"
    assert parse_phone("011 55 11 99000-1234", "US").e164 == "+5511990001234"
    assert parse_phone("+55 11 9000-1234", "PT").e164 == "+5511990001234"
    assert refusal("345 678", "PT") == "phone_too_short"
    assert refusal("555-2671", "US") == "phone_no_area_code"


def test_mexico_with_and_without_its_former_1_is_one_person():
    former, today = parse_phone("+52 1 55 1234 5678"), parse_phone("+52 55 1234 5678")
    assert former == today == Phone("+525512345678", "525512345678")


def test_argentina_with_and_without_its_9_is_one_person():
    mobile, without = parse_phone("+54 9 11 2345-6789"), parse_phone("+54 11 2345-6789")
    assert mobile == Phone("+5491123456789", "541123456789")
    assert without == Phone("+541123456789", "541123456789")


def test_evolution_takes_digits_only():
    assert evolution_number("+5511990001234") == "5511990001234"


def test_a_refusal_and_a_phone_print_no_digits():
    with pytest.raises(InvalidPhone) as refused:
        parse_phone("+999 1234 5678")
    assert str(refused.value) == "phone_bad_country_code"
    assert refused.value.__suppress_context__
    assert repr(parse_phone("(11) 99000-1234")) == "Phone()"


def test_the_example_list_loses_exactly_its_two_bad_rows():
    with CONTACTS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    refused, people = {}, defaultdict(set)
    for row in rows:
        try:
            people[parse_phone(row["Telefone"]).person_key].add(row["Telefone"])
        except InvalidPhone as error:
            refused[row["Nome"]] = error.code
    assert len(rows) == 248
    assert refused == {"Sem Telefone": "phone_missing", "Telefone Ruim": "phone_too_short"}
    assert {key: spellings for key, spellings in people.items() if len(spellings) > 1} == {
        "5541990003657": {"(41) 99000-3657", "+55 (41) 99000-3657"}
    }


def test_libphonenumber_is_loaded_at_the_first_phone_and_for_its_country_alone():
    program = """
import sys
from campaigns.domain import phone
assert not any(name.startswith("phonenumbers") for name in sys.modules)
phone.parse_phone("(11) 99000-1234")
regions = [name for name in sys.modules if name.startswith("phonenumbers.data.region_")]
assert regions == ["phonenumbers.data.region_BR"], regions
"""
    subprocess.run([sys.executable, "-c", program], check=True)  # noqa: S603
