from __future__ import annotations

import numpy as np
import pytest
import torch

from tools.flatland.upscaler import Upscaler, draw, enlarged, psnr, reduced


@pytest.mark.parametrize("scale", [2, 4])
def test_an_untrained_upscaler_enlarges_bicubically(scale: int) -> None:
    image = torch.rand(2, 3, 5, 7)
    with torch.no_grad():
        actual = Upscaler(scale)(image)
    assert actual.shape == (2, 3, 5 * scale, 7 * scale)
    assert torch.equal(actual, enlarged(image, scale).clamp(0, 1))


def test_a_flat_picture_stays_flat() -> None:
    image = torch.full((1, 3, 6, 4), 0.25)
    torch.testing.assert_close(enlarged(image, 2), torch.full((1, 3, 12, 8), 0.25))


def test_softness_takes_the_edge_off() -> None:
    image = (torch.arange(16) < 8).float().view(1, 1, 1, 16).expand(1, 3, 16, 16)
    sharp, soft = reduced(image, 2, 0.0), reduced(image, 2, 0.6)
    assert soft.diff(dim=3).abs().max() < sharp.diff(dim=3).abs().max()


def test_a_batch_is_the_same_picture_twice() -> None:
    pictures = np.random.default_rng(0).integers(0, 255, (3, 160, 160, 3), np.uint8)
    batch = draw(pictures, 4, np.random.default_rng(1))
    assert batch.large.shape[2] == 4 * batch.small.shape[2]
    assert psnr(reduced(batch.large, 4, 0.0), batch.small) > 30


def test_an_upscaler_learns_on_a_few_steps() -> None:
    torch.manual_seed(0)
    model, lot = Upscaler(2), np.random.default_rng(0)
    pictures = np.zeros((2, 80, 80, 3), np.uint8)
    for i in range(80):
        pictures[:, i, : i + 1] = 255
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    losses = []
    for _ in range(12):
        batch = draw(pictures, 2, lot)
        loss = (model(batch.small) - batch.large).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert min(losses[-3:]) < 0.8 * losses[0]
