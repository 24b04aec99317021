"""Every sampler on every schedule, from one step to the most."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from inference_svc.sampling import (
    SAMPLERS,
    SCHEDULERS,
    ModelSigmas,
    NoiseSpec,
    SamplingPlan,
    check_plan,
    check_state,
    evaluation_count,
    first_state,
    make_plan,
    sigma_reached,
    solve,
)
from inference_svc.sampling.timesteps import timestep_start
from tests.oracles.toys import MEAN, SPREAD, gaussian

MODEL = ModelSigmas.scaled_linear()
SHAPE = (1, 4, 4)
FEW, MANY = (1, 2, 3, 7), (20, 150)
BY_SIGMA = [name for name, spec in SAMPLERS.items() if spec.start is not timestep_start]
INIT = np.full((1, *SHAPE), MEAN, dtype=np.float32)


def plan_of(sampler: str, scheduler: str, steps: int, strength: float | None = None) -> SamplingPlan:
    noise = NoiseSpec(seed=steps)
    plan = make_plan(
        sampler=sampler, scheduler=scheduler, steps=steps, model=MODEL, noise=noise, denoising_strength=strength
    )
    return plan if strength is None else replace(plan, init_latents=INIT)


def walk(plan: SamplingPlan) -> float:
    """Walks a path to its end, which must be what the plan said; returns how far the end is from the data's mean."""
    check_plan(plan)
    end = solve(plan, first_state(plan, SHAPE), gaussian)
    check_state(plan, end)
    assert end.done
    assert end.evaluations <= evaluation_count(plan)
    assert sigma_reached(plan, end) < 0.5
    return float(np.abs(end.x - MEAN).max())


@pytest.mark.parametrize("sampler", BY_SIGMA)
def test_few_steps_end_finite_on_any_schedule(sampler: str) -> None:
    ends = [walk(plan_of(sampler, scheduler, steps)) for scheduler in SCHEDULERS for steps in FEW]
    assert np.isfinite(ends).all()


@pytest.mark.parametrize("scheduler", sorted(SCHEDULERS))
@pytest.mark.parametrize("steps", MANY)
def test_many_steps_end_near_the_data(scheduler: str, steps: int) -> None:
    for sampler in ("Euler a", "DPM++ 2M", "Heun", "LMS"):
        assert walk(plan_of(sampler, scheduler, steps)) < 4 * SPREAD


@pytest.mark.parametrize("sampler", sorted(SAMPLERS))
def test_twenty_steps_of_any_sampler_end_near_the_data(sampler: str) -> None:
    for scheduler in ("automatic", "kl_optimal"):
        assert walk(plan_of(sampler, scheduler, 20)) < 8 * SPREAD


@pytest.mark.parametrize("sampler", sorted(SAMPLERS.keys() - set(BY_SIGMA)))
def test_a_sampler_of_timesteps_takes_no_notice_of_the_schedule(sampler: str) -> None:
    for steps in (*FEW, *MANY):
        plan = plan_of(sampler, "karras", steps)
        walk(plan)
        assert plan_of(sampler, "kl_optimal", steps) == replace(plan, scheduler="kl_optimal")


@pytest.mark.parametrize("sampler", list(SAMPLERS))
def test_image_to_image_ends_finite_where_the_schedule_ends_above_zero(sampler: str) -> None:
    parts = ((1, 0.5), (7, 0.3), (20, 0.0), (7, 1.0))
    ends = [walk(plan_of(sampler, "kl_optimal", steps, strength)) for steps, strength in parts]
    assert np.isfinite(ends).all()
