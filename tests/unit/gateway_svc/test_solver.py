from __future__ import annotations

from dataclasses import dataclass

import pytest

from gateway_svc.sdapi.solver import Solver, UnknownSampler, resolve, second


@dataclass(frozen=True)
class Scheduler:
    name: str
    label: str
    aliases: tuple[str, ...] = ()


SAMPLERS = {"DPM++ 2M": "karras", "Euler a": "", "DPM++ 2M SDE Heun": "exponential", "LMS": ""}
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
        ("DPM++ 2M Karras", None, Solver("DPM++ 2M", "automatic")),
        ("DPM++ 2M", "Karras", Solver("DPM++ 2M", "automatic")),
        ("DPM++ 2M", "SGM Uniform", Solver("DPM++ 2M", "sgm_uniform")),
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
    assert resolve("x", None, {"Heun": ""}, SCHEDULERS).sampler == "Heun"


def test_a_service_that_lists_nothing_is_asked_for_the_name_as_it_is() -> None:
    assert resolve("Euler", None, {}, SCHEDULERS) == Solver("Euler", "automatic")


# Names of A1111 before 1.9, when samplers bore their schedules.
OLD_NAMES = {
    "LMS Karras": ("LMS", "karras"),
    "DPM2 Karras": ("DPM2", "automatic"),
    "DPM2 a Karras": ("DPM2 a", "automatic"),
    "DPM++ 2S a Karras": ("DPM++ 2S a", "automatic"),
    "DPM++ 2M Karras": ("DPM++ 2M", "automatic"),
    "DPM++ SDE Karras": ("DPM++ SDE", "automatic"),
    "DPM++ 2M SDE Karras": ("DPM++ 2M SDE", "karras"),
    "DPM++ 2M SDE Exponential": ("DPM++ 2M SDE", "automatic"),
    "DPM++ 2M SDE Heun Karras": ("DPM++ 2M SDE Heun", "karras"),
    "DPM++ 2M SDE Heun Exponential": ("DPM++ 2M SDE Heun", "automatic"),
    "DPM++ 3M SDE Karras": ("DPM++ 3M SDE", "karras"),
    "DPM++ 3M SDE Exponential": ("DPM++ 3M SDE", "automatic"),
}
OWN = {
    **dict.fromkeys(("DPM++ 2M", "DPM++ SDE", "DPM++ 2S a", "DPM2", "DPM2 a", "Restart"), "karras"),
    **dict.fromkeys(("DPM++ 2M SDE", "DPM++ 2M SDE Heun", "DPM++ 3M SDE"), "exponential"),
    **dict.fromkeys(("Euler a", "Euler", "LMS", "Heun", "DPM fast", "DPM adaptive", "DDIM", "DDIM CFG++", "PLMS"), ""),
}


@pytest.mark.parametrize(("name", "found"), OLD_NAMES.items())
def test_old_names_mean_a_sampler_and_its_schedule(name: str, found: tuple[str, str]) -> None:
    schedulers = (*SCHEDULERS, Scheduler("exponential", "Exponential"))
    assert resolve(name, None, OWN, schedulers) == Solver(*found)


@pytest.mark.parametrize(
    ("name", "scheduler", "solver"),
    [
        (None, None, Solver("Euler a", "karras")),
        ("", "", Solver("Euler a", "karras")),
        ("Use same sampler", "Use same scheduler", Solver("Euler a", "karras")),
        ("LMS", None, Solver("LMS", "karras")),
        ("LMS", "Automatic", Solver("LMS", "automatic")),
        (None, "SGM Uniform", Solver("Euler a", "sgm_uniform")),
        ("DPM++ 2M", "Karras", Solver("DPM++ 2M", "automatic")),
    ],
)
def test_a_second_pass_takes_after_the_first(name: str | None, scheduler: str | None, solver: Solver) -> None:
    assert second(Solver("Euler a", "karras"), name, scheduler, SAMPLERS, SCHEDULERS) == solver


def test_a_second_pass_knows_exact_names_alone() -> None:
    with pytest.raises(UnknownSampler, match="LMS Karras"):
        second(Solver("LMS", "automatic"), "LMS Karras", None, SAMPLERS, SCHEDULERS)
    solver = second(Solver("LMS", "karras"), None, "nonsense", SAMPLERS, SCHEDULERS)
    assert (solver.scheduler, len(solver.warnings)) == ("automatic", 1)
