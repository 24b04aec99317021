"""Latent upscalers, against torch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from inference_svc.pipelines.latent_scaling import LATENT_MODES, rescaled

_TORCH: dict[str, dict[str, Any]] = {
    "Latent": {"mode": "bilinear"},
    "Latent (antialiased)": {"mode": "bilinear", "antialias": True},
    "Latent (bicubic)": {"mode": "bicubic"},
    "Latent (bicubic antialiased)": {"mode": "bicubic", "antialias": True},
    "Latent (nearest)": {"mode": "nearest"},
    "Latent (nearest-exact)": {"mode": "nearest-exact"},
}
_SIZES = [
    ((8, 8), (16, 16)),
    ((8, 12), (13, 18)),
    ((9, 7), (9, 7)),
    ((16, 12), (5, 9)),
    ((1, 3), (4, 2)),
    ((10, 3), (15, 3)),
]


def test_the_modes_are_a1111_s_in_its_order() -> None:
    assert list(LATENT_MODES) == list(_TORCH)


@pytest.mark.parametrize(("old", "new"), _SIZES)
@pytest.mark.parametrize("name", list(_TORCH))
def test_latents_are_resized_as_torch_resizes_them(name: str, old: tuple[int, int], new: tuple[int, int]) -> None:
    latents = np.random.default_rng(1).standard_normal((1, 4, *old)).astype(np.float32)
    expected = torch.nn.functional.interpolate(torch.from_numpy(latents), size=new, **_TORCH[name]).numpy()
    assert np.allclose(rescaled(latents, *new, LATENT_MODES[name]), expected, atol=2e-6)


@pytest.mark.parametrize("name", ["Latent (nearest)", "Latent (nearest-exact)"])
def test_the_nearest_cells_are_torch_s_at_every_size(name: str) -> None:
    latents = np.arange(24, dtype=np.float32).reshape(1, 1, 1, 24)
    for width in range(1, 60):
        expected = torch.nn.functional.interpolate(torch.from_numpy(latents), size=(1, width), **_TORCH[name])
        assert np.array_equal(rescaled(latents, 1, width, LATENT_MODES[name]), expected.numpy())


def test_latents_keep_their_type() -> None:
    assert rescaled(np.zeros((1, 4, 8, 8), np.float32), 9, 9, LATENT_MODES["Latent"]).dtype == np.float32
