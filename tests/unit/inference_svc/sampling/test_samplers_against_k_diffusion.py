"""Every sampler of k-diffusion's against k-diffusion, on a float64 toy and on a small random float32 model."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch

from inference_svc.sampling import (
    ModelSigmas,
    NoiseSpec,
    SamplerOptions,
    SamplingPlan,
    first_state,
    make_plan,
    noise,
    solve,
)
from inference_svc.sampling.stochastic import ancestral
from tests.oracles.k_diffusion import sampling
from tests.oracles.toys import RandomNet, wavy

MODEL = ModelSigmas.scaled_linear()
SHAPE = (4, 6, 8)
SEED = 11
CHURN = SamplerOptions(s_churn=8.0, s_tmin=0.1, s_tmax=5.0, s_noise=1.003)

HALF = SamplerOptions(eta=0.5, s_noise=0.9)

CASES: dict[str, tuple[str, SamplerOptions, Callable[..., Any], dict[str, float]]] = {
    "Euler": ("Euler", SamplerOptions(), sampling.sample_euler, {}),
    "Euler with churn": (
        "Euler",
        CHURN,
        sampling.sample_euler,
        {"s_churn": 8.0, "s_tmin": 0.1, "s_tmax": 5.0, "s_noise": 1.003},
    ),
    "Euler with endless churn": ("Euler", SamplerOptions(s_churn=99.0), sampling.sample_euler, {"s_churn": 99.0}),
    "Euler a": ("Euler a", SamplerOptions(), sampling.sample_euler_ancestral, {}),
    "Euler a, half": ("Euler a", SamplerOptions(eta=0.5), sampling.sample_euler_ancestral, {"eta": 0.5}),
    "Euler a, none": ("Euler a", SamplerOptions(eta=0.0), sampling.sample_euler_ancestral, {"eta": 0.0}),
    "Euler a, beyond": (
        "Euler a",
        SamplerOptions(eta=1.5, s_noise=0.9),
        sampling.sample_euler_ancestral,
        {"eta": 1.5, "s_noise": 0.9},
    ),
    "Heun": ("Heun", SamplerOptions(), sampling.sample_heun, {}),
    "Heun with churn": (
        "Heun",
        CHURN,
        sampling.sample_heun,
        {"s_churn": 8.0, "s_tmin": 0.1, "s_tmax": 5.0, "s_noise": 1.003},
    ),
    "DPM++ 2M": ("DPM++ 2M", SamplerOptions(), sampling.sample_dpmpp_2m, {}),
    "LMS": ("LMS", SamplerOptions(), sampling.sample_lms, {}),
    "DPM2": ("DPM2", SamplerOptions(), sampling.sample_dpm_2, {}),
    "DPM2 with churn": (
        "DPM2",
        CHURN,
        sampling.sample_dpm_2,
        {"s_churn": 8.0, "s_tmin": 0.1, "s_tmax": 5.0, "s_noise": 1.003},
    ),
    "DPM2 a": ("DPM2 a", SamplerOptions(), sampling.sample_dpm_2_ancestral, {}),
    "DPM2 a, half": ("DPM2 a", HALF, sampling.sample_dpm_2_ancestral, {"eta": 0.5, "s_noise": 0.9}),
    "DPM2 a, none": ("DPM2 a", SamplerOptions(eta=0.0), sampling.sample_dpm_2_ancestral, {"eta": 0.0}),
    "DPM++ 2S a": ("DPM++ 2S a", SamplerOptions(), sampling.sample_dpmpp_2s_ancestral, {}),
    "DPM++ 2S a, half": ("DPM++ 2S a", HALF, sampling.sample_dpmpp_2s_ancestral, {"eta": 0.5, "s_noise": 0.9}),
    "DPM++ 2S a, beyond": (
        "DPM++ 2S a",
        SamplerOptions(eta=1.5),
        sampling.sample_dpmpp_2s_ancestral,
        {"eta": 1.5},
    ),
}


def draws_after_the_first() -> Callable[..., torch.Tensor]:
    """The noises that our samplers take, one after the other, in place of torch.randn_like."""

    def all_draws() -> Iterator[torch.Tensor]:
        for index in range(1, 1000):
            yield torch.tensor(noise.draw(NoiseSpec(seed=SEED), index, SHAPE))[None]

    draws = all_draws()
    return lambda x: next(draws).to(x.dtype)


def plan_of(sampler: str, options: SamplerOptions, steps: int, scheduler: str) -> SamplingPlan:
    return make_plan(
        sampler=sampler,
        scheduler=scheduler,
        steps=steps,
        model=MODEL,
        noise=NoiseSpec(seed=SEED),
        options=options,
        init_latents=torch.zeros(1, *SHAPE),
    )


def sigmas_of(plan: SamplingPlan) -> torch.Tensor:
    levels = [transition.sigma for transition in plan.transitions]
    return torch.tensor([*levels, plan.transitions[-1].sigma_next], dtype=torch.float64)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("steps", "scheduler"), [(1, "karras"), (3, "exponential"), (20, "karras"), (20, "uniform")])
def test_on_a_float64_toy_it_is_k_diffusions(
    monkeypatch: pytest.MonkeyPatch, case: str, steps: int, scheduler: str
) -> None:
    sampler, options, reference, arguments = CASES[case]
    plan = plan_of(sampler, options, steps, scheduler)
    state = first_state(plan, SHAPE)
    state = replace(state, x=state.x.double())
    monkeypatch.setattr(torch, "randn_like", draws_after_the_first())
    denoise = lambda x, sigma: wavy(x, float(sigma)).denoised  # noqa: E731
    expected = reference(denoise, state.x, sigmas_of(plan), disable=True, **arguments)
    ended = solve(plan, state, wavy)
    # float64 on both sides; measured at most 3e-15.
    torch.testing.assert_close(ended.x, expected, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("case", CASES)
def test_on_a_small_random_model_it_is_k_diffusions(monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    sampler, options, reference, arguments = CASES[case]
    plan, net = plan_of(sampler, options, 20, "karras"), RandomNet()
    state = first_state(plan, SHAPE)
    monkeypatch.setattr(torch, "randn_like", draws_after_the_first())
    expected = reference(net, state.x, sigmas_of(plan).float(), disable=True, **arguments)
    ended = solve(plan, state, net.predict)
    # float32 on both sides, 20 roundings of x; measured at most 1.5e-6 of |x| up to 4.
    torch.testing.assert_close(ended.x, expected, rtol=1e-6, atol=5e-6)
    assert ended.x.dtype == torch.float32


@pytest.mark.parametrize("eta", [0.0, 0.3, 1.0, 2.0])
def test_the_ancestral_split_is_k_diffusions(eta: float) -> None:
    pairs = [(14.6, 10.0), (1.0, 0.4), (0.03, 0.0)]
    for sigma, sigma_next in pairs:
        down, up = sampling.get_ancestral_step(sigma, sigma_next, eta=eta)
        assert ancestral(sigma, sigma_next, eta) == pytest.approx((down, up))


def test_k_diffusions_noise_is_drawn_at_the_same_steps_as_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[torch.Tensor] = []

    def no_noise(x: torch.Tensor) -> torch.Tensor:
        drawn.append(x)
        return torch.zeros_like(x)

    monkeypatch.setattr(torch, "randn_like", no_noise)
    for name in ("Euler", "Euler a", "Heun"):
        sampler, options, reference, arguments = CASES[name]
        plan, net = plan_of(sampler, options, 4, "karras"), RandomNet()
        drawn.clear()
        reference(net, torch.zeros(1, *SHAPE), sigmas_of(plan).float(), disable=True, **arguments)
        ended = solve(plan, first_state(plan, SHAPE), net.predict)
        assert ended.draws == 1 + len(drawn)
        assert math.isfinite(float(ended.x.sum()))
