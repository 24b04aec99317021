"""Restart: A1111's division of the steps, and the paper's update."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from inference_svc.sampling import (
    ModelSigmas,
    NoiseSpec,
    SamplingPlan,
    ScheduleOptions,
    check_plan,
    first_state,
    make_plan,
    noise,
    solve,
)
from tests.oracles.k_diffusion import sampling
from tests.oracles.toys import RandomNet, wavy

MODEL = ModelSigmas.scaled_linear()
SHAPE = (4, 6, 8)


def plan_of(steps: int, scheduler: str = "karras", strength: float | None = None) -> SamplingPlan:
    spec = NoiseSpec(seed=11)
    return make_plan(
        sampler="Restart", scheduler=scheduler, steps=steps, model=MODEL, noise=spec, denoising_strength=strength
    )


def levels(plan: SamplingPlan) -> list[float]:
    return [transition.sigma for transition in plan.transitions] + [plan.transitions[-1].sigma_next]


def starts(plan: SamplingPlan) -> list[int]:
    """The steps that the path goes up before."""
    return [index for index, transition in enumerate(plan.transitions) if transition.renoise > 0]


def nearest(sigmas: list[float], target: float) -> float:
    return min(sigmas, key=lambda sigma: abs(sigma - target))


@pytest.mark.parametrize(("steps", "length", "count"), [(20, 9, 1), (35, 9, 1), (36, 9, 2), (50, 12, 2), (150, 37, 2)])
def test_a_part_of_the_steps_is_spent_on_restarts(steps: int, length: int, count: int) -> None:
    plan = plan_of(steps)
    first, *_ = starts(plan)
    assert plan.step_count == steps
    assert starts(plan) == [first + index * length for index in range(count)]
    check_plan(plan)


def test_fewer_steps_than_twenty_are_the_schedule_itself() -> None:
    assert levels(plan_of(19, "uniform")) == levels(
        make_plan(sampler="Heun", steps=19, model=MODEL, noise=NoiseSpec(), scheduler="uniform")
    )
    assert starts(plan_of(19)) == []


@pytest.mark.parametrize("scheduler", ["karras", "uniform"])
def test_the_rest_is_karras_spacing_between_the_schedules_ends(scheduler: str) -> None:
    plan = plan_of(20, scheduler)
    (first,) = starts(plan)
    main = [*levels(plan)[:first], *levels(plan)[first + 9 :]]
    expected = sampling.get_sigmas_karras(11, MODEL.sigma_min, MODEL.sigma_max)
    # k-diffusion's are float32.
    np.testing.assert_allclose(main, expected, rtol=1e-5)


def test_a_restart_goes_from_the_level_nearest_two_to_the_level_nearest_a_tenth() -> None:
    plan = plan_of(40)
    first, second = starts(plan)
    main = [*levels(plan)[:first], *levels(plan)[second + 10 :]]
    high, low = nearest(main, 2.0), nearest(main, 0.1)
    again = sampling.get_sigmas_karras(11, low, high)[:-1]
    for start in (first, second):
        transition = plan.transitions[start]
        assert transition.renoise == pytest.approx(math.sqrt(high**2 - low**2))
        visited = [*levels(plan)[start : start + 10], plan.transitions[start + 9].sigma_next]
        np.testing.assert_allclose(visited, again, rtol=1e-5)


def test_a_schedule_below_the_restarts_runs_the_rest_of_its_steps_alone() -> None:
    low = ScheduleOptions(sigma_max=0.08)
    plan = make_plan(sampler="Restart", steps=20, model=MODEL, noise=NoiseSpec(), schedule=low)
    assert (plan.step_count, starts(plan)) == (11, [])


def test_image_to_image_counts_the_steps_that_are_run() -> None:
    assert starts(plan_of(30, strength=0.5)) == []
    assert (plan_of(30, strength=0.7).step_count, len(starts(plan_of(30, strength=0.7)))) == (22, 1)


def restarted(plan: SamplingPlan, x: torch.Tensor, denoise: object) -> torch.Tensor:
    """Xu et al. 2023, algorithm 1: Heun steps, and at each restart noise up to the higher level."""
    reached, draw = plan.transitions[0].sigma, 1
    for transition in plan.transitions:
        if transition.sigma > reached:
            fresh = torch.tensor(noise.draw(plan.noise, draw, SHAPE))[None].to(x.dtype)
            x, draw = x + fresh * (transition.sigma**2 - reached**2) ** 0.5, draw + 1
        pair = torch.tensor([transition.sigma, transition.sigma_next], dtype=x.dtype)
        x = sampling.sample_heun(denoise, x, pair, disable=True)
        reached = transition.sigma_next
    return x


@pytest.mark.parametrize("steps", [12, 20, 36])
def test_it_is_heun_with_noise_at_its_restarts(steps: int) -> None:
    plan = plan_of(steps)
    state = first_state(replace(plan, init_latents=torch.zeros(1, *SHAPE)), SHAPE)
    state = replace(state, x=state.x.double())
    ended = solve(plan, state, wavy)
    expected = restarted(plan, state.x, lambda x, sigma: wavy(x, float(sigma)).denoised)
    torch.testing.assert_close(ended.x, expected, rtol=1e-13, atol=1e-13)
    assert (ended.draws, ended.evaluations) == (1 + len(starts(plan)), 2 * steps - 1)


def test_it_is_the_same_on_a_small_random_model() -> None:
    plan, net = plan_of(24), RandomNet()
    state = first_state(replace(plan, init_latents=torch.zeros(1, *SHAPE)), SHAPE)
    torch.testing.assert_close(solve(plan, state, net.predict).x, restarted(plan, state.x, net), rtol=1e-6, atol=5e-6)
