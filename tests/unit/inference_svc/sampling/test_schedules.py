"""Schedules against k-diffusion, diffusers, scipy and their formulas, and what holds for all of them."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import scipy.stats
import torch
from hypothesis import given
from hypothesis import strategies as st

from inference_svc.sampling import SCHEDULERS, ModelSigmas, ScheduleOptions, find_scheduler
from latentwire.errors import InvalidArgument
from tests.oracles.diffusers import euler_scheduler
from tests.oracles.k_diffusion import external, sampling

MODEL = ModelSigmas.scaled_linear()
# k-diffusion computes in float32; rho 7 multiplies its rounding by seven.
FLOAT32 = 2e-6


@pytest.mark.parametrize("count", [1, 2, 3, 20, 150])
def test_karras_is_k_diffusions(count: int) -> None:
    expected = sampling.get_sigmas_karras(count, MODEL.sigma_min, MODEL.sigma_max)
    np.testing.assert_allclose(SCHEDULERS["karras"].sigmas(count, MODEL), expected, rtol=FLOAT32)


@pytest.mark.parametrize("count", [1, 2, 3, 20, 150])
def test_exponential_is_k_diffusions(count: int) -> None:
    expected = sampling.get_sigmas_exponential(count, MODEL.sigma_min, MODEL.sigma_max)
    np.testing.assert_allclose(SCHEDULERS["exponential"].sigmas(count, MODEL), expected, rtol=FLOAT32)


@pytest.mark.parametrize("name", ["uniform", "automatic"])
@pytest.mark.parametrize("count", [1, 2, 3, 20, 150])
def test_uniform_is_k_diffusions_model_spacing(name: str, count: int) -> None:
    oracle = external.DiscreteSchedule(torch.tensor(MODEL.sigmas), quantize=False)
    # Its timesteps are float32: near 999 that is 6e-5 of a step of 0.5 %.
    np.testing.assert_allclose(SCHEDULERS[name].sigmas(count, MODEL), oracle.get_sigmas(count), rtol=FLOAT32)


def test_options_change_range_and_rho() -> None:
    options = ScheduleOptions(sigma_min=0.1, sigma_max=10.0, rho=3.0)
    expected = sampling.get_sigmas_karras(20, 0.1, 10.0, rho=3.0)
    np.testing.assert_allclose(SCHEDULERS["karras"].sigmas(20, MODEL, options), expected, rtol=FLOAT32)


def test_a_range_turned_over_is_refused() -> None:
    with pytest.raises(InvalidArgument, match=r"sigma_min: 20 is not allowed; allowed: less than sigma_max, 14\.6"):
        SCHEDULERS["karras"].sigmas(20, MODEL, ScheduleOptions(sigma_min=20))


@pytest.mark.parametrize("rho", [1.0, 2.5])
def test_polyexponential_is_k_diffusions(rho: float) -> None:
    expected = sampling.get_sigmas_polyexponential(20, MODEL.sigma_min, MODEL.sigma_max, rho=rho)
    ours = SCHEDULERS["polyexponential"].sigmas(20, MODEL, ScheduleOptions(rho=rho))
    np.testing.assert_allclose(ours, expected, rtol=FLOAT32)


def by_timesteps(timesteps: np.ndarray) -> list[float]:
    """k-diffusion's way from timesteps to sigmas, with 0 after them."""
    wrapper = external.DiscreteSchedule(torch.tensor(MODEL.sigmas, dtype=torch.float64), quantize=False)
    return [*wrapper.t_to_sigma(torch.tensor(timesteps)).tolist(), 0.0]


@pytest.mark.parametrize("count", [1, 2, 7, 20, 150])
def test_normal_spaces_the_timesteps_of_the_range(count: int) -> None:
    options = ScheduleOptions(sigma_min=0.1, sigma_max=10.0)
    last, first = MODEL.sigma_to_t(10.0), MODEL.sigma_to_t(0.1)
    expected = by_timesteps(np.linspace(last, first, count))
    np.testing.assert_allclose(SCHEDULERS["normal"].sigmas(count, MODEL, options), expected, rtol=FLOAT32)


@pytest.mark.parametrize("count", [1, 2, 7, 20, 150])
def test_sgm_uniform_leaves_the_last_timestep_out(count: int) -> None:
    expected = by_timesteps(np.linspace(999, 0, count + 1)[:-1])
    np.testing.assert_allclose(SCHEDULERS["sgm_uniform"].sigmas(count, MODEL), expected, rtol=FLOAT32)


@pytest.mark.parametrize("count", [1, 2, 7, 20, 150])
def test_kl_optimal_is_its_papers_and_ends_at_the_lowest_level(count: int) -> None:
    share = np.arange(count + 1) / count
    expected = np.tan(share * np.arctan(MODEL.sigma_min) + (1 - share) * np.arctan(MODEL.sigma_max))
    np.testing.assert_allclose(SCHEDULERS["kl_optimal"].sigmas(count, MODEL), expected, rtol=1e-10)


ALIGNED = {
    "sd1": [14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0.029],
    "sdxl": [14.615, 6.315, 3.771, 2.181, 1.342, 0.862, 0.555, 0.380, 0.234, 0.113, 0.029],
}


@pytest.mark.parametrize(("family", "table"), [("sd1", "sd1"), ("sdxl", "sdxl"), ("flatland", "sd1"), ("", "sd1")])
@pytest.mark.parametrize("count", [2, 7, 11, 20, 150])
def test_align_your_steps_interpolates_its_familys_levels(family: str, table: str, count: int) -> None:
    levels = np.log(ALIGNED[table][::-1])
    expected = np.exp(np.interp(np.linspace(0, 1, count), np.linspace(0, 1, 11), levels))[::-1]
    ours = SCHEDULERS["align_your_steps"].sigmas(count, replace(MODEL, family=family))
    np.testing.assert_allclose(ours, [*expected, 0.0], rtol=1e-12)


def test_a_single_aligned_step_starts_at_the_highest_level() -> None:
    assert SCHEDULERS["align_your_steps"].sigmas(1, MODEL) == pytest.approx((14.615, 0.0))


def test_simple_takes_the_models_own_levels_from_the_top() -> None:
    expected = [MODEL.sigmas[index] for index in (999, 857, 714, 571, 428, 285, 142)]
    assert SCHEDULERS["simple"].sigmas(7, MODEL) == (*expected, 0.0)


@pytest.mark.parametrize(
    ("count", "timesteps"),
    [(1, [1]), (4, [751, 501, 251, 1]), (7, [995, 853, 711, 569, 427, 285, 143, 1]), (1000, list(range(999, 0, -1)))],
)
def test_ddim_takes_every_so_manieth_level_and_may_take_more(count: int, timesteps: list[int]) -> None:
    assert SCHEDULERS["ddim"].sigmas(count, MODEL) == (*(MODEL.sigmas[t] for t in timesteps), 0.0)


@pytest.mark.parametrize(("alpha", "beta"), [(0.6, 0.6), (1.0, 1.0), (2.5, 0.4), (50.0, 100.0)])
def test_beta_is_scipys_quantiles(alpha: float, beta: float) -> None:
    shares = scipy.stats.beta.ppf(1 - np.linspace(0, 1, 20), alpha, beta)
    expected = [*(MODEL.sigma_min + shares * (MODEL.sigma_max - MODEL.sigma_min)), 0.0]
    ours = SCHEDULERS["beta"].sigmas(20, MODEL, ScheduleOptions(beta_alpha=alpha, beta_beta=beta))
    np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", ["karras", "exponential", "beta"])
def test_schedules_that_diffusers_has_are_its_own(name: str) -> None:
    convert = getattr(euler_scheduler(), f"_convert_to_{name}")
    expected = convert(np.asarray(MODEL.sigmas[::-1]), 20)
    # float64 on both sides, or float32 there.
    np.testing.assert_allclose(SCHEDULERS[name].sigmas(20, MODEL)[:-1], expected, rtol=FLOAT32)


def test_the_old_karras_range_stands_for_the_models() -> None:
    options = ScheduleOptions(old_karras_range=True)
    expected = sampling.get_sigmas_karras(20, 0.1, 10.0)
    np.testing.assert_allclose(SCHEDULERS["karras"].sigmas(20, MODEL, options), expected, rtol=FLOAT32)
    narrowed = replace(options, sigma_max=5.0)
    assert SCHEDULERS["exponential"].sigmas(5, MODEL, narrowed)[:5:4] == pytest.approx((5.0, 0.1))


@pytest.mark.parametrize("name", ["simple", "ddim", "beta"])
def test_some_schedules_refuse_more_steps_than_the_model_has_levels(name: str) -> None:
    with pytest.raises(InvalidArgument, match="steps: 1001 is not allowed; allowed: 1 to 1000"):
        SCHEDULERS[name].sigmas(1001, MODEL)


def test_levels_that_fall_together_are_refused() -> None:
    with pytest.raises(InvalidArgument, match="scheduler: 'normal' is not allowed; allowed: a schedule of 3 different"):
        SCHEDULERS["normal"].sigmas(3, MODEL, ScheduleOptions(sigma_min=20, sigma_max=30))


TOPS = {"align_your_steps": 14.615}


@given(name=st.sampled_from(sorted(SCHEDULERS)), count=st.integers(1, 500))
def test_every_schedule_falls_from_the_models_top_to_its_end(name: str, count: int) -> None:
    sigmas = SCHEDULERS[name].sigmas(count, MODEL)
    assert len(sigmas) == count + 1 or (name == "ddim" and len(sigmas) > count)
    assert sigmas[0] == pytest.approx(TOPS.get(name, MODEL.sigma_max)) or name == "ddim"
    assert sigmas[-1] == pytest.approx(MODEL.sigma_min if name == "kl_optimal" else 0)
    assert all(before > after for before, after in pairwise(sigmas))


def test_no_steps_leave_only_the_end() -> None:
    assert [spec.sigmas(0, MODEL) for spec in SCHEDULERS.values()] == [(0.0,)] * len(SCHEDULERS)


def test_schedulers_are_listed_as_a1111_lists_them() -> None:
    listed = [(spec.name, spec.label, spec.default_rho, spec.need_inner_model) for spec in SCHEDULERS.values()]
    assert listed == [
        ("automatic", "Automatic", -1.0, False),
        ("uniform", "Uniform", -1.0, True),
        ("karras", "Karras", 7.0, False),
        ("exponential", "Exponential", -1.0, False),
        ("polyexponential", "Polyexponential", 1.0, False),
        ("sgm_uniform", "SGM Uniform", -1.0, True),
        ("kl_optimal", "KL Optimal", -1.0, False),
        ("align_your_steps", "Align Your Steps", -1.0, False),
        ("simple", "Simple", -1.0, True),
        ("normal", "Normal", -1.0, True),
        ("ddim", "DDIM", -1.0, True),
        ("beta", "Beta", -1.0, True),
    ]


def test_a_scheduler_is_found_by_name_and_by_label() -> None:
    assert find_scheduler("karras") is find_scheduler("Karras") is SCHEDULERS["karras"]
    assert find_scheduler("SGMUniform") is find_scheduler("SGM Uniform") is SCHEDULERS["sgm_uniform"]


def test_an_unknown_scheduler_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(
        InvalidArgument, match="scheduler: 'KARRAS' is not allowed; allowed: automatic, uniform, karras"
    ):
        find_scheduler("KARRAS")
