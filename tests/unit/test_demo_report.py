"""The demo's verdict: any broken promise and any fault that did not happen makes it fail."""

from dataclasses import replace

import pytest

from local.demo_measure import Measured
from local.demo_report import Run, problems

GOOD = Run(
    Measured(
        sent=39,
        delivered=39,
        read=30,
        failed=1,
        unconfirmed=0,
        duplicates=0,
        lost=0,
        strangers=0,
        min_gap_seconds=1.0,
    ),
    first_send_seconds=10.0,
    left_while_paused=0,
    missing=(),
)


def test_a_run_as_planned_has_no_problem():
    assert problems(GOOD, 1.0) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"duplicates": 1}, "mensagens repetidas: 1"),
        ({"lost": 2}, "destinatários perdidos: 2"),
        ({"strangers": 1}, "telefones alheios alcançados: 1"),
        ({"failed": 2}, "falhas: 2, e não 1"),
        ({"failed": 0}, "falhas: 0, e não 1"),
        ({"unconfirmed": 1}, "sem confirmação: 1, e não 0"),
        ({"delivered": 38}, "entregues: 38, e não 39"),
        ({"min_gap_seconds": 0.999}, "menor intervalo: 0.999 s"),
        ({"min_gap_seconds": None}, "menor intervalo: None s"),
    ],
)
def test_what_the_phones_saw_otherwise_is_a_problem(change, problem):
    run = replace(GOOD, measured=replace(GOOD.measured, **change))
    assert problems(run, 1.0) == [problem]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"first_send_seconds": 10.1}, "primeiro envio: 10.1 s"),
        ({"first_send_seconds": None}, "primeiro envio: None s"),
        ({"left_while_paused": 1}, "mensagens durante a pausa: 1"),
        ({"missing": ["a pausa"]}, "Não aconteceu: a pausa."),
    ],
)
def test_what_came_late_or_not_at_all_is_a_problem(change, problem):
    assert problems(replace(GOOD, **change), 1.0) == [problem]
