"""The noise schedule that a scheduler's configuration describes."""

from __future__ import annotations

import numpy as np
import pytest

from inference_svc.models.betas import alphas_cumprod
from inference_svc.sampling import ModelSigmas
from latentwire.errors import FailedPrecondition


def test_stable_diffusion_has_its_noise_levels() -> None:
    config = {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012}
    sigmas = ModelSigmas.from_alphas_cumprod(alphas_cumprod(config))
    assert sigmas == ModelSigmas.scaled_linear()
    assert (round(sigmas.sigma_min, 4), round(sigmas.sigma_max, 4)) == (0.0292, 14.6146)


def test_what_is_left_out_has_the_usual_defaults() -> None:
    bars = alphas_cumprod({})
    np.testing.assert_allclose([len(bars), bars[0], bars[1]], [1000, 0.9999, 0.9999 * (1 - 0.0001 - 0.0199 / 999)])


def test_the_cosine_schedule_follows_its_paper() -> None:
    bars = alphas_cumprod({"beta_schedule": "squaredcos_cap_v2", "num_train_timesteps": 100})
    halfway = np.cos((0.5 + 0.008) / 1.008 * np.pi / 2) ** 2 / np.cos(0.008 / 1.008 * np.pi / 2) ** 2
    np.testing.assert_allclose(bars[49], halfway)
    assert all(np.diff(bars) < 0)


def test_betas_that_are_written_out_are_taken() -> None:
    np.testing.assert_allclose(alphas_cumprod({"trained_betas": [0.5, 0.5]}), [0.5, 0.25])


@pytest.mark.parametrize(
    ("config", "named"), [({"beta_schedule": "wavy"}, "wavy"), ({"rescale_betas_zero_snr": True}, "zero terminal SNR")]
)
def test_an_unknown_schedule_is_refused(config: dict[str, object], named: str) -> None:
    with pytest.raises(FailedPrecondition, match=named):
        alphas_cumprod(config)
