from __future__ import annotations

from dataclasses import dataclass

import pytest

from gateway_svc.sdapi.solver import Solver, resolve


@dataclass(frozen=True)
class Scheduler:
    name: str
    label: str
    aliases: tuple[str, ...] = ()


SAMPLERS = ("DPM++ 2M", "Euler a", "DPM++ 2M SDE Heun", "LMS")
SCHEDULERS = (
    Scheduler("automatic", "Automatic"),
    Scheduler("karras", "Karras"),
    Scheduler("sgm_uniform", "SGM Uniform", ("SGMUniform",)),
)


@pytest.mark.parametrize(
    ("name", "scheduler", "solver"),
    [
        ("Euler a", None, Solver("Euler a", "automatic")),
        ("LMS Karras", None, Solver("LMS", "karras")),
        ("LMS karras", "", Solver("LMS", "karras")),
        ("LMS SGMUniform", None, Solver("LMS", "sgm_uniform")),
        ("DPM++ 2M SDE Heun Karras", None, Solver("DPM++ 2M SDE Heun", "karras")),
        ("LMS Karras", "SGM Uniform", Solver("LMS", "sgm_uniform")),
        ("LMS", "karras", Solver("LMS", "karras")),
    ],
)
def test_a_name_may_carry_its_schedule(name: str, scheduler: str | None, solver: Solver) -> None:
    assert resolve(name, scheduler, SAMPLERS, SCHEDULERS) == solver


@pytest.mark.parametrize("name", ["euler a", "k_lms", "LMS KARRAS", ""])
def test_what_nobody_knows_becomes_dpmpp_2m(name: str) -> None:
    solver = resolve(name, None, SAMPLERS, SCHEDULERS)
    assert (solver.sampler, solver.warnings) == ("DPM++ 2M", (f'sampler "{name}" is not known: "DPM++ 2M" was used',))


def test_an_alias_of_a_schedule_given_by_itself_is_unknown() -> None:
    solver = resolve("LMS", "SGMUniform", SAMPLERS, SCHEDULERS)
    assert (solver.scheduler, len(solver.warnings)) == ("automatic", 1)


def test_a_service_without_dpmpp_2m_falls_back_on_its_first() -> None:
    assert resolve("x", None, ("Heun",), SCHEDULERS).sampler == "Heun"


def test_a_service_that_lists_nothing_is_asked_for_the_name_as_it_is() -> None:
    assert resolve("Euler", None, (), SCHEDULERS) == Solver("Euler", "automatic")
