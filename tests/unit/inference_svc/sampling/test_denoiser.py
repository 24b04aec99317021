"""Preconditioning against k-diffusion's model wrappers, and row by row."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from inference_svc.sampling import Array, ModelSigmas, denoiser
from inference_svc.sampling.noise import randn
from latentwire.errors import InvalidArgument
from tests.oracles.k_diffusion import external

MODEL = ModelSigmas.scaled_linear()
SIGMAS = [14.6, 3.3, 0.7, 0.05]
X = randn(1, 0, (4, 4, 3, 5)) * np.float32(3)
OUTPUT = randn(2, 0, (4, 4, 3, 5))


class Recorder(torch.nn.Module):
    """A model of fixed output that keeps what it was called with."""

    def forward(self, x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        self.x, self.t = x, t
        return torch.tensor(OUTPUT)

    apply_model = forward


def wrapped(prediction_type: str) -> tuple[Recorder, torch.Tensor]:
    wrapper = {"epsilon": external.DiscreteEpsDDPMDenoiser, "v_prediction": external.DiscreteVDDPMDenoiser}
    alphas = torch.tensor([1 / (1 + sigma**2) for sigma in MODEL.sigmas], dtype=torch.float64)
    model = Recorder()
    return model, wrapper[prediction_type](model, alphas, quantize=False)(torch.tensor(X), torch.tensor(SIGMAS))


@pytest.mark.parametrize("prediction_type", ["epsilon", "v_prediction"])
def test_input_time_and_denoised_are_k_diffusions(prediction_type: str) -> None:
    model, expected = wrapped(prediction_type)
    # k-diffusion's factors are float32: two roundings. Its time is that of a float32 sigma.
    np.testing.assert_allclose(denoiser.scale_input(X, SIGMAS), model.x, rtol=1e-6)
    np.testing.assert_allclose(denoiser.timestep(SIGMAS, MODEL), model.t, rtol=0, atol=1e-2)
    np.testing.assert_allclose(denoiser.denoised(prediction_type, X, SIGMAS, OUTPUT), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("prediction_type", ["epsilon", "v_prediction"])
@pytest.mark.parametrize("library", [np.asarray, torch.asarray])
def test_a_row_has_the_same_bits_in_any_batch(prediction_type: str, library: type) -> None:
    x, output = library(X), library(OUTPUT)
    batch = denoiser.denoised(prediction_type, x, np.asarray(SIGMAS), output)
    scaled = denoiser.scale_input(x, SIGMAS)
    times = denoiser.timestep(SIGMAS, MODEL)
    for row, sigma in enumerate(SIGMAS):
        part = slice(row, row + 1)
        assert (denoiser.denoised(prediction_type, x[part], sigma, output[part]) == batch[part]).all()
        assert (denoiser.scale_input(x[part], [sigma]) == scaled[part]).all()
        assert denoiser.timestep(sigma, MODEL).tolist() == times[part].tolist()


def test_one_sigma_serves_all_rows() -> None:
    assert np.array_equal(denoiser.scale_input(X, 2.0), denoiser.scale_input(X, [2.0] * 4))


@pytest.mark.parametrize("output", [OUTPUT.astype(np.float16), torch.tensor(OUTPUT, dtype=torch.float16)])
def test_a_half_precision_output_gives_denoised_in_xs_type(output: Array) -> None:
    x = X if isinstance(output, np.ndarray) else torch.tensor(X)
    assert denoiser.denoised("epsilon", x, SIGMAS, output).dtype == x.dtype


def test_times_are_float32() -> None:
    assert denoiser.timestep(MODEL.sigmas[:3], MODEL).dtype == np.float32
    assert denoiser.timestep(MODEL.sigmas, MODEL).tolist() == list(range(1000))


def test_an_unknown_prediction_type_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="prediction_type: 'x0' is not allowed; allowed: epsilon, v_prediction"):
        denoiser.denoised("x0", X, SIGMAS, OUTPUT)
