"""The days on which nobody works: Brazil's national ones, and what a tenant says of her own days.

National are the public holidays and the optional days that business keeps too: carnival, Ash
Wednesday and Corpus Christi.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from campaigns.domain.model import TenantHoliday

if TYPE_CHECKING:
    from holidays import HolidayBase

#: Optional days that only public offices keep (month, day): the civil servants' day and two eves.
_OFFICES_ONLY = frozenset({(10, 28), (12, 24), (12, 31)})


class HolidaySource(StrEnum):
    """Who says that a day is a holiday."""

    NATIONAL = "national"
    TENANT = "tenant"


@dataclass(frozen=True, slots=True, order=True)
class Holiday:
    """One entry of a year's list; an inactive one says that its day is an ordinary day."""

    day: date
    name: str
    is_active: bool
    source: HolidaySource


class HolidayCalendar:
    """Says whether a date is a holiday: a tenant's own entry replaces the national one.

    It is the `holidays` function of a sending window. Of two own entries for one day the last
    one counts.
    """

    def __init__(self, own: Iterable[TenantHoliday] = ()) -> None:
        self._own = {
            entry.day: entry
            for entry in (
                Holiday(
                    date.fromisoformat(holiday.day),
                    holiday.name,
                    holiday.is_active,
                    HolidaySource.TENANT,
                )
                for holiday in own
            )
        }

    def __call__(self, day: date) -> bool:
        """The day's own entry decides if there is one, else the national calendar."""
        own = self._own.get(day)
        return own.is_active if own else day in national_holidays(day.year)

    def entries(self, year: int) -> tuple[Holiday, ...]:
        """The year's entries by date, national and own, replaced national ones left out."""
        national = {
            day: Holiday(day, name, True, HolidaySource.NATIONAL)
            for day, name in national_holidays(year).items()
        }
        own = {day: entry for day, entry in self._own.items() if day.year == year}
        return tuple(sorted((national | own).values()))


@cache
def national_holidays(year: int) -> Mapping[date, str]:
    """Brazil's national holidays of a year by date, with their names in pt-BR.

    The first call of a process costs a quarter of a second of CPU: whoever judges a window
    between a gate and a request calls it before.
    """
    brazil = _brazil()
    days = {
        day: name
        for day, name in brazil(years=year, categories=("optional",), language="pt_BR").items()
        if (day.month, day.day) not in _OFFICES_ONLY
    }
    days |= brazil(years=year, categories=("public",), language="pt_BR")
    return MappingProxyType(dict(sorted(days.items())))


@cache
def _brazil() -> "type[HolidayBase]":
    """The `holidays` package's Brazil, loaded without the 250 other countries.

    Importing it by its name runs `holidays.countries`, which imports them all: 0.7 s of CPU
    instead of 0.25, at every cold start of a function.
    """
    import holidays

    name = "holidays.countries.brazil"
    countries = Path(holidays.__file__).parent / "countries"
    spec = PathFinder.find_spec(name, [str(countries)])
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(name=name)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    brazil: type[HolidayBase] = module.Brazil
    return brazil
