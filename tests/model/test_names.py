"""The model and the code name the same things: a renamed function is found here."""

import importlib
import inspect
import re
from collections.abc import Iterator
from operator import attrgetter

import pytest

from tests.model.checker import MODEL, ROOT
from tests.model.scenarios import MUTANTS, SCENARIOS

_TEXT = (MODEL / "Delivery.tla").read_text(encoding="utf-8")
_README = (MODEL / "README.md").read_text(encoding="utf-8")
_STANDS_FOR = re.compile(r"^\(\* = (.+?) \*\)$", re.MULTILINE)
_DEFINITION = re.compile(r"^(\w+)(?:\([\w, ]+\))? ==", re.MULTILINE)
#: What the list of steps names beside the actions themselves.
_NO_ACTIONS = {"Next", "Planning", "Goes", "Campaigns", "Recipients", "People"}


def names() -> list[str]:
    lines = _STANDS_FOR.findall(_TEXT)
    return sorted({name for line in lines for name in line.split(", ")} - {"world"})


@pytest.mark.parametrize("name", names())
def test_what_an_action_stands_for_is_in_the_code(name: str) -> None:
    module_name, found = _module_of(name)
    target = attrgetter(found)(importlib.import_module(module_name))
    assert inspect.isfunction(target)
    assert target.__module__ == module_name


def test_every_action_says_what_it_stands_for() -> None:
    assert _actions() - {name for name, _ in _described()} == set()


def test_every_guard_that_can_be_switched_off_has_a_mutant() -> None:
    guards = set(re.findall(r'On\("(\w+)"\)', _TEXT))
    assert guards == {guard for mutant in MUTANTS for guard in mutant.without}


def test_every_scenario_has_its_file_and_every_file_its_scenario() -> None:
    assert {path.stem for path in MODEL.glob("*.cfg")} == {each.name for each in SCENARIOS}


def test_every_property_of_the_model_is_checked_and_explained() -> None:
    rules = _TEXT.split("(* The rules.")[1]
    configs = "\n".join(path.read_text(encoding="utf-8") for path in MODEL.glob("*.cfg"))
    for name in _DEFINITION.findall(rules):
        assert re.search(rf"\b{name}\b", configs), name
        assert f"`{name}`" in _README, name


def test_a_mutant_breaks_a_property_that_its_scenario_checks() -> None:
    for mutant in MUTANTS:
        config = (MODEL / f"{mutant.scenario}.cfg").read_text(encoding="utf-8")
        checked = re.findall(r"^(?:INVARIANTS|PROPERTIES) (.+)$", config, re.MULTILINE)
        assert mutant.breaks in {name for line in checked for name in line.split()}, mutant


def _module_of(name: str) -> tuple[str, str]:
    """`services.send_one.SendOne._claim`: a module of the layer, and what is in it."""
    parts = name.split(".")
    path = ROOT / "layers" / "common" / "python" / "campaigns"
    for place, part in enumerate(parts, start=1):
        path /= part
        if path.with_suffix(".py").is_file():
            return ".".join(["campaigns", *parts[:place]]), ".".join(parts[place:])
    raise AssertionError(f"no module of the layer is in {name}")


def _described() -> Iterator[tuple[str, str]]:
    """A definition right below a line that says what it stands for."""
    for found in re.finditer(r"^\(\* = (.+?) \*\)\n(\w+)", _TEXT, re.MULTILINE):
        yield found[2], found[1]


def _actions() -> set[str]:
    steps = _TEXT.split("\nPlanning ==")[1].split("Symmetry ==")[0]
    return set(re.findall(r"\w+", steps)) & set(_DEFINITION.findall(_TEXT)) - _NO_ACTIONS
