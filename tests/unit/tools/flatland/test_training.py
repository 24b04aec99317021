from __future__ import annotations

import pytest
import torch

from tools.flatland.hogwild import Plan
from tools.flatland.optim import HybridOptimizer, is_matrix, orthogonalise


@pytest.mark.parametrize("shape", [(32, 288), (96, 32), (16, 16), (128, 1152)])
def test_an_orthogonalised_matrix_keeps_its_directions_at_about_equal_strength(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    matrix = torch.randn(shape)
    left, _, right = torch.linalg.svd(matrix, full_matrices=False)
    strengths = (left.T @ orthogonalise(matrix) @ right.T).diagonal()
    assert strengths.min() > 0.25
    assert strengths.max() < 1.3


def test_nothing_comes_of_a_zero_gradient() -> None:
    assert orthogonalise(torch.zeros(4, 9)).abs().max() == 0


def test_the_optimiser_goes_downhill() -> None:
    torch.manual_seed(0)
    target = [torch.randn(8, 12), torch.randn(12)]
    weights = [torch.zeros(8, 12), torch.zeros(12)]
    optimizer = HybridOptimizer(["inner.weight", "inner.bias"], weights)
    for step in range(300):
        optimizer.step([w - t for w, t in zip(weights, target, strict=True)], 0.1 * (1 - step / 300))
    assert max(float((w - t).abs().max()) for w, t in zip(weights, target, strict=True)) < 0.2


def test_embeddings_and_ends_are_left_to_adam() -> None:
    weight = torch.zeros(4, 4)
    assert is_matrix("unet.mid_block.attentions.0.proj_in.weight", weight)
    assert not is_matrix("unet.conv_in.weight", weight)
    assert not is_matrix("text.embeddings.token_embedding.weight", weight)
    assert not is_matrix("unet.mid_block.norm.weight", torch.zeros(4))


def test_the_learning_rate_rises_holds_and_falls() -> None:
    plan = Plan(minutes=10, learning_rate=1.0, warmup=0.1, hold=0.5)
    assert plan.rate_at(0.0) < 0.05
    assert plan.rate_at(0.3) == 1.0
    assert 0.4 < plan.rate_at(0.75) < 0.6
    assert plan.rate_at(1.0) == pytest.approx(0.01)
