"""DDIM with CFG++, PLMS and UniPC against diffusers and their papers' updates, and the paths of the last two."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inference_svc.sampling import (
    Array,
    ModelSigmas,
    NoiseSpec,
    Prediction,
    SamplerOptions,
    SamplerState,
    SamplingPlan,
    first_state,
    make_plan,
    noise,
    solve,
)
from tests.oracles.diffusers import ddim_scheduler, plms_scheduler, uni_pc_scheduler
from tests.oracles.toys import gaussian, gaussian_solution

ALPHAS = ddim_scheduler().alphas_cumprod.double().numpy()
MODEL = ModelSigmas.from_alphas_cumprod(ALPHAS.tolist())
SHAPE = (4, 6, 8)
NOISE = NoiseSpec(seed=3)
INIT = np.full((1, *SHAPE), 0.5, dtype=np.float32)


def plan_of(sampler: str, steps: int, strength: float | None = None, **more: Any) -> SamplingPlan:
    return make_plan(sampler=sampler, steps=steps, model=MODEL, noise=NOISE, denoising_strength=strength, **more)


def epsilon(z: torch.Tensor) -> torch.Tensor:
    return 0.9 * z + 0.2 * torch.sin(z)


def epsilon_without_prompt(z: torch.Tensor) -> torch.Tensor:
    return 0.8 * z - 0.3 * torch.cos(z)


def predict(x: Array, sigma: float) -> Prediction:
    z = torch.as_tensor(x) / math.sqrt(1 + sigma**2)
    return Prediction(x - sigma * epsilon(z).numpy(), x - sigma * epsilon_without_prompt(z).numpy())


def predict_alike(x: Array, sigma: float) -> Prediction:
    denoised = predict(x, sigma).denoised
    return Prediction(denoised, denoised)


def predict_guided_alone(x: Array, sigma: float) -> Prediction:
    return Prediction(predict(x, sigma).denoised)


def start_of(plan: SamplingPlan) -> torch.Tensor:
    """The model's first input, which is in its own scale."""
    return torch.tensor(first_state(plan, SHAPE).x) / math.sqrt(1 + plan.transitions[0].sigma ** 2)


def ended(plan: SamplingPlan, denoise: Any = predict) -> SamplerState:
    return solve(plan, first_state(plan, SHAPE), denoise)


def cfgpp_by_its_paper(plan: SamplingPlan, eta: float) -> torch.Tensor:
    """Chung et al. 2024, algorithm 2, with DDIM's noise: Tweedie's formula guided, renoising by the bare epsilon."""
    z = start_of(plan).double()
    for index, transition in enumerate(plan.transitions):
        alpha, before = 1 / (1 + transition.sigma**2), 1 / (1 + transition.sigma_next**2)
        spread = eta * math.sqrt((1 - before) / (1 - alpha) * (1 - alpha / before))
        clean = (z - math.sqrt(1 - alpha) * epsilon(z)) / math.sqrt(alpha)
        fresh = torch.tensor(noise.draw(NOISE, 1 + index, SHAPE))[None]
        back = math.sqrt(1 - before - spread**2) * epsilon_without_prompt(z)
        z = math.sqrt(before) * clean + back + spread * fresh
    return z


@pytest.mark.parametrize("steps", [2, 7, 20])
@pytest.mark.parametrize("eta", [0.0, 0.4, 1.0])
def test_cfgpp_is_its_papers_update(steps: int, eta: float) -> None:
    plan = plan_of("DDIM CFG++", steps, options=SamplerOptions(eta=eta))
    # float32 against float64, of |x| up to 5.
    np.testing.assert_allclose(ended(plan).x, cfgpp_by_its_paper(plan, eta), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("denoise", [predict_alike, predict_guided_alone])
def test_where_prompt_and_none_say_the_same_cfgpp_is_ddim(denoise: Any) -> None:
    options = SamplerOptions(eta=0.5)
    plain, other = (plan_of(sampler, 20, options=options) for sampler in ("DDIM", "DDIM CFG++"))
    assert ended(other, denoise) == ended(plain, denoise)


def test_cfgpp_goes_back_up_along_the_guess_without_the_prompt() -> None:
    plan = plan_of("DDIM CFG++", 20)
    assert np.abs(ended(plan).x - ended(plan, predict_guided_alone).x).max() > 0.1


@pytest.mark.parametrize("steps", [4, 20, 50])
def test_plms_is_diffusers_without_its_last_step(steps: int) -> None:
    plan, scheduler = plan_of("PLMS", steps), plms_scheduler()
    scheduler.set_timesteps(steps)
    z = start_of(plan)
    for t in scheduler.timesteps[:steps]:  # the second one twice
        z = scheduler.step(epsilon(z), t, z).prev_sample
    # float32 on both sides, ours in another scale.
    np.testing.assert_allclose(ended(plan).x, z, rtol=1e-5, atol=1e-5)


def test_plms_makes_two_evaluations_in_its_first_step_and_takes_no_noise() -> None:
    plan = plan_of("PLMS", 20)
    state = ended(plan)
    assert (state.step, state.evaluations, state.draws) == (19, 20, 1)
    assert [transition.evaluations for transition in plan.transitions] == [2, *[0] * 18]


def diffusers_uni_pc(plan: SamplingPlan, z: torch.Tensor) -> torch.Tensor:
    options = plan.options
    scheduler = uni_pc_scheduler(
        solver_order=options.uni_pc_order,
        solver_type=options.uni_pc_variant,
        lower_order_final=options.uni_pc_lower_order_final,
    )
    levels = [plan.transitions[0].sigma, *(transition.sigma_next for transition in plan.transitions)]
    scheduler.sigmas, scheduler.timesteps = torch.tensor(levels, dtype=torch.float64), torch.arange(plan.step_count)
    scheduler.num_inference_steps = plan.step_count
    for t in scheduler.timesteps:
        z = scheduler.step(epsilon(z), t, z).prev_sample
    return z


@pytest.mark.parametrize("variant", ["bh1", "bh2"])
@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize(
    ("steps", "lower", "skip_type"),
    [(1, True, "time_uniform"), (2, True, "logSNR"), (20, False, "time_quadratic"), (20, True, "time_uniform")],
)
def test_uni_pc_is_diffusers(variant: str, order: int, steps: int, lower: bool, skip_type: str) -> None:
    options = SamplerOptions(
        uni_pc_variant=variant, uni_pc_order=order, uni_pc_lower_order_final=lower, uni_pc_skip_type=skip_type
    )
    plan = plan_of("UniPC", steps, options=options)
    expected = diffusers_uni_pc(plan, start_of(plan))
    # float32 on both sides, ours in another scale.
    np.testing.assert_allclose(ended(plan).x, expected, rtol=2e-5, atol=2e-5)


def time_levels(times: np.ndarray) -> np.ndarray:
    """Noise levels at continuous times: log alpha interpolated between (t + 1) / 1000. Source: Lu et al. 2022."""
    log_alpha = np.interp(times, np.arange(1, 1001) / 1000, 0.5 * np.log(ALPHAS))
    levels: np.ndarray = np.sqrt(np.expm1(-2 * log_alpha))
    return levels


def expected_levels(skip_type: str, first: float, count: int) -> np.ndarray:
    if skip_type == "logSNR":
        high, low = time_levels(np.asarray([first, 0.001]))
        return np.exp(np.linspace(np.log(high), np.log(low), count + 1))
    power = {"time_uniform": 1, "time_quadratic": 2}[skip_type]
    return time_levels(np.linspace(first ** (1 / power), 0.001 ** (1 / power), count + 1) ** power)


@pytest.mark.parametrize("skip_type", ["time_uniform", "time_quadratic", "logSNR"])
@pytest.mark.parametrize(
    ("steps", "strength", "first", "count"),
    [(1, None, 1.0, 1), (7, None, 1.0, 8), (20, None, 1.0, 20), (30, None, 1.0, 31), (20, 0.75, 0.701, 15)],
)
def test_uni_pc_walks_as_many_steps_as_the_list_is_long(
    skip_type: str, steps: int, strength: float | None, first: float, count: int
) -> None:
    plan = plan_of("UniPC", steps, strength, options=SamplerOptions(uni_pc_skip_type=skip_type))
    levels = [plan.transitions[0].sigma, *(transition.sigma_next for transition in plan.transitions)]
    np.testing.assert_allclose(levels, expected_levels(skip_type, first, count), rtol=1e-9)


def test_uni_pc_evaluates_once_a_step_and_takes_no_noise() -> None:
    state = ended(plan_of("UniPC", 20))
    assert (state.step, state.evaluations, state.draws, len(state.history)) == (20, 20, 1, 4)


@pytest.mark.parametrize("sampler", ["DDIM CFG++", "PLMS", "UniPC"])
def test_image_to_image_starts_at_the_level_above_the_part_that_is_kept(sampler: str) -> None:
    plan = plan_of(sampler, 20, 0.75, init_latents=INIT)
    alpha = ALPHAS[751]
    expected = INIT * math.sqrt(alpha) + noise.draw(NOISE, 0, SHAPE)[None] * math.sqrt(1 - alpha)
    # float32, and alpha's square root against sigma's.
    np.testing.assert_allclose(start_of(plan), expected, rtol=1e-5, atol=1e-6)


LISTS = [
    (1, None, 0, 1),
    (1, 0.0, 0, 0),
    (1, 1.0, 0, 0),
    (2, None, 1, 2),
    (20, None, 19, 20),
    (20, 0.05, 0, 0),
    (20, 0.1, 1, 2),
    (30, None, 30, 31),
    (35, 0.5, 16, 17),
    (150, None, 166, 167),
]


@pytest.mark.parametrize(("steps", "strength", "list_count", "uni_pc_count"), LISTS)
def test_paths_are_as_long_as_a1111s_lists(
    steps: int, strength: float | None, list_count: int, uni_pc_count: int
) -> None:
    counts = [plan_of(sampler, steps, strength).step_count for sampler in ("DDIM CFG++", "PLMS", "UniPC")]
    assert counts == [list_count, list_count, uni_pc_count]


@given(steps=st.integers(1, 150), strength=st.floats(0, 1), sampler=st.sampled_from(["PLMS", "UniPC"]))
@settings(max_examples=50)
def test_the_timestep_paths_are_unbroken_and_end_finite(steps: int, strength: float, sampler: str) -> None:
    plan = plan_of(sampler, steps, strength, init_latents=INIT)
    assert all(before.sigma_next == after.sigma for before, after in pairwise(plan.transitions))
    end = ended(plan)
    assert end.done
    assert np.isfinite(end.x).all()


@pytest.mark.parametrize(("sampler", "most"), [("PLMS", 0.01), ("UniPC", 0.025)])
def test_fifty_steps_come_near_the_exact_path(sampler: str, most: float) -> None:
    plan = plan_of(sampler, 50)
    start = first_state(plan, SHAPE)
    start = replace(start, x=start.x.astype(np.float64))
    sigma_end = plan.transitions[-1].sigma_next
    exact = gaussian_solution(start.x, plan.transitions[0].sigma, sigma_end) / math.sqrt(1 + sigma_end**2)
    # DDIM is 0.09 away, UniPC 0.018 by its last step, the longest in log sigma.
    assert np.abs(solve(plan, start, gaussian).x - exact).max() < most


@pytest.mark.parametrize("sampler", ["PLMS", "UniPC"])
def test_a_step_to_no_noise_is_the_prediction(sampler: str) -> None:
    plan = plan_of(sampler, 20)
    plan = replace(plan, transitions=(replace(plan.transitions[-1], sigma_next=0.0),))
    state = first_state(plan, SHAPE)
    expected = predict(state.x, plan.transitions[0].sigma).denoised
    np.testing.assert_allclose(solve(plan, state, predict).x, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("sampler", ["DDIM CFG++", "PLMS", "UniPC"])
def test_torch_latents_stay_torch_and_end_where_numpys_do(sampler: str) -> None:
    ends = []
    for init in (torch.tensor(INIT), INIT):
        plan = plan_of(sampler, 20, 0.75, init_latents=init)
        ends.append(solve(plan, first_state(plan, SHAPE), lambda x, sigma: Prediction(x / (1 + sigma * sigma))).x)
    assert (type(ends[0]), ends[0].dtype) == (torch.Tensor, torch.float32)
    # The same float32 operations in two libraries.
    np.testing.assert_allclose(ends[0].numpy(), ends[1], rtol=1e-5, atol=1e-6)
