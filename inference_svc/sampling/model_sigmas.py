"""The noise levels a model was trained on, and the way between them and its timesteps."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from latentwire.errors import InvalidArgument


@dataclass(frozen=True)
class ModelSigmas:
    """Noise level of every timestep, rising: sigma = sqrt((1 - a) / a) with a the cumulative product of the alphas.

    `family`, such as "sd1", chooses what was found out for one kind of model alone.
    """

    sigmas: tuple[float, ...]
    family: str = ""

    @classmethod
    def scaled_linear(
        cls, beta_start: float = 0.00085, beta_end: float = 0.012, timestep_count: int = 1000
    ) -> ModelSigmas:
        """Returns the table of Stable Diffusion's betas, linear in their square root; the defaults are SD1's."""
        betas = np.linspace(beta_start**0.5, beta_end**0.5, timestep_count, dtype=np.float64) ** 2
        return cls.from_alphas_cumprod(np.cumprod(1.0 - betas).tolist())

    @classmethod
    def from_alphas_cumprod(cls, alphas_cumprod: Sequence[float], family: str = "") -> ModelSigmas:
        """Returns the table of a model's alphas_cumprod: falling, strictly between 0 and 1, at least two.

        They are first rounded to float32, as checkpoints store them: at the clean end that decides sigma's fifth digit.
        Raises InvalidArgument.
        """
        alphas = np.asarray(alphas_cumprod, dtype=np.float32).astype(np.float64)
        if alphas.ndim != 1 or len(alphas) < 2 or not _falls_within_unit(alphas.tolist()):
            raise InvalidArgument.of("alphas_cumprod", alphas.shape, "two or more, falling, between 0 and 1")
        return cls(tuple(np.sqrt((1.0 - alphas) / alphas).tolist()), family)

    @property
    def sigma_min(self) -> float:
        """The lowest noise level, that of timestep 0."""
        return self.sigmas[0]

    @property
    def sigma_max(self) -> float:
        """The highest noise level, that of the last timestep."""
        return self.sigmas[-1]

    def sigma_to_t(self, sigma: float) -> float:
        """Returns the timestep, in general between two whole ones, of a noise level; clamped to the table.

        Linear in log sigma, as k-diffusion does it.
        """
        if sigma <= self.sigma_min:
            return 0.0
        log_sigma = math.log(sigma)
        low = min(bisect_right(self._logs, log_sigma), len(self._logs) - 1) - 1
        share = (log_sigma - self._logs[low]) / (self._logs[low + 1] - self._logs[low])
        return low + min(share, 1.0)

    def t_to_sigma(self, t: float) -> float:
        """Returns the noise level of a timestep, whole or between two; clamped to the table. Inverse of sigma_to_t."""
        t = min(max(t, 0.0), len(self._logs) - 1)
        low, high = math.floor(t), math.ceil(t)
        return math.exp(self._logs[low] + (t - low) * (self._logs[high] - self._logs[low]))

    @cached_property
    def _logs(self) -> list[float]:
        return [math.log(sigma) for sigma in self.sigmas]


def _falls_within_unit(values: list[float]) -> bool:
    bounded = [1.0, *values, 0.0]
    return all(after < before for before, after in pairwise(bounded))
