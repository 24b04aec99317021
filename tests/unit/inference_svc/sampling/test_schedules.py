"""Schedules against k-diffusion, and what holds for all of them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from inference_svc.sampling import SCHEDULERS, ModelSigmas, ScheduleOptions, find_scheduler
from latentwire.errors import InvalidArgument
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


@given(name=st.sampled_from(sorted(SCHEDULERS)), count=st.integers(1, 500))
def test_every_schedule_falls_from_the_models_top_to_zero(name: str, count: int) -> None:
    sigmas = SCHEDULERS[name].sigmas(count, MODEL)
    assert len(sigmas) == count + 1
    assert sigmas[0] == pytest.approx(MODEL.sigma_max)
    assert sigmas[-1] == 0
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
    ]


def test_a_scheduler_is_found_by_name_and_by_label() -> None:
    assert find_scheduler("karras") is find_scheduler("Karras") is SCHEDULERS["karras"]


def test_an_unknown_scheduler_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(
        InvalidArgument, match="scheduler: 'KARRAS' is not allowed; allowed: automatic, uniform, karras"
    ):
        find_scheduler("KARRAS")
