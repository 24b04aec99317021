"""Between a sampler's x and a model's input and output: k-diffusion's preconditioning, for rows of different sigmas.

Every row is computed by itself: its bits don't depend on the batch it is in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeAlias

import array_api_compat
import numpy as np

from inference_svc.sampling.arrays import Array, like
from inference_svc.sampling.model_sigmas import ModelSigmas
from latentwire.errors import InvalidArgument

Sigma: TypeAlias = float | Sequence[float] | Array
"""One noise level for all rows, or one for each: (B,), on the host."""

_Float64: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]

PREDICTION_TYPES: Mapping[str, Callable[[_Float64], tuple[_Float64, _Float64]]] = MappingProxyType(
    {
        "epsilon": lambda sigma: (np.ones_like(sigma), -sigma),
        "v_prediction": lambda sigma: (1 / (sigma**2 + 1), -sigma / np.sqrt(sigma**2 + 1)),
    }
)
"""What a model predicts, with the factors of x and of its output that make denoised of a sigma."""


def scale_input(x: Array, sigma: Sigma) -> Array:
    """Returns the model's input for x (B, C, H, W): x / sqrt(sigma**2 + 1), in x's type."""
    return x * _column(1 / np.sqrt(_levels(sigma) ** 2 + 1), x)


def timestep(sigma: Sigma, model: ModelSigmas) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Returns the model's times (B,) of the noise levels, float32, in general between two whole ones."""
    return np.asarray([model.sigma_to_t(level) for level in _levels(sigma).tolist()], dtype=np.float32)


def denoised(prediction_type: str, x: Array, sigma: Sigma, output: Array) -> Array:
    """Returns the clean latents that the model's output for x means, both (B, C, H, W), in x's type.

    `prediction_type`: "epsilon" (Ho et al. 2020) or "v_prediction" (Salimans and Ho 2022); another raises
    InvalidArgument.
    """
    if prediction_type not in PREDICTION_TYPES:
        raise InvalidArgument.of("prediction_type", prediction_type, ", ".join(PREDICTION_TYPES))
    skip, out = PREDICTION_TYPES[prediction_type](_levels(sigma))
    output = array_api_compat.array_namespace(output).astype(output, x.dtype)
    return x * _column(skip, x) + output * _column(out, x)


def _levels(sigma: Sigma) -> _Float64:
    return np.asarray(sigma, dtype=np.float64).reshape(-1)


def _column(factors: _Float64, x: Array) -> Array:
    """Returns (B,) or (1,) factors shaped to act on the rows of x."""
    return like(factors.reshape(-1, *[1] * (x.ndim - 1)), x)
