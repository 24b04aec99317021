"""DPM fast and DPM adaptive against k-diffusion; their own ranges, grids and limits."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch

from inference_svc.sampling import (
    ModelSigmas,
    NoiseSpec,
    Prediction,
    SamplerOptions,
    SamplerState,
    SamplingPlan,
    evaluation_count,
    first_state,
    make_plan,
    noise,
    sigma_reached,
    solve,
    solve_step,
)
from inference_svc.sampling.plan import STEP_LIMIT
from latentwire.errors import InvalidArgument
from tests.oracles.k_diffusion import sampling
from tests.oracles.toys import RandomNet, wavy

MODEL = ModelSigmas.scaled_linear()
SHAPE = (4, 6, 8)


def plan_of(sampler: str, steps: int = 20, eta: float | None = None, **more: Any) -> SamplingPlan:
    noises, options = NoiseSpec(seed=11), SamplerOptions(eta=eta, s_noise=1.0)
    return make_plan(sampler=sampler, steps=steps, model=MODEL, **{"noise": noises, "options": options, **more})


def begun(plan: SamplingPlan, dtype: torch.dtype = torch.float64) -> SamplerState:
    state = first_state(replace(plan, init_latents=torch.zeros(1, *SHAPE)), SHAPE)
    return replace(state, x=state.x.to(dtype))


def draws(dtype: torch.dtype) -> Any:
    """The noises that our samplers take, one after the other, as a noise sampler of k-diffusion's."""

    def all_draws() -> Iterator[torch.Tensor]:
        for index in range(1, 1000):
            yield torch.tensor(noise.draw(NoiseSpec(seed=11), index, SHAPE))[None].to(dtype)

    taken = all_draws()
    return lambda sigma, sigma_next: next(taken)


def reference(sampler: str, model: Any, plan: SamplingPlan, steps: int, dtype: torch.dtype) -> torch.Tensor:
    arguments: dict[str, Any] = {"eta": plan.eta, "noise_sampler": draws(dtype), "disable": True}
    if sampler == "DPM fast":
        arguments["n"] = steps
    function = {"DPM fast": sampling.sample_dpm_fast, "DPM adaptive": sampling.sample_dpm_adaptive}[sampler]
    torch.set_default_dtype(dtype)  # its grid and its tolerances are of that type, whatever x is of
    try:
        ended: torch.Tensor = function(
            model, begun(plan, dtype).x, plan.noise.sigma_min, plan.noise.sigma_max, **arguments
        )
    finally:
        torch.set_default_dtype(torch.float32)
    return ended


def toy(x: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
    denoised: torch.Tensor = wavy(x, float(sigma)).denoised
    return denoised


@pytest.mark.parametrize(
    ("sampler", "steps"), [("DPM adaptive", 20), *[("DPM fast", steps) for steps in (1, 2, 3, 6, 19, 20)]]
)
@pytest.mark.parametrize("eta", [0.0, 0.4, 1.0])
def test_on_a_float64_toy_it_is_k_diffusions(sampler: str, eta: float, steps: int) -> None:
    plan = plan_of(sampler, steps, eta)
    ended = solve(plan, begun(plan), wavy)
    expected = reference(sampler, toy, plan, steps, torch.float64)
    # float64 on both sides; measured at most 7e-14.
    torch.testing.assert_close(ended.x, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("sampler", "most"), [("DPM fast", 1e-5), ("DPM adaptive", 2e-4)])
def test_on_a_small_random_model_it_is_k_diffusions(sampler: str, most: float) -> None:
    plan, net = plan_of(sampler), RandomNet()
    ended = solve(plan, begun(plan, torch.float32), net.predict)
    expected = reference(sampler, net, plan, 20, torch.float32)
    # float32 on both sides; measured 2.1e-6, and 2.6e-5 in some twenty steps whose length is float32's too.
    torch.testing.assert_close(ended.x, expected, rtol=0, atol=most)
    assert ended.x.dtype == torch.float32


@pytest.mark.parametrize(("steps", "orders"), [(1, [1]), (2, [2]), (3, [2, 1]), (4, [3, 1]), (9, [3, 3, 2, 1])])
def test_fast_divides_its_evaluations_among_steps_of_order_three(steps: int, orders: list[int]) -> None:
    plan = plan_of("DPM fast", steps)
    assert [transition.evaluations for transition in plan.transitions] == orders
    assert evaluation_count(plan) == solve(plan, begun(plan), wavy).evaluations == steps


def test_fast_goes_evenly_in_log_sigma_from_the_models_highest_level_to_its_lowest() -> None:
    plan = plan_of("DPM fast", scheduler="karras")
    levels = [transition.sigma for transition in plan.transitions] + [plan.transitions[-1].sigma_next]
    np.testing.assert_allclose(np.log(levels), np.linspace(math.log(MODEL.sigma_max), math.log(MODEL.sigma_min), 8))
    assert (levels[0], levels[-1]) == (MODEL.sigma_max, MODEL.sigma_min)


@pytest.mark.parametrize("sampler", ["DPM fast", "DPM adaptive"])
def test_image_to_image_goes_from_its_part_of_the_schedule_to_the_last_level_but_one(sampler: str) -> None:
    plan = plan_of(sampler, denoising_strength=0.5, scheduler="karras")
    levels = [
        transition.sigma for transition in plan_of("Euler", denoising_strength=0.5, scheduler="karras").transitions
    ]
    assert (plan.noise.sigma_max, plan.noise.sigma_min) == (levels[0], levels[-1])
    assert evaluation_count(plan_of("DPM fast", denoising_strength=0.5)) == 11


@pytest.mark.parametrize("sampler", ["DPM fast", "DPM adaptive"])
@pytest.mark.parametrize("more", [{"denoising_strength": 0.0}, {"denoising_strength": 0.0, "fix_steps": True}])
def test_a_part_of_one_level_gives_back_the_input(sampler: str, more: dict[str, Any]) -> None:
    init = np.full((1, *SHAPE), 0.5, dtype=np.float32)
    plan = plan_of(sampler, init_latents=init, **more)
    state = first_state(plan, SHAPE)
    assert (state.done, plan.step_count, evaluation_count(plan), sigma_reached(plan, state)) == (True, 0, 0, 0.0)
    assert np.array_equal(state.x, init)


def test_adaptive_starts_from_noise_at_its_highest_level() -> None:
    plan, expected = plan_of("DPM adaptive"), noise.draw(NoiseSpec(seed=11), 0, SHAPE)[None]
    wide = replace(plan, options=SamplerOptions(sgm_noise_multiplier=True))
    assert np.array_equal(first_state(plan, SHAPE).x, expected * np.float32(MODEL.sigma_max))
    assert np.array_equal(first_state(wide, SHAPE).x, expected * np.float32(math.sqrt(1 + MODEL.sigma_max**2)))


def test_adaptive_ignores_the_number_of_steps_and_is_done_at_its_lowest_level() -> None:
    plan = plan_of("DPM adaptive", 3)
    assert plan == plan_of("DPM adaptive", 99)
    assert (plan.transitions, plan.step_count, evaluation_count(plan)) == ((), STEP_LIMIT, 3 * STEP_LIMIT)
    ended = solve(plan, begun(plan), wavy)
    assert ended.evaluations == 3 * ended.step
    assert sigma_reached(plan, ended) == pytest.approx(MODEL.sigma_min, rel=1e-5)


def test_adaptive_rejects_steps_and_takes_noise_for_the_accepted_alone() -> None:
    plan = plan_of("DPM adaptive", eta=1.0)
    seen = [begun(plan)]
    while not seen[-1].done:
        seen.append(solve_step(plan, seen[-1], lambda x, sigma: Prediction(torch.sin(3 * x))))
    accepted = [sigma_reached(plan, after) < sigma_reached(plan, before) for before, after in pairwise(seen)]
    assert 0 < sum(accepted) < len(accepted)
    assert seen[-1].draws == 1 + sum(accepted)


@pytest.mark.parametrize(
    "model", [lambda x, sigma: Prediction(x * math.nan), lambda x, sigma: Prediction((1e5 * x).sin())]
)
def test_adaptive_fails_where_the_end_is_never_reached(model: Any) -> None:
    plan = plan_of("DPM adaptive")
    with pytest.raises(InvalidArgument, match=r"^sampler: 'DPM adaptive, not at its end after \d+ steps'"):
        solve(plan, begun(plan), model)
