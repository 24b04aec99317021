"""torchsde's Brownian tree as A1111 uses it: its normal noise drawn from one of our sources."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from torchsde._brownian import brownian_interval

from inference_svc.sampling import NOISE_SOURCES, NoiseSpec
from tests.oracles.k_diffusion import sampling


def noise_sampler(
    monkeypatch: pytest.MonkeyPatch, spec: NoiseSpec, x: torch.Tensor
) -> Callable[[Any, Any], torch.Tensor]:
    """Returns k-diffusion's noise of (sigma, sigma_next) for x (1, C, H, W)."""

    def normal(size: Sequence[int], dtype: torch.dtype, device: Any, seed: int) -> torch.Tensor:
        return torch.tensor(NOISE_SOURCES[spec.source](int(seed), 0, tuple(size)), dtype=dtype, device=device)

    monkeypatch.setattr(brownian_interval, "_randn", normal)
    low, high = (torch.tensor(level, dtype=torch.float64) for level in (spec.sigma_min, spec.sigma_max))
    tree = sampling.BrownianTreeNoiseSampler(x, low, high, seed=[spec.seed])

    def between(sigma: torch.Tensor | float, sigma_next: torch.Tensor | float) -> torch.Tensor:
        with warnings.catch_warnings():
            # It rounds its ends to six places, and warns of a level that lies between these and the exact ones.
            warnings.filterwarnings("ignore", message="Should have t")
            noise: torch.Tensor = tree(*(torch.as_tensor(level, dtype=torch.float64) for level in (sigma, sigma_next)))
        return noise.to(x.dtype)

    return between
