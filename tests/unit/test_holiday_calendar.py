import subprocess
import sys
from datetime import date, timedelta

import pytest

from campaigns.domain.holiday_calendar import (
    Holiday,
    HolidayCalendar,
    HolidaySource,
    national_holidays,
)
from campaigns.domain.model import TenantHoliday

CHRISTMAS = date(2025, 12, 25)


def test_brazil_has_14_national_holidays_in_2025():
    assert {day.strftime("%d/%m"): name for day, name in national_holidays(2025).items()} == {
        "01/01": "Confraternização Universal",
        "03/03": "Carnaval",
        "04/03": "Carnaval",
        "05/03": "Quarta-feira de Cinzas",
        "18/04": "Sexta-feira Santa",
        "21/04": "Tiradentes",
        "01/05": "Dia do Trabalhador",
        "19/06": "Corpus Christi",
        "07/09": "Independência do Brasil",
        "12/10": "Nossa Senhora Aparecida",
        "02/11": "Finados",
        "15/11": "Proclamação da República",
        "20/11": "Dia Nacional de Zumbi e da Consciência Negra",
        "25/12": "Natal",
    }


@pytest.mark.parametrize("year", range(2024, 2040))
def test_every_year_has_the_same_14_in_the_order_of_their_dates(year):
    days = list(national_holidays(year))
    assert len(days) == 14
    assert days == sorted(days)
    assert {day.year for day in days} == {year}


@pytest.mark.parametrize(
    ("monday", "corpus_christi"),
    [
        (date(2024, 2, 12), date(2024, 5, 30)),
        (date(2026, 2, 16), date(2026, 6, 4)),
        (date(2027, 2, 8), date(2027, 5, 27)),
    ],
)
def test_carnival_and_corpus_christi_follow_easter(monday, corpus_christi):
    by_name = {}
    for day, name in national_holidays(monday.year).items():
        by_name.setdefault(name, []).append(day)
    assert by_name["Carnaval"] == [monday, monday.replace(day=monday.day + 1)]
    assert by_name["Corpus Christi"] == [corpus_christi]


@pytest.mark.parametrize("day", [date(2025, 10, 28), date(2025, 12, 24), date(2025, 12, 31)])
def test_the_civil_servants_day_and_the_two_eves_are_ordinary_days(day):
    assert not HolidayCalendar()(day)


def test_the_national_days_cannot_be_changed_by_a_caller():
    with pytest.raises(TypeError):
        national_holidays(2025)[CHRISTMAS] = "Dia útil"


def test_a_tenants_own_day_is_a_holiday():
    calendar = HolidayCalendar([TenantHoliday("2025-01-25", "Aniversário de São Paulo", True)])
    assert calendar(date(2025, 1, 25))
    assert calendar(CHRISTMAS)
    assert not calendar(date(2025, 1, 24))
    assert not calendar(date(2026, 1, 25))


def test_an_inactive_own_day_on_a_national_date_makes_it_an_ordinary_day():
    calendar = HolidayCalendar([TenantHoliday("2025-12-25", "Aberto no Natal", False)])
    assert not calendar(CHRISTMAS)
    assert calendar(date(2026, 12, 25))


def test_an_inactive_own_day_elsewhere_is_an_ordinary_day():
    assert not HolidayCalendar([TenantHoliday("2025-01-25", "Talvez", False)])(date(2025, 1, 25))


def test_the_list_of_a_year_shows_own_days_in_place_of_national_ones():
    calendar = HolidayCalendar(
        [
            TenantHoliday("2025-12-25", "Aberto no Natal", False),
            TenantHoliday("2025-01-25", "Aniversário de São Paulo", True),
            TenantHoliday("2026-01-25", "Aniversário de São Paulo", True),
        ]
    )
    entries = calendar.entries(2025)
    assert len(entries) == 15
    assert entries[:2] == (
        Holiday(date(2025, 1, 1), "Confraternização Universal", True, HolidaySource.NATIONAL),
        Holiday(date(2025, 1, 25), "Aniversário de São Paulo", True, HolidaySource.TENANT),
    )
    assert entries[-1] == Holiday(CHRISTMAS, "Aberto no Natal", False, HolidaySource.TENANT)


def test_a_holiday_is_one_exactly_where_the_list_has_it_active():
    calendar = HolidayCalendar([TenantHoliday("2025-12-25", "Aberto no Natal", False)])
    listed = {entry.day for entry in calendar.entries(2025) if entry.is_active}
    year = [date(2025, 1, 1) + timedelta(days=n) for n in range(365)]
    assert {day for day in year if calendar(day)} == listed


def test_the_holidays_package_is_loaded_at_the_first_question_and_brazil_alone():
    program = """
import sys
from campaigns.domain import holiday_calendar
assert "holidays" not in sys.modules
assert len(holiday_calendar.national_holidays(2025)) == 14
assert "holidays.countries" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)  # noqa: S603
