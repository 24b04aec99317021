"""Data whose answer is known: each element normal, so that the denoiser and the path are formulas."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from inference_svc.sampling import (
    SAMPLERS,
    ModelSigmas,
    NoiseSpec,
    Prediction,
    SamplerOptions,
    SamplerState,
    SamplingPlan,
    first_state,
    make_plan,
    sigma_reached,
    solve,
)
from tests.oracles.toys import MEAN, SPREAD, gaussian, gaussian_solution

MODEL = ModelSigmas.scaled_linear()
SHAPE = (4, 32, 32)
ORDERS = [
    ("Euler", 1),
    ("Heun", 2),
    ("DPM++ 2M", 2),
    ("DPM++ 2M SDE", 2),
    ("DPM++ 2M SDE Heun", 2),
    ("DPM2", 2),
]
MOST_ERROR = {
    "DPM++ 2M": 0.005,
    "DPM++ SDE": 0.007,
    "DPM++ 2M SDE": 0.005,
    "DPM++ 2M SDE Heun": 0.008,
    "DPM++ 2S a": 0.007,
    "DPM++ 3M SDE": 0.003,
    "Euler a": 0.12,
    "Euler": 0.12,
    "LMS": 0.001,
    "Heun": 0.005,
    "DPM2": 0.0002,
    "DPM2 a": 0.0002,
    "DPM fast": 0.0004,
    "DPM adaptive": 0.15,  # five hundredths of x in each of some ten steps
}


def ended(sampler: str, steps: int, eta: float = 0.0) -> tuple[SamplingPlan, SamplerState, SamplerState]:
    plan = make_plan(
        sampler=sampler,
        scheduler="karras",
        steps=steps,
        model=MODEL,
        noise=NoiseSpec(seed=2),
        options=SamplerOptions(eta=eta),
    )
    start = first_state(plan, SHAPE)
    start = replace(start, x=start.x.astype(np.float64))
    return plan, start, solve(plan, start, gaussian)


def error(sampler: str, steps: int) -> float:
    plan, start, end = ended(sampler, steps)
    exact = gaussian_solution(start.x, sigma_reached(plan, start), sigma_reached(plan, end))
    return float(np.abs(end.x - exact).max())


@pytest.mark.parametrize(("sampler", "most"), MOST_ERROR.items())
def test_fifty_steps_come_near_the_exact_path(sampler: str, most: float) -> None:
    # The truncation error of each order, of |x| up to 4; measured two to three quarters of this.
    assert error(sampler, 50) < most


@pytest.mark.parametrize(("sampler", "order"), ORDERS)
def test_twice_the_steps_divide_the_error_by_the_power_of_the_order(sampler: str, order: int) -> None:
    # 2**order, and some of what is of higher order.
    assert error(sampler, 20) / error(sampler, 40) > 0.9 * 2**order


def test_ddim_comes_near_the_exact_path() -> None:
    plan, start, end = ended("DDIM", 100)
    sigma_end = plan.transitions[-1].sigma_next
    exact = gaussian_solution(start.x, plan.transitions[0].sigma, sigma_end) / math.sqrt(1 + sigma_end**2)
    # First order, as Euler, in a hundred steps; measured 0.044.
    assert float(np.abs(end.x - exact).max()) < 0.06


STOCHASTIC = [name for name, spec in SAMPLERS.items() if spec.default_eta and name != "DPM adaptive"]


@pytest.mark.parametrize("sampler", [*STOCHASTIC, "DDIM", "Restart", "DPM adaptive"])
def test_fresh_noise_leaves_the_datas_mean_and_spread(sampler: str) -> None:
    _, _, end = ended(sampler, 100, eta=1.0)
    # 4096 samples: standard errors 0.0125 and 0.009; first order narrows the spread by some 5 %.
    assert float(end.x.mean()) == pytest.approx(MEAN, abs=0.05)
    assert float(end.x.std()) == pytest.approx(SPREAD, rel=0.08)


@pytest.mark.parametrize("sampler", sorted(SAMPLERS))
def test_a_point_mass_is_found_exactly(sampler: str) -> None:
    plan = make_plan(sampler=sampler, steps=5, model=MODEL, noise=NoiseSpec())
    end = solve(plan, first_state(plan, (1, 2, 2)), lambda x, sigma: Prediction(0 * x + 0.25))
    leftover = sigma_reached(plan, end)
    # What noise is left at the path's end, beside float32's rounding of |x| about 30.
    np.testing.assert_allclose(end.x, 0.25, atol=1e-5 + 4 * leftover)
