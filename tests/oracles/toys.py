"""Problems small enough to know, or to compute twice: denoisers for the samplers' tests."""

from __future__ import annotations

import math
from typing import Any

import torch

from inference_svc.sampling import Array, Prediction, denoiser

MEAN = 0.5
SPREAD = 0.8


def gaussian(x: Array, sigma: float) -> Prediction:
    """The exact denoiser of data that is normal with MEAN and SPREAD, each element by itself."""
    return Prediction((x * SPREAD**2 + MEAN * sigma**2) / (SPREAD**2 + sigma**2))


def gaussian_solution(x: Array, sigma: float, sigma_next: float) -> Array:
    """Where the probability flow of that data carries x from sigma to sigma_next. Source: Song et al. 2021, eq. 13."""
    return MEAN + (x - MEAN) * math.sqrt((SPREAD**2 + sigma_next**2) / (SPREAD**2 + sigma**2))


def wavy(x: torch.Tensor, sigma: float) -> Prediction:
    """A denoiser that is linear neither in x nor in sigma."""
    return Prediction(x / (1 + sigma**2) + 0.3 * torch.sin(x) * math.log1p(sigma))


def multiply_only(x: Array, sigma: Array) -> Array:
    """A batched epsilon model (B, C, H, W), (B,) -> (B, C, H, W) of arithmetic whose bits don't depend on the batch."""
    scaled = denoiser.scale_input(x, sigma)
    output = scaled * 0.7 + scaled / (scaled * scaled + 1)
    return denoiser.denoised("epsilon", x, sigma, output)


class RandomNet(torch.nn.Module):
    """A small convolutional denoiser with fixed random weights, float32, called as k-diffusion calls its models."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.first = torch.randn(8, 4, 3, 3, generator=generator) / 6
        self.second = torch.randn(4, 8, 3, 3, generator=generator) / 8

    def forward(self, x: torch.Tensor, sigma: torch.Tensor, **_: Any) -> torch.Tensor:
        column = sigma.reshape(-1, 1, 1, 1).to(x.dtype)
        hidden = torch.nn.functional.conv2d(x / (1 + column**2).sqrt(), self.first, padding=1)
        output = torch.nn.functional.conv2d(torch.tanh(hidden), self.second, padding=1)
        return (x + output * column) / (1 + column**2)

    def predict(self, x: torch.Tensor, sigma: float) -> Prediction:
        """The same, called as our samplers call."""
        return Prediction(self(x, torch.tensor([sigma], dtype=torch.float64)))
