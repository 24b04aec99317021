"""The noise schedule that a model was trained with, from its scheduler's configuration."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np

from inference_svc.models.folder import Config, unusable

_Float64: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]


def _linear(first: float, last: float, count: int) -> _Float64:
    return np.linspace(first, last, count, dtype=np.float64)


def _scaled_linear(first: float, last: float, count: int) -> _Float64:
    return np.linspace(first**0.5, last**0.5, count, dtype=np.float64) ** 2


def _squared_cosine(_: float, __: float, count: int) -> _Float64:
    """Nichol and Dhariwal 2021, equation 17, betas at most 0.999."""
    bars = [math.cos((step / count + 0.008) / 1.008 * math.pi / 2) ** 2 for step in range(count + 1)]
    return np.array([min(1 - after / before, 0.999) for before, after in pairwise(bars)])


_BETAS: Mapping[str, Callable[[float, float, int], _Float64]] = MappingProxyType(
    {"linear": _linear, "scaled_linear": _scaled_linear, "squaredcos_cap_v2": _squared_cosine}
)


def alphas_cumprod(scheduler: Config) -> tuple[float, ...]:
    """Returns the cumulative product of 1 - beta for every timestep, falling, of a diffusers scheduler config.

    What the config leaves out has diffusers' defaults. Raises FailedPrecondition for a schedule that isn't known.
    """
    if scheduler.get("rescale_betas_zero_snr"):
        raise unusable("the model's noise schedule has zero terminal SNR (rescale_betas_zero_snr): not supported")
    return tuple(np.cumprod(1.0 - _betas(scheduler)).tolist())


def _betas(scheduler: Config) -> _Float64:
    if scheduler.get("trained_betas"):
        return np.asarray(scheduler["trained_betas"], dtype=np.float64)
    name = scheduler.get("beta_schedule", "linear")
    if name not in _BETAS:
        raise unusable(f"the model's beta_schedule is {name!r}; known: {', '.join(_BETAS)}")
    first, last = scheduler.get("beta_start", 0.0001), scheduler.get("beta_end", 0.02)
    return _BETAS[name](float(first), float(last), int(scheduler.get("num_train_timesteps", 1000)))
