from __future__ import annotations

import torch

from tools.flatland.accelerated import Course, crops_of, descend


def test_a_crop_is_a_part_of_its_picture() -> None:
    torch.manual_seed(0)
    side = 80
    pictures = torch.zeros(3, side, side, 3, dtype=torch.uint8)
    pictures[..., 0] = torch.arange(side, dtype=torch.uint8)[None, :, None]
    pictures[..., 1] = torch.arange(side, dtype=torch.uint8)[None, None, :]
    pictures[..., 2] = 100 * torch.arange(3, dtype=torch.uint8)[:, None, None]
    crops = ((crops_of(pictures, 9) + 1) * 127.5).round()
    assert crops.shape == (9, 3, 64, 64)
    assert bool((crops[:, 0].diff(dim=1) == 1).all())
    assert bool((crops[:, 1].diff(dim=2) == 1).all())
    assert {tuple(crop.unique().tolist()) for crop in crops[:, 2]} <= {(0.0,), (100.0,), (200.0,)}


def test_descending_lowers_the_loss_and_averages_on_the_way() -> None:
    torch.manual_seed(0)
    target, weight = torch.randn(6, 8), torch.zeros(6, 8, requires_grad=True)
    losses: list[float] = []

    def loss_of_batch() -> torch.Tensor:
        loss = (weight - target).square().mean()
        losses.append(loss.item())
        return loss

    averages = descend({"inner": weight}, Course(minutes=0.01, learning_rate=0.05), loss_of_batch)
    assert losses[-1] < 0.2 * losses[0]
    assert averages["inner"].shape == target.shape
    assert not torch.equal(averages["inner"], weight.detach())
