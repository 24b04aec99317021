"""LCM against diffusers' scheduler on its own timesteps, and against A1111's wrapper of the model between them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from diffusers import LCMScheduler

from inference_svc.sampling import (
    ModelSigmas,
    NoiseSpec,
    Prediction,
    SamplingPlan,
    denoiser,
    first_state,
    make_plan,
    noise,
    solve,
)

SHAPE = (4, 6, 8)
SCHEDULER = LCMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", original_inference_steps=50)
MODEL = ModelSigmas.from_alphas_cumprod(SCHEDULER.alphas_cumprod.tolist())
TRAINED = list(range(19, 1000, 20))


def plan_of(steps: int, scheduler: str = "automatic") -> SamplingPlan:
    spec = NoiseSpec(seed=11)
    return make_plan(sampler="LCM", scheduler=scheduler, steps=steps, model=MODEL, noise=spec)


def epsilon(z: torch.Tensor, t: float) -> torch.Tensor:
    return (0.9 - t / 5000) * z + 0.2 * torch.sin(z)


def predict(x: torch.Tensor, sigma: float) -> Prediction:
    t = float(denoiser.timestep(sigma, MODEL)[0])
    return Prediction(x - sigma * epsilon(x / math.sqrt(1 + sigma**2), t))


def ended(plan: SamplingPlan) -> torch.Tensor:
    state = first_state(replace(plan, init_latents=torch.zeros(1, *SHAPE)), SHAPE)
    x: torch.Tensor = solve(plan, replace(state, x=state.x.double()), predict).x
    return x


def drawn(index: int) -> torch.Tensor:
    return torch.tensor(noise.draw(NoiseSpec(seed=11), index, SHAPE))[None].double()


def wrapped(x: torch.Tensor, sigma: float) -> torch.Tensor:
    """What A1111's wrapper of the model predicts: the nearest timestep is asked, sigma itself scales."""
    t = min(TRAINED, key=lambda t: abs(math.log(MODEL.sigmas[t] / sigma)))
    plain = x - sigma * epsilon(x / math.sqrt(1 + sigma**2), t)
    c_skip, c_out = 0.25 / ((10 * t) ** 2 + 0.25), 10 * t / math.sqrt((10 * t) ** 2 + 0.25)
    return c_out * plain + c_skip * x


@pytest.mark.parametrize("steps", [1, 4, 5, 8, 20])
@pytest.mark.parametrize("scheduler", ["uniform", "karras"])
def test_it_is_a1111s_wrapper_and_fresh_noise(steps: int, scheduler: str) -> None:
    plan = plan_of(steps, scheduler)
    x = drawn(0) * plan.transitions[0].sigma
    for index, transition in enumerate(plan.transitions):
        x = wrapped(x, transition.sigma)
        x = x + transition.sigma_next * drawn(1 + index) if transition.sigma_next else x
    # float64, but for the timestep, which is handed to the model as float32; measured 3e-8.
    torch.testing.assert_close(ended(plan), x, rtol=0, atol=1e-6)


@pytest.mark.parametrize("steps", [2, 8, 50])
def test_on_its_trained_timesteps_it_is_diffusers(monkeypatch: pytest.MonkeyPatch, steps: int) -> None:
    plan = plan_of(steps)
    timesteps = [round(transition.timestep) for transition in plan.transitions]
    SCHEDULER.set_timesteps(timesteps=timesteps)
    draws = iter([drawn(1 + index) for index in range(steps)])
    monkeypatch.setattr("diffusers.schedulers.scheduling_lcm.randn_tensor", lambda *_, **__: next(draws))
    z = drawn(0) * plan.transitions[0].sigma / math.sqrt(1 + plan.transitions[0].sigma ** 2)
    for t in SCHEDULER.timesteps:
        z = SCHEDULER.step(epsilon(z, float(t)), t, z).prev_sample
    # Its skip takes z, A1111's takes x: 7e-6 of x, at most 14 there where it weighs least.
    torch.testing.assert_close(ended(plan), z, rtol=0, atol=1e-4)


def test_the_model_is_asked_at_trained_timesteps_alone() -> None:
    asked: list[float] = []

    def noting(x: torch.Tensor, sigma: float) -> Prediction:
        asked.append(float(denoiser.timestep(sigma, MODEL)[0]))
        return predict(x, sigma)

    plan = plan_of(11, "karras")
    solve(plan, first_state(replace(plan, init_latents=torch.zeros(1, *SHAPE)), SHAPE), noting)
    assert set(asked) <= set(map(float, TRAINED))
    np.testing.assert_allclose(asked, [transition.timestep for transition in plan.transitions], atol=1e-4)


def test_the_schedule_covers_the_trained_timesteps_and_not_the_models_first() -> None:
    sigmas = [transition.sigma for transition in plan_of(4, "uniform").transitions]
    assert (sigmas[0], sigmas[-1]) == pytest.approx((MODEL.sigmas[999], MODEL.sigmas[19]))
    assert plan_of(50).noise.sigma_min == pytest.approx(MODEL.sigmas[19])


def test_fresh_noise_is_taken_between_steps_alone() -> None:
    plan = plan_of(4)
    state = solve(plan, first_state(replace(plan, init_latents=torch.zeros(1, *SHAPE)), SHAPE), predict)
    assert (state.evaluations, state.draws) == (4, 4)


def test_a_short_table_is_trained_on_whole() -> None:
    short = ModelSigmas(MODEL.sigmas[:10])
    plan = make_plan(sampler="LCM", steps=3, model=short, noise=NoiseSpec())
    assert [round(transition.timestep, 6) for transition in plan.transitions] == [9, 4, 0]
