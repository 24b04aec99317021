"""Plans: A1111's step rules, where paths start, and what is refused."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from inference_svc.sampling import (
    SAMPLERS,
    SCHEDULERS,
    ModelSigmas,
    NoiseSpec,
    Prediction,
    SamplerOptions,
    SamplingPlan,
    ScheduleOptions,
    check_plan,
    check_state,
    first_state,
    make_plan,
    noise,
    solve,
)
from inference_svc.sampling.paths import sigma_path
from inference_svc.sampling.timesteps import timestep_start
from latentwire.errors import InvalidArgument

MODEL = ModelSigmas.scaled_linear()
SHAPE = (4, 3, 5)
INIT = np.full((1, *SHAPE), 0.5, dtype=np.float32)
SIGMA_SAMPLERS = sorted(name for name, spec in SAMPLERS.items() if spec.path is sigma_path)
TIMESTEP_SAMPLERS = sorted(name for name, spec in SAMPLERS.items() if spec.start is timestep_start)


def plan_of(sampler: str = "Euler", steps: int = 20, **more: Any) -> SamplingPlan:
    return make_plan(sampler=sampler, steps=steps, model=MODEL, **{"noise": NoiseSpec(), **more})


def predict(x: Any, sigma: float) -> Prediction:
    return Prediction(x / (1 + sigma * sigma))


def test_automatic_is_the_samplers_own_schedule_or_the_native_one() -> None:
    assert plan_of("DPM++ 2M") == plan_of("DPM++ 2M", scheduler="karras")
    assert plan_of("Euler") == plan_of("Euler", scheduler="Uniform")
    assert plan_of("Euler", scheduler="Karras").scheduler == "karras"


def test_eta_is_the_samplers_own_unless_given() -> None:
    assert [plan_of(name).eta for name in ("Euler a", "Euler", "DDIM")] == [1.0, 0.0, 0.0]
    assert [plan_of(name, options=SamplerOptions(eta=0.25)).eta for name in ("Euler a", "DDIM")] == [0.25, 0.25]


def test_a_plan_names_the_models_time_at_each_level() -> None:
    plan = plan_of(steps=4)
    assert [transition.timestep for transition in plan.transitions] == pytest.approx([999, 666, 333, 0])


@pytest.mark.parametrize("sampler", SIGMA_SAMPLERS)
@pytest.mark.parametrize(("strength", "count"), [(0.0, 1), (0.04, 1), (0.05, 2), (0.5, 11), (0.75, 16), (1.0, 20)])
def test_image_to_image_runs_the_last_part_of_the_schedule(sampler: str, strength: float, count: int) -> None:
    part, whole = plan_of(sampler, denoising_strength=strength), plan_of(sampler)
    assert part.transitions == whole.transitions[-count:]
    assert solve(part, first_state(replace(part, init_latents=INIT), SHAPE), predict).step == count


def test_strength_zero_is_one_step_from_the_lowest_level() -> None:
    (transition,) = plan_of(denoising_strength=0.0).transitions
    assert transition.sigma == pytest.approx(MODEL.sigma_min)
    assert transition.sigma_next == 0


@pytest.mark.parametrize(("strength", "length"), [(0.75, 26), (0.5, 40), (1.0, 20), (0.3, 66)])
def test_fixed_steps_run_their_number_of_a_longer_schedule(strength: float, length: int) -> None:
    part = plan_of(denoising_strength=strength, fix_steps=True, scheduler="karras")
    sigmas = SCHEDULERS["karras"].sigmas(length, MODEL)
    assert [transition.sigma for transition in part.transitions] == list(sigmas[-21:-1])


@pytest.mark.parametrize("sampler", sorted(SAMPLERS))
def test_fixed_steps_of_strength_zero_give_back_the_input(sampler: str) -> None:
    plan = plan_of(sampler, denoising_strength=0.0, fix_steps=True, init_latents=INIT)
    state = first_state(plan, SHAPE)
    assert (plan.step_count, state.done) == (0, True)
    assert np.array_equal(solve(plan, state, predict).x, INIT)


def test_the_first_state_is_noise_at_the_first_level() -> None:
    plan = plan_of(noise=NoiseSpec(seed=9))
    state = first_state(plan, SHAPE)
    assert np.array_equal(state.x, noise.randn(9, 0, (1, *SHAPE)) * np.float32(plan.transitions[0].sigma))
    assert (state.step, state.evaluations, state.draws, state.done, state.x.dtype) == (0, 0, 1, False, np.float32)


def test_the_sgm_multiplier_widens_the_noise_of_text_to_image_alone() -> None:
    options = SamplerOptions(sgm_noise_multiplier=True)
    plan = plan_of(options=options)
    sigma = plan.transitions[0].sigma
    widened = noise.randn(0, 0, (1, *SHAPE)) * np.float32(math.sqrt(1 + sigma**2))
    assert np.array_equal(first_state(plan, SHAPE).x, widened)
    assert first_state(plan_of(options=options, init_latents=INIT), SHAPE) == first_state(
        plan_of(init_latents=INIT), SHAPE
    )


def test_image_to_image_starts_from_the_picture_and_noise_at_the_first_level() -> None:
    plan = plan_of(denoising_strength=0.5, init_latents=INIT)
    expected = INIT + noise.randn(0, 0, (1, *SHAPE)) * np.float32(plan.transitions[0].sigma)
    assert np.array_equal(first_state(plan, SHAPE).x, expected)


def test_torch_latents_stay_torch_and_end_where_numpys_do() -> None:
    half = torch.tensor(INIT, dtype=torch.float16)
    ends = []
    for init in (half, INIT):
        plan = plan_of("Euler a", denoising_strength=0.5, init_latents=init)
        ends.append(solve(plan, first_state(plan, SHAPE), predict).x)
    assert isinstance(ends[0], torch.Tensor)
    assert ends[0].dtype == torch.float32
    # The same float32 operations in two libraries.
    np.testing.assert_allclose(ends[0].numpy(), ends[1], rtol=1e-6, atol=1e-7)


def test_input_arrays_are_never_written_to() -> None:
    frozen = INIT.copy()
    frozen.flags.writeable = False
    for sampler in SAMPLERS:
        plan = plan_of(sampler, denoising_strength=0.5, init_latents=frozen)
        solve(plan, first_state(plan, SHAPE), predict)
    assert np.array_equal(frozen, INIT)


def test_discarding_the_last_level_but_one_keeps_the_number_of_steps() -> None:
    options = ScheduleOptions(discard_next_to_last_sigma=True)
    plan = plan_of(schedule=options, scheduler="karras")
    longer = SCHEDULERS["karras"].sigmas(21, MODEL)
    assert [transition.sigma for transition in plan.transitions] == list(longer[:-2])
    assert plan.transitions[-1].sigma_next == 0
    assert plan_of("DDIM", schedule=options).transitions[0].timestep == 47 * 20 + 1 + 47


def test_a_plan_tells_the_range_of_the_whole_schedule_however_little_is_run() -> None:
    plan = plan_of(denoising_strength=0.2, noise=NoiseSpec(seed=4))
    assert (plan.noise.sigma_min, plan.noise.sigma_max) == pytest.approx((MODEL.sigma_min, MODEL.sigma_max))
    assert plan.noise.seed == 4


STRENGTHS = st.none() | st.floats(0, 1)
AMOUNTS = st.floats(0, 1e6)


def end_of(sampler: str, scheduler: str) -> float:
    if sampler in TIMESTEP_SAMPLERS:
        return MODEL.sigmas[0 if sampler == "UniPC" else 1]
    return MODEL.sigma_min if scheduler == "kl_optimal" else 0.0


@given(
    sampler=st.sampled_from(SIGMA_SAMPLERS + TIMESTEP_SAMPLERS),
    scheduler=st.sampled_from(sorted(SCHEDULERS)),
    steps=st.integers(1, 150),
    strength=STRENGTHS,
    options=st.builds(SamplerOptions, st.none() | AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS),
)
def test_plans_are_finite_and_fall_to_their_end(
    sampler: str, scheduler: str, steps: int, strength: float | None, options: SamplerOptions
) -> None:
    plan = plan_of(sampler, steps, scheduler=scheduler, denoising_strength=strength, options=options)
    check_plan(plan)
    levels = [(transition.sigma, transition.sigma_next) for transition in plan.transitions]
    assert all(math.isfinite(sigma) and sigma > sigma_next for sigma, sigma_next in levels)
    assert all(sigma_next == sigma for (_, sigma_next), (sigma, _) in pairwise(levels))
    assert not levels or levels[-1][1] == pytest.approx(end_of(sampler, scheduler), rel=1e-12)
    run = steps if strength is None else int(min(strength, 0.999) * steps) + 1
    assert sampler in TIMESTEP_SAMPLERS or len(levels) == run or (scheduler == "ddim" and len(levels) > run)


@given(sampler=st.sampled_from(SIGMA_SAMPLERS), steps=st.integers(1, 150), strength=st.floats(0.015, 1))
def test_fixed_steps_run_exactly_their_number(sampler: str, steps: int, strength: float) -> None:
    plan = plan_of(sampler, steps, denoising_strength=strength, fix_steps=True)
    check_plan(plan)
    assert plan.step_count == steps


@given(sampler=st.sampled_from(sorted(SAMPLERS)), steps=st.integers(11, 150), strength=st.floats(0, 1e-3))
def test_fixed_steps_of_a_schedule_too_long_are_refused(sampler: str, steps: int, strength: float) -> None:
    assume(strength > 0)
    with pytest.raises(InvalidArgument, match=r"^(denoising_strength|steps): "):
        plan_of(sampler, steps, denoising_strength=strength, fix_steps=True)


@given(eta=st.floats(0, 2), churn=st.floats(0, 50), seed=st.integers(0, 2**64 - 1))
def test_paths_stay_finite_and_pass_their_own_checks(eta: float, churn: float, seed: int) -> None:
    for sampler in SAMPLERS:
        options = SamplerOptions(eta=eta, s_churn=churn)
        plan = plan_of(sampler, 4, noise=NoiseSpec(seed=seed), options=options)
        state = first_state(plan, SHAPE)
        check_state(plan, state)
        ended = solve(plan, state, predict)
        check_state(plan, ended)
        assert np.isfinite(ended.x).all()


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("sampler", {"sampler": "euler"}, "DPM++ 2M, "),
    ("scheduler", {"scheduler": "no"}, "automatic, uniform, karras, exponential"),
    ("steps", {"steps": 0}, "1 to 150"),
    ("steps", {"steps": 151}, "1 to 150"),
    ("denoising_strength", {"denoising_strength": -0.1}, "0 to 1"),
    ("denoising_strength", {"denoising_strength": 1.1}, "0 to 1"),
    ("denoising_strength", {"denoising_strength": math.nan}, "0 to 1"),
    ("denoising_strength", {"denoising_strength": 1e-9, "fix_steps": True}, "0, or 0.002 to 1 for exactly 20 steps"),
    ("eta", {"options": SamplerOptions(eta=-1.0)}, "0 or more"),
    ("eta", {"options": SamplerOptions(eta=math.inf)}, "0 or more"),
    ("s_churn", {"options": SamplerOptions(s_churn=math.nan)}, "0 or more"),
    ("s_noise", {"options": SamplerOptions(s_noise=-1.0)}, "0 or more"),
    ("rho", {"schedule": ScheduleOptions(rho=-7.0)}, "0 to 100"),
    ("sigma_max", {"schedule": ScheduleOptions(sigma_max=1e9)}, "0 to 1e+06"),
    ("sigma_min", {"schedule": ScheduleOptions(sigma_min=15.0)}, "less than sigma_max, 14."),
    ("beta_alpha", {"schedule": ScheduleOptions(beta_alpha=0.0)}, "more than 0, to 100"),
    ("beta_beta", {"schedule": ScheduleOptions(beta_beta=math.nan)}, "more than 0, to 100"),
    ("scheduler", {"scheduler": "beta", "schedule": ScheduleOptions(beta_alpha=1e-3)}, "a schedule of 20 different"),
    ("source", {"noise": NoiseSpec(source="dice")}, "nv, cpu"),
    ("seed", {"noise": NoiseSpec(seed=-1)}, "0 to 2**64 - 1"),
    ("subseed", {"noise": NoiseSpec(subseed=2**64)}, "0 to 2**64 - 1"),
    ("subseed_strength", {"noise": NoiseSpec(subseed_strength=1.5)}, "0 to 1"),
    ("resize_from", {"noise": NoiseSpec(resize_from=(0, 8))}, "sides of 1 to 4096"),
    ("init_latents", {"init_latents": np.zeros((2, 4, 3, 5))}, "a shape (1, C, H, W)"),
    ("init_latents", {"init_latents": np.zeros((4, 3, 5))}, "a shape (1, C, H, W)"),
    ("mask", {"mask": np.zeros((1, 1, 3, 5))}, "only with init_latents"),
    ("mask", {"init_latents": INIT, "mask": np.zeros((1, 2, 3, 5))}, "a shape of [(1, 1, 3, 5), (1, 4, 3, 5)]"),
]


@pytest.mark.parametrize(("field", "arguments", "allowed"), BAD)
def test_bad_input_is_refused_by_field_value_and_range(field: str, arguments: dict[str, Any], allowed: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        plan_of(**arguments)
    (violation,) = caught.value.violations
    assert violation.field == field
    assert f"allowed: {allowed}" in violation.description


@given(steps=st.integers(max_value=0) | st.integers(151), strength=st.floats().filter(lambda d: not 0 <= d <= 1))
def test_any_number_out_of_range_is_refused(steps: int, strength: float) -> None:
    for arguments in ({"steps": steps}, {"denoising_strength": strength}):
        with pytest.raises(InvalidArgument, match="is not allowed; allowed: "):
            plan_of(**arguments)


@pytest.mark.parametrize("mask_shape", [(1, 1, 3, 5), (1, 4, 3, 5)])
def test_a_mask_of_one_or_of_all_channels_is_taken_along(mask_shape: tuple[int, ...]) -> None:
    mask = np.ones(mask_shape, dtype=np.float32)
    assert plan_of(init_latents=INIT, mask=mask).mask is mask


def test_a_first_state_of_another_shape_than_the_picture_is_refused() -> None:
    with pytest.raises(InvalidArgument, match=r"init_latents: \(1, 4, 3, 5\) is not allowed"):
        first_state(plan_of(init_latents=INIT), (4, 5, 3))
