"""The model's table against diffusers and k-diffusion."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from inference_svc.sampling import ModelSigmas
from latentwire.errors import InvalidArgument
from tests.oracles.diffusers import ddim_scheduler
from tests.oracles.k_diffusion import external

MODEL = ModelSigmas.scaled_linear()
ORACLE = external.DiscreteSchedule(torch.tensor(MODEL.sigmas, dtype=torch.float64), quantize=False)


def test_stable_diffusions_range_is_the_known_one() -> None:
    assert (round(MODEL.sigma_min, 4), round(MODEL.sigma_max, 4), len(MODEL.sigmas)) == (0.0292, 14.6146, 1000)


def test_the_table_is_that_of_diffusers_betas() -> None:
    alphas = ddim_scheduler().alphas_cumprod.double()
    # diffusers multiplies a thousand float32 numbers: 2e-7 of alpha, which at the clean end is 1e-4 of 1 - alpha.
    np.testing.assert_allclose(MODEL.sigmas, ((1 - alphas) / alphas).sqrt(), rtol=1e-4)


def test_a_checkpoints_own_alphas_are_taken_to_the_last_bit() -> None:
    alphas = ddim_scheduler().alphas_cumprod
    expected = ((1 - alphas.double()) / alphas.double()).sqrt()
    # float64 on both sides.
    np.testing.assert_allclose(ModelSigmas.from_alphas_cumprod(alphas.tolist()).sigmas, expected, rtol=1e-15)


def test_alphas_count_as_checkpoints_store_them_in_float32() -> None:
    alphas = [0.99915, 0.9983]
    stored = np.asarray(alphas, dtype=np.float32).tolist()
    assert ModelSigmas.from_alphas_cumprod(alphas) == ModelSigmas.from_alphas_cumprod(stored)


@given(sigma=st.floats(0.0292, 14.6146))
def test_timesteps_interpolate_in_log_sigma_as_k_diffusion_does(sigma: float) -> None:
    expected = ORACLE.sigma_to_t(torch.tensor([sigma], dtype=torch.float64)).item()
    # float64 on both sides; a step of the table is 5e-3 in log sigma, so 1e-16 there is 1e-11 here.
    assert MODEL.sigma_to_t(sigma) == pytest.approx(expected, abs=1e-10)


@given(t=st.floats(0, 999, width=32))
def test_sigmas_interpolate_between_timesteps_as_k_diffusion_does(t: float) -> None:
    expected = ORACLE.t_to_sigma(torch.tensor(t)).item()
    # k-diffusion holds the share of the step in float32: 6e-8 of steps of up to 0.35 in log sigma, twice.
    assert MODEL.t_to_sigma(t) == pytest.approx(expected, rel=1e-6)


@given(t=st.floats(0, 999))
def test_the_way_there_and_back_is_the_identity(t: float) -> None:
    assert MODEL.sigma_to_t(MODEL.t_to_sigma(t)) == pytest.approx(t, abs=1e-9)


def test_levels_beyond_the_table_are_clamped_to_it() -> None:
    assert [MODEL.sigma_to_t(sigma) for sigma in (-1.0, 0.0, 1e-3, 20.0, 1e9)] == [0.0, 0.0, 0.0, 999.0, 999.0]
    assert [MODEL.t_to_sigma(t) for t in (-5.0, 2000.0)] == pytest.approx([MODEL.sigma_min, MODEL.sigma_max])


@pytest.mark.parametrize("alphas", [[], [0.5], [0.5, 0.6], [1.0, 0.5], [0.5, 0.0], [0.5, float("nan")], [[0.5, 0.4]]])
def test_alphas_that_do_not_fall_between_one_and_zero_are_refused(alphas: list[float]) -> None:
    with pytest.raises(InvalidArgument, match="alphas_cumprod"):
        ModelSigmas.from_alphas_cumprod(alphas)
