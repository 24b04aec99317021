"""DDIM against diffusers, and A1111's timestep lists."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from inference_svc.sampling import (
    Array,
    ModelSigmas,
    NoiseSpec,
    Prediction,
    SamplerOptions,
    SamplingPlan,
    denoiser,
    first_state,
    make_plan,
    noise,
    solve,
)
from latentwire.errors import InvalidArgument
from tests.oracles.diffusers import ddim_scheduler

MODEL = ModelSigmas.from_alphas_cumprod(ddim_scheduler().alphas_cumprod.tolist())
SHAPE = (4, 6, 8)
NOISE = NoiseSpec(seed=3)


def plan_of(steps: int, strength: float | None = None, **more: Any) -> SamplingPlan:
    return make_plan(sampler="DDIM", steps=steps, model=MODEL, noise=NOISE, denoising_strength=strength, **more)


def timesteps(plan: SamplingPlan) -> list[float]:
    return [transition.timestep for transition in plan.transitions]


def epsilon(z: torch.Tensor) -> torch.Tensor:
    return 0.9 * z + 0.2 * torch.sin(z)


def predict(x: Array, sigma: float) -> Prediction:
    return Prediction(x - sigma * epsilon(torch.as_tensor(x) / math.sqrt(1 + sigma**2)).numpy())


def diffusers_result(z: torch.Tensor, steps: int, step_count: int, eta: float) -> torch.Tensor:
    scheduler = ddim_scheduler()
    scheduler.set_timesteps(steps)
    for index, t in enumerate(scheduler.timesteps[:step_count]):
        variance_noise = torch.tensor(noise.draw(NOISE, 1 + index, SHAPE))[None] if eta else None
        z = scheduler.step(epsilon(z), t, z, eta=eta, variance_noise=variance_noise).prev_sample
    return z


@pytest.mark.parametrize("steps", [4, 20, 50])
@pytest.mark.parametrize("eta", [0.0, 0.4, 1.0])
def test_it_is_diffusers_without_its_last_step(steps: int, eta: float) -> None:
    plan = plan_of(steps, options=SamplerOptions(eta=eta))
    ended = solve(plan, first_state(plan, SHAPE), predict)
    start = torch.tensor(noise.draw(NOISE, 0, SHAPE))[None]
    expected = diffusers_result(start, steps, steps - 1, eta)
    # float32 on both sides, ours in another scale; measured at most 1e-6 of |x| up to 2.
    np.testing.assert_allclose(ended.x, expected, rtol=1e-6, atol=5e-6)


def test_it_takes_one_noise_each_step_whatever_eta() -> None:
    plan = plan_of(20)
    ended = solve(plan, first_state(plan, SHAPE), predict)
    assert (ended.step, ended.evaluations, ended.draws) == (19, 19, 20)


def test_twenty_steps_are_nineteen_transitions_down_to_timestep_one() -> None:
    plan = plan_of(20)
    assert timesteps(plan) == [float(t) for t in range(951, 1, -50)]
    assert plan.transitions[-1].sigma_next == MODEL.sigmas[1]


@pytest.mark.parametrize(("steps", "count"), [(1, 0), (2, 1), (20, 19), (30, 30), (35, 35), (150, 166)])
def test_the_list_is_as_long_as_whole_strides_make_it(steps: int, count: int) -> None:
    assert plan_of(steps).step_count == count


def test_the_model_is_asked_at_its_own_whole_timesteps() -> None:
    plan = plan_of(20)
    asked = [denoiser.timestep(transition.sigma, MODEL).tolist() for transition in plan.transitions]
    assert asked == [[t] for t in timesteps(plan)]


def test_image_to_image_starts_one_stride_above_its_first_evaluation() -> None:
    init = np.full((1, *SHAPE), 0.5, dtype=np.float32)
    plan = plan_of(20, 0.75, init_latents=init)
    assert timesteps(plan) == [float(t) for t in range(701, 1, -50)]
    assert plan.noise.sigma_max == MODEL.sigmas[751]
    alpha = float(ddim_scheduler().alphas_cumprod[751])
    noised = init * math.sqrt(alpha) + noise.draw(NOISE, 0, SHAPE)[None] * math.sqrt(1 - alpha)
    first_input = first_state(plan, SHAPE).x / math.sqrt(1 + MODEL.sigmas[701] ** 2)
    # float32, and alpha's square root against sigma's.
    np.testing.assert_allclose(first_input, noised, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("strength", "count"), [(0.0, 0), (0.05, 0), (0.1, 1), (0.5, 9), (0.75, 14), (1.0, 18)])
def test_image_to_image_keeps_the_first_part_of_the_list(strength: float, count: int) -> None:
    assert plan_of(20, strength).step_count == count


@pytest.mark.parametrize(("strength", "count"), [(0.0, 0), (0.5, 18), (1.0, 18)])
def test_fixed_steps_keep_their_number_of_the_longer_list(strength: float, count: int) -> None:
    assert plan_of(20, strength, fix_steps=True).step_count == count


def test_a_schedule_longer_than_the_models_timesteps_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="steps: 1500 is not allowed; allowed: 1 to 1000"):
        plan_of(15, 0.01, fix_steps=True)


def test_no_steps_give_back_the_input() -> None:
    init = np.full((1, *SHAPE), 0.5, dtype=np.float32)
    kept = first_state(plan_of(20, 0.0, init_latents=init), SHAPE)
    assert kept.done
    assert np.array_equal(kept.x, init)
    bare = first_state(plan_of(1), SHAPE)
    assert bare.done
    assert np.array_equal(bare.x, noise.draw(NOISE, 0, SHAPE)[None])
